import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decode } from "dns-packet";
import { type Asked, messageOf, questionKey, type Survey, survey } from "../../../src/dns/survey";
import { surveyTrust } from "../../../src/dns/trust";
import { dnssecQuestion } from "../rig/dns-question";
import { runInPeerRoot } from "../rig/peer-command";
import { peerRoot } from "../rig/peer-root";
import { makeWorkFolder } from "../rig/work-folder";
import type { Lab } from "./lab";
import type { DelegationOutcome, OracleOutcome } from "./outcome";
import { OPEN_SITE, SOUND_SITE } from "./trust-sites";
import { type PlacedSite, SERVERS } from "./world";

const { first, hidden } = SERVERS.resolvers;

/** What we, unbound and BIND's delv think of the SRV set of every site whose servers answer alike. */
export async function askOracles(lab: Lab): Promise<{ oracles: OracleOutcome[]; delegation: DelegationOutcome }> {
  const sites = [...lab.runs.flatMap((run) => run.sites), ...lab.judged].filter(alike);
  const domains = sites.map(({ place }) => place.domain);
  const heard = await survey({ domains, roots: lab.roots, resolvers: [], timeout: 120_000, patience: 2500 });
  const trust = await surveyTrust(heard, { anchors: lab.anchors, now: Math.floor(Date.now() / 1000) });
  const toDelv = lab.judged.map(({ place }) => place.domain);
  const [byUnbound, byDelv] = await Promise.all([
    Promise.all(domains.map((domain) => unbound(domain, first))),
    delv(lab.anchor, toDelv),
    // The other resolver has only to learn.
    ...domains.map((domain) => unbound(domain, hidden)),
  ]);
  const oracles = sites.map(({ place: { label, domain } }, at) => {
    const key = questionKey({ name: owner(domain), type: "SRV" });
    const zone = trust.zones.get(heard.atNameServers.get(key)?.zone ?? "");
    const answers = trust.answers.get(key)?.map((one) => one.trust?.status ?? "unknown");
    return {
      label,
      ours: [...new Set(answers ?? [zone?.status ?? "unknown"])],
      unbound: byUnbound[at]!,
      ...(toDelv.includes(domain) && { delv: byDelv[toDelv.indexOf(domain)]! }),
    };
  });
  return { oracles, delegation: delegationIn(heard) };
}

/** What the survey made of the real servers' referrals and refusals, for one sound zone and one that is open. */
function delegationIn(heard: Survey): DelegationOutcome {
  const shown = (asked: Asked | undefined) =>
    (asked?.observations ?? []).map(({ said }) =>
      said.status === "failed" ? said.code : `${said.transport} ${said.code} ${messageOf(said).answers.length}`,
    );
  const zones = [SOUND_SITE, OPEN_SITE].map((label) => {
    const name = `${label}.example`;
    const zone = heard.zones.get(name);
    return {
      name,
      path: zone?.path ?? [],
      servers: (zone?.servers ?? []).map(({ host, address, from, namedBy }) => `${host} ${address} ${from} ${namedBy}`),
      parents: (zone?.parentSays ?? []).map(({ server, cut }) => `${server.address} ${cut.kind}`),
      ds: shown(heard.atNameServers.get(questionKey({ name, type: "DS" }))),
      soaOverTcp: shown(heard.overTcp.get(questionKey({ name, type: "SOA" }))),
      transfer: shown(heard.overTcp.get(questionKey({ name, type: "AXFR" }))),
    };
  });
  return { reach: heard.reach, ipv6: heard.ipv6, complete: heard.complete, zones };
}

/**
 * Resolvers ask one server and, where they like its answer not, another: then there is no one right answer. Of silence
 * nobody says anything, and it takes long.
 */
const alike = ({ site }: PlacedSite) =>
  site.first === site.second && site.onSecond === undefined && site.first?.udp !== "silent";

const owner = (domain: string) => `_xmpp-server._tcp.${domain}`;
const SERVFAIL = 2;
const AD = 0x20;
/** Milliseconds. */
const EACH_TRY = 3000;
const TRIES = 8;
/** RFC 8914 section 4.7 to 4.13: DNSSEC Bogus, Signature Expired, and what else a validator refuses for. */
const BOGUS = new Set([6, 7, 8, 9, 10, 11, 12]);

async function unbound(domain: string, address: string): Promise<string> {
  const answer = await answerOf(dnssecQuestion(owner(domain), "SRV"), address);
  if (answer === undefined) return "silent";
  if ((answer[3]! & 0xf) === SERVFAIL) {
    const codes = extendedErrors(answer);
    return codes.some((code) => BOGUS.has(code)) ? `bogus (EDE ${codes.join(", ")})` : "indeterminate";
  }
  return (answer[3]! & AD) === 0 ? "insecure" : "secure";
}

/** Asks as stubs do: again where nothing comes. */
async function answerOf(question: Buffer, address: string): Promise<Buffer | undefined> {
  const socket = createSocket("udp4");
  try {
    const heard = once(socket, "message", { signal: AbortSignal.timeout(TRIES * EACH_TRY) }).catch(() => []);
    const send = () => socket.send(question, 53, address);
    const again = setInterval(send, EACH_TRY);
    send();
    const [answer] = await heard;
    clearInterval(again);
    return answer;
  } finally {
    socket.close();
  }
}

function extendedErrors(answer: Buffer): number[] {
  const opt = decode(answer).additionals?.find(({ type }) => type === "OPT");
  const options: readonly { readonly data?: Buffer }[] = opt?.type === "OPT" ? (opt.options as never) : [];
  return options.flatMap(({ data }) => (data === undefined ? [] : [data.readUInt16BE(0)]));
}

/** delv validates itself; it takes the answers, signatures and keys from the resolver, unchecked. */
async function delv(anchor: string, domains: readonly string[]): Promise<string[]> {
  const work = await makeWorkFolder();
  try {
    await mkdir(join(work, "out"));
    const [tag, algorithm, digestType, digest] = anchor.split(/\s+/).slice(-4);
    const trusted = `trust-anchors { . static-ds ${tag} ${algorithm} ${digestType} "${digest}"; };\n`;
    await writeFile(join(work, "anchor"), trusted);
    // All at once: where nothing validates, it asks for long.
    const asks = domains.map(
      (domain, at) => `delv -a /peer/anchor +root=. +cd @${first} ${owner(domain)} SRV >out/${at} 2>&1 &`,
    );
    await writeFile(join(work, "ask.sh"), `${asks.join("\n")}\nwait\n`);
    runInPeerRoot(peerRoot(), work, ["/bin/sh", "/peer/ask.sh"]);
    return await Promise.all(
      domains.map(async (_, at) => delvVerdict(await readFile(join(work, "out", `${at}`), "utf8"))),
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function delvVerdict(said: string): string {
  if (/^; (fully validated|negative response, fully validated)/m.test(said)) return "secure";
  if (/^; (unsigned answer|negative response, unsigned answer)/m.test(said)) return "insecure";
  return `bogus (${said.trim().split("\n").at(-1)})`;
}
