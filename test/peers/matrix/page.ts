import {
  CERTIFIED_PEERS,
  type CertifiedPeer,
  INITIATORS,
  type Initiator,
  KINDS,
  type LackingResult,
  type MatrixResult,
  METHOD_NAMES,
  METHODS,
  PARTNER_TYPES,
  PEERS,
  PEERS_OF,
  type Peer,
  type Run,
  SERVERS_METHODS,
  type ServersMethod,
} from "./cells";
import type { RecordedRun } from "./recorded-runs";

const TITLES: Readonly<Record<Peer, string>> = { prosody: "Prosody", ejabberd: "ejabberd", jabberd2: "jabberd2" };
const WAYS: Readonly<Record<Initiator, string>> = { theirs: "in", ours: "out" };
const RUN_TITLES: Readonly<Record<Run, string>> = {
  bookworm: "Debian 12",
  trixie: "Debian 13",
  "bookworm-jabberd2": "Debian 12",
};

/** docs/interoperability.md. */
export function interoperabilityPage(runs: readonly RecordedRun[]): string {
  return [
    "# Interoperability",
    "",
    "Made from runs of `test/peers/matrix`, which fails where this page is stale: a company's own XMPP server behind the gateway",
    "(`internal.kind: xmpp`), and real servers outside that play a partner of every type by every method, each under a domain",
    "of its own. `in`: their server opens the stream and their user sends; `out`: the gateway opens it and our user sends.",
    "",
    `| servers of | ${PEERS.map((peer) => TITLES[peer]).join(" | ")} | run |`,
    `|---|${"---|".repeat(PEERS.length)}---|`,
    ...runs.map(
      ({ ran, result }) =>
        `| ${RUN_TITLES[result.release]} | ${PEERS.map((peer) => upstream(result.versions[peer])).join(" | ")} | ${ran} |`,
    ),
    "",
    "To run it, with the servers of the machine's own release and with others, which are fetched once:",
    "",
    "```",
    "npm test -- test/peers/matrix",
    "XMPP_EDGE_PEER_RELEASE=trixie npm test -- test/peers/matrix",
    "XMPP_EDGE_PEER_SET=jabberd2 npm test -- test/peers/matrix   # as root: it asks name servers at port 53 alone",
    "npm run docs:interoperability   # keeps the run's result and writes this page; with the same variables",
    "```",
    "",
    ...PEERS.flatMap((peer) => peerSection(peer, runs)),
    "## Meaning",
    "",
    "- *refused, then passes*: users of a PublicUnverified partner get an unknown user's answer until our user has them as a",
    "  contact.",
    "- *refused unseen*: the same, but the server keeps from its user that a request for presence was refused.",
    "- *without its note*: status notes go to Federated partners only.",
    "- *receipt*: XEP-0184, the request one way and the receipt the other. *error*: a message to nobody comes back under its id.",
    "",
    "## What a peer cannot do",
    "",
    "| peer | our certificate | sasl-over-tls (row 2) toward it | tls-dialback (row 13) toward it |",
    "|---|---|---|---|",
    ...CERTIFIED_PEERS.flatMap((peer) =>
      runsOf(peer, runs).flatMap(({ result }) => [
        `| ${nameOf(peer, result)} | for servers only, as public authorities issue them now | ${SERVERS_METHODS.map((method) => verdict(result.serverAuthOnly?.[peer][method] ?? "not tried")).join(" | ")} |`,
        `| ${nameOf(peer, result)} | for servers and clients | ${SERVERS_METHODS.map((method) => verdict(withBoth(peer, method, result))).join(" | ")} |`,
      ]),
    ),
    "",
    ...runs.flatMap(({ result }) => (result.lacking ?? []).flatMap((one) => lackingText(one, result))),
    "Where a peer cannot, give the partner a row that has TLS dialback, or take a certificate with clientAuth from a CA that the",
    "partner trusts.",
    "",
    ...SECOND_STREAM,
  ].join("\n");
}

