import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decode } from "dns-packet";
import { questionKey, survey } from "../../../src/dns/survey";
import { surveyTrust } from "../../../src/dns/trust";
import { askOverUdp, dnssecQuestion } from "../rig/dns-question";
import { runInPeerRoot } from "../rig/peer-command";
import { peerRoot } from "../rig/peer-root";
import { makeWorkFolder } from "../rig/work-folder";
import type { Lab } from "./lab";
import type { OracleOutcome } from "./outcome";
import { type PlacedSite, SERVERS } from "./world";

const RESOLVER = SERVERS.resolvers.first;

/** What we, unbound and BIND's delv think of the SRV set of every site whose servers answer alike. */
export async function askOracles(lab: Lab): Promise<OracleOutcome[]> {
  const sites = lab.runs.flatMap((run) => run.sites).filter(alike);
  const domains = sites.map(({ place }) => place.domain);
  const heard = await survey({ domains, roots: lab.roots, resolvers: [], timeout: 60_000 });
  const trust = await surveyTrust(heard, { anchors: lab.anchors, now: Math.floor(Date.now() / 1000) });
  const byDelv = await delv(lab.anchor, domains);
  return Promise.all(
    sites.map(async ({ place: { label, domain } }, at) => {
      const key = questionKey({ name: owner(domain), type: "SRV" });
      const zone = trust.zones.get(heard.atNameServers.get(key)?.zone ?? "");
      const answers = trust.answers.get(key)?.map((one) => one.trust?.status ?? "unknown");
      return {
        label,
        ours: [...new Set(answers ?? [zone?.status ?? "unknown"])],
        unbound: await unbound(domain),
        delv: byDelv[at]!,
      };
    }),
  );
}

/** Resolvers ask one server and, where they like its answer not, another: then there is no one right answer. */
const alike = ({ site }: PlacedSite) => site.first === site.second && site.onSecond === undefined;

const owner = (domain: string) => `_xmpp-server._tcp.${domain}`;
const SERVFAIL = 2;
const AD = 0x20;

async function unbound(domain: string): Promise<string> {
  const answer = await askOverUdp(dnssecQuestion(owner(domain), "SRV"), { address: RESOLVER, port: 53 });
  if ((answer[3]! & 0xf) === SERVFAIL) return `bogus (${extendedError(answer)})`;
  return (answer[3]! & AD) === 0 ? "insecure" : "secure";
}

function extendedError(answer: Buffer): string {
  const opt = decode(answer).additionals?.find(({ type }) => type === "OPT");
  const options: readonly { readonly code: number | string; readonly data?: Buffer }[] =
    opt?.type === "OPT" ? (opt.options as never) : [];
  return options.map(({ data }) => `EDE ${data?.readUInt16BE(0)}`).join(", ");
}

/** delv validates itself; it takes the answers, signatures and keys from the resolver, unchecked. */
async function delv(anchor: string, domains: readonly string[]): Promise<string[]> {
  const work = await makeWorkFolder();
  try {
    await mkdir(join(work, "out"));
    const [tag, algorithm, digestType, digest] = anchor.split(/\s+/).slice(-4);
    const trusted = `trust-anchors { . static-ds ${tag} ${algorithm} ${digestType} "${digest}"; };\n`;
    await writeFile(join(work, "anchor"), trusted);
    const asks = domains.map(
      (domain) =>
        `echo "== ${domain}"; delv -a /peer/anchor +root=. +cd @${RESOLVER} ${owner(domain)} SRV 2>&1 || true`,
    );
    await writeFile(join(work, "ask.sh"), `${asks.join("\n")}\n`);
    const said = runInPeerRoot(peerRoot(), work, ["/bin/sh", "/peer/ask.sh"]);
    return said
      .split(/^== .*\n/m)
      .slice(1)
      .map(delvVerdict);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function delvVerdict(said: string): string {
  if (/^; (fully validated|negative response, fully validated)/m.test(said)) return "secure";
  if (/^; (unsigned answer|negative response, unsigned answer)/m.test(said)) return "insecure";
  return `bogus (${said.trim().split("\n").at(-1)})`;
}
