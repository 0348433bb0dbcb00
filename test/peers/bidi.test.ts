/** One stream a partner where both sides have XEP-0288, whoever opens it: everything travels both ways over it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Method } from "../../src/definition";
import { expectedCells, METHOD_NAMES, METHODS, type Peer } from "./matrix/cells";
import { tellStory } from "./matrix/story";
import { Company } from "./rig/company";
import type { Ejabberd } from "./rig/ejabberd";
import { alice, ourDomain } from "./rig/federation";
import { peerRoot } from "./rig/peer-root";
import { authenticatedStreams } from "./rig/prosody-log";
import { PeerRig } from "./rig/rig";
import { serverRecords } from "./rig/unbound";
import type { XmppClient } from "./rig/xmpp-client";

/**
 * ejabberd has a module for it from 24.10 on. That of 24.12 announces it, and looks for it, in the namespace of the
 * request, `urn:xmpp:bidi`: so nobody asks for it, and each side opens a stream of its own.
 */
const PEERS: readonly Peer[] = peerRoot().release === "bookworm" ? ["prosody"] : ["prosody", "ejabberd"];
const INITIATORS = ["theirs", "ours"] as const;

interface Meeting {
  readonly peer: Peer;
  readonly method: Method;
  readonly initiator: (typeof INITIATORS)[number];
  readonly domain: string;
}
const MEETINGS: readonly Meeting[] = PEERS.flatMap((peer) =>
  METHOD_NAMES.flatMap((method) =>
    INITIATORS.map((initiator) => ({ peer, method, initiator, domain: `${method}.${initiator}.${peer}.example` })),
  ),
);
const domainsOf = (peer: Peer) => MEETINGS.filter((one) => one.peer === peer).map(({ domain }) => domain);

let outside: PeerRig;
let company: Company;
let ejabberd: Ejabberd | undefined;
let ours: XmppClient;

beforeAll(async () => {
  outside = await PeerRig.open();
  const place = await outside.place("ejabberd.example");
  const [domain = "", ...additionalDomains] = domainsOf("prosody");
  company = await Company.open({ partners: MEETINGS.map(rowOf), accounts: ["alice"] }, [
    {
      domain,
      additionalDomains,
      mode: "any",
      modules: ["s2s_bidi", "smacks"],
      records: (server) => [
        ...serverRecords(server),
        ...(server.domain === domain ? domainsOf("ejabberd") : []).flatMap((one) =>
          serverRecords({ ...place, domain: one }),
        ),
      ],
    },
  ]);
  const { rig, resolver, definition, gateway } = company.federation;
  const [first, ...others] = domainsOf("ejabberd");
  if (first !== undefined) {
    // ejabberd takes no other for SASL EXTERNAL.
    const forBoth = await rig.authority.issue({ names: [definition.accessEdge.fqdn, ourDomain], clientAuth: true });
    await gateway.stop();
    const folder = join(gateway.stateFolder, "..");
    await writeFile(join(folder, "edge.pem"), forBoth.certPem);
    await writeFile(join(folder, "edge.key"), forBoth.keyPem, { mode: 0o600 });
    await gateway.startAgain();
    const { listening } = await gateway.status();
    ejabberd = await rig.startEjabberd(
      { ...place, domain: first },
      {
        additionalDomains: others,
        mode: "any",
        accounts: ["juliet"],
        modules: ["mod_s2s_bidi"],
        resolver,
        hosts: { [definition.accessEdge.fqdn]: listening[0]?.replace(/:\d+$/, "") ?? "" },
        certificates: await rig.authority.issue({ names: domainsOf("ejabberd"), clientAuth: true }),
      },
    );
  }
  ours = await company.login(alice);
});
afterAll(async () => {
  await company?.close();
  await outside?.close();
});

function rowOf({ domain, method }: Meeting) {
  const { tls, sasl, dialback } = METHODS[method];
  const settings = { tlsNegotiation: tls, saslNegotiation: sasl, supportDialbackNegotiation: dialback };
  return { domain, partnerType: "Federated" as const, ...settings };
}

function login({ peer, domain }: Meeting): Promise<XmppClient> {
  if (peer === "ejabberd") return company.federation.rig.login({ ...ejabberd!, domain }, "juliet");
  return company.login(`juliet@${domain}`);
}

describe.each(MEETINGS)("$peer, $method, opened by $initiator side", (meeting) => {
  const { peer, method, initiator, domain } = meeting;

  test("all passes both ways", async () => {
    const theirs = await login(meeting);
    if (initiator === "ours") {
      ours.message(theirs.jid, "the first", { id: `first to ${domain}` });
      await theirs.waitForMessage(alice, "the first");
    }
    const partner = { peer, partnerType: "Federated" } as const;
    await expect(tellStory(ours, theirs, partner)).resolves.toEqual(expectedCells(partner));
    await theirs.close();
  });

  // Prosody asks after our dialback key over a stream that it authenticates as well, and keeps.
  const alone = peer === "prosody" && (initiator === "theirs" || method === "sasl-over-tls");
  const opened = alone ? [initiator === "ours" ? "out" : "in"] : ["in", "out"];

  test(`over ${opened.length} in all: ${opened.join(", ")}`, async () => {
    const { gateway } = company.federation;
    const streams = await gateway.streams(domain);
    const bidi = peer === "prosody" ? true : undefined;
    expect(streams.map((one) => [one.direction, one.method, one.bidi])).toEqual(
      opened.map((direction) => [direction, method, bidi]),
    );
    expect(gateway.events("stream-authenticated", { remote: domain, local: ourDomain })).toHaveLength(opened.length);
    if (peer !== "prosody") return;
    const { log } = company.federation.prosody(domain).process;
    const seen = authenticatedStreams(log).filter((one) => one.local === domain && one.partner === ourDomain);
    expect(seen.map((one) => (one.direction === "outgoing" ? "in" : "out")).sort()).toEqual(opened);
  });
});

test("Prosody: stanzas are acknowledged in both directions of either stream", async () => {
  for (const meeting of MEETINGS.filter(({ peer, method }) => peer === "prosody" && method === "sasl-over-tls")) {
    const juliet = await login(meeting);
    ours.message(juliet.jid, "one more");
    await juliet.waitForMessage(alice, "one more");
    juliet.message(alice, "the same to you");
    await ours.waitForMessage(juliet.jid, "the same to you");
  }
  const { process } = company.federation.prosody();
  for (const stream of ["s2sout", "s2sin"]) {
    await process.waitForLog(new RegExp(`Sending\\[${stream}\\]: <a .*h='[1-9]`));
    await process.waitForLog(new RegExp(`Received\\[${stream}\\]: <a .*h='[1-9]`));
  }
});