/** Read in mod_dialback.lua and mod_s2s.lua of 0.12.3; test/peers/bidi.test.ts holds the streams against it. */
const SECOND_STREAM = [
  "## Prosody's second stream by dialback",
  "",
  "With XEP-0288 on both sides one stream is enough, but not where we open it and prove ourselves by dialback:",
  "",
  "1. Prosody has to ask us about our key, and not on the stream that brought it (XEP-0288 section 2.2).",
  "2. It sends `db:verify` as it sends any stanza: over its own stream to us, of which there is none yet, so it opens one.",
  "   That one is a whole stream: it authenticates itself too, and is kept for stanzas.",
  "3. When our key turns out good, Prosody would send on our stream, but does so only where it has none of its own to us.",
  "   Now it has one: its stanzas go over that, ours over ours.",
  "",
  "So there are two, as without XEP-0288, and nothing is lost by it; no answer of ours would change it, for the second",
  "stands before the first is authenticated. By certificate (sasl-over-tls) nobody asks back, and where Prosody opens, we ask",
  "over a stream that closes with the answer: one stream in both cases.",
  "",
];

/** A table for each release whose servers did otherwise than those of the releases before. */
function peerSection(peer: Peer, runs: readonly RecordedRun[]): string[] {
  const tables: { readonly versions: string[]; readonly rows: readonly string[] }[] = [];
  for (const { result } of runsOf(peer, runs)) {
    const rows = tableRows(peer, result);
    const same = tables.find((table) => table.rows.join("\n") === rows.join("\n"));
    const version = upstream(result.versions[peer]);
    if (same === undefined) tables.push({ versions: [version], rows });
    else same.versions.push(version);
  }
  return tables.flatMap(({ versions, rows }) => [
    `## ${TITLES[peer]} ${versions.join(" and ")}`,
    "",
    `| method | partner type | | ${KINDS.join(" | ")} |`,
    `|---|---|---|${"---|".repeat(KINDS.length)}`,
    ...rows,
    "",
  ]);
}

function tableRows(peer: Peer, { partners }: MatrixResult): string[] {
  return METHOD_NAMES.flatMap((method) =>
    PARTNER_TYPES.flatMap((partnerType) => {
      const found = partners.find(
        (one) => one.peer === peer && one.method === method && one.partnerType === partnerType,
      );
      if (found === undefined) return [];
      return INITIATORS.map(
        (initiator) =>
          `| ${method} (row ${METHODS[method].row}) | ${partnerType} | ${WAYS[initiator]} | ${KINDS.map((kind) => found.cells[initiator][kind]).join(" | ")} |`,
      );
    }),
  );
}

const runsOf = (peer: Peer, runs: readonly RecordedRun[]) =>
  runs.filter(({ result }) => PEERS_OF[result.release].includes(peer));

const nameOf = (peer: Peer, { versions }: MatrixResult) => `${TITLES[peer]} ${upstream(versions[peer])}`;

/** Debian's part of a version may change under the table without changing it. */
const upstream = (version = "") => version.replace(/^\d+:/, "").replace(/-[^-]*$/, "");

/** The streams that we opened in the matrix itself, all with a certificate for both. */
function withBoth(peer: CertifiedPeer, method: ServersMethod, { partners }: MatrixResult): string {
  const found = partners.filter((one) => one.peer === peer && one.method === method);
  return found.length > 0 && found.every(({ streams }) => streams.includes(`out ${method}`)) ? "accepted" : "not used";
}

/** The gateway's words name the partner's domain before, and the peer's answer behind the colon. */
function verdict(outcome: string): string {
  const refused = /^refused: .*(authentication-refused: .*)$/.exec(outcome)?.[1];
  return refused === undefined ? outcome : `peer cannot (${refused})`;
}

/** What both senders are told where a peer has none of a row's methods. */
function lackingText({ peer, method, told }: LackingResult, result: MatrixResult): string[] {
  return [
    `${nameOf(peer, result)} has no ${method}: under row ${METHODS[method].row} nothing passes. Our user is told`,
    `\`${told.ours}\`,`,
    `theirs \`${told.theirs}\`. It sends all its domains over one stream to a domain of ours: give them rows that agree on TLS.`,
    "",
  ];
}
