// Runs inside the lab's network namespace (namespace.ts starts it):  driver.ts [PATTERN]
// Prints what it found out as JSON. PATTERN: only cases whose name matches.
import { type VerifyFinding, verifyDns } from "../../../src/dns";
import { CASES } from "./cases";
import type { Run } from "./definitions";
import { type Lab, startLab } from "./lab";
import { askOracles } from "./oracles";
import type { LabOutcome, SiteOutcome } from "./outcome";
import { TRUST_SITES } from "./trust-sites";
import { caseName, type PlacedSite, SERVERS, type Served, sitesOf } from "./world";

/** Runs at once: each asks all that it asks at once, and the machine has to answer as well. */
const SIDE_BY_SIDE = 6;

/** Milliseconds. A machine with more to do than this must not make silence of what is slow. */
const PATIENCE = 2500;

const { first, second } = SERVERS.resolvers;
const RESOLVERS = [first, second].map((address) => ({ address, port: 53 }));

async function main(pattern: string): Promise<LabOutcome> {
  const wanted = new RegExp(pattern);
  const took: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const done = await work();
    took[name] = Math.round((performance.now() - began) / 10) / 100;
    return done;
  };
  const cases = CASES.filter((one) => wanted.test(caseName(one)));
  const lab = await timed("start", () => startLab({ verified: sitesOf(cases), trusted: TRUST_SITES }));
  try {
    // They ask the resolvers, who then know the world: cold look-ups would be late in the runs.
    const { oracles, delegation } = await timed("oracles", () => askOracles(lab));
    const [common, ...own] = lab.runs;
    const together = await timed("common run", () => verified(lab, common!));
    const alone = await timed("own runs", () => inTurn(own, async (run) => await verified(lab, run)));
    return {
      packages: lab.packages,
      sites: [...together.sites, ...alone.flatMap(({ sites }) => sites)],
      stray: together.stray,
      oracles,
      delegation,
      took,
    };
  } finally {
    await lab.stop();
  }
}

async function verified(lab: Lab, { facts, sites }: Run): Promise<{ sites: SiteOutcome[]; stray: VerifyFinding[] }> {
  const [one] = sites;
  const alone = one?.alone === true ? one : undefined;
  const served: Served | undefined = await alone?.site.serve?.(alone.place, {
    issue: (names) => lab.authority.issue({ names }),
  });
  try {
    const { findings } = await verifyDns({
      facts,
      roots: lab.roots,
      anchors: lab.anchors,
      resolvers: RESOLVERS,
      timeout: 120,
      patience: PATIENCE,
      ...(served === undefined ? { probe: false } : served.verify),
      ...alone?.site.verify?.(alone.place),
    });
    if (alone !== undefined) return { sites: [{ label: alone.place.label, findings }], stray: [] };
    const owners = findings.map((finding) => sites.find((site) => isAbout(finding, site)));
    return {
      sites: sites.map((site) => ({
        label: site.place.label,
        findings: findings.filter((_, at) => owners[at] === site),
      })),
      stray: findings.filter((_, at) => owners[at] === undefined),
    };
  } finally {
    await served?.close();
  }
}

/** About its domain, or about a server that only it has. */
function isAbout({ domain, server }: VerifyFinding, { place, site }: PlacedSite): boolean {
  if (domain !== null) return domain === place.domain;
  const own = [...(site.first ? [place.first] : []), ...(site.second ? [place.second] : [])];
  return own.some((host) => server.includes(`${host} `));
}

async function inTurn<T, R>(things: readonly T[], work: (thing: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < things.length) {
      const at = next++;
      results[at] = await work(things[at]!);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return results;
}

main(process.argv[2] ?? "").then(
  (outcome) => process.stdout.write(JSON.stringify(outcome), () => process.exit(0)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
