import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { VerifyFinding } from "../../../src/dns";
import { CATALOGUE } from "../../../src/dns";
import { peerRoot } from "../rig/peer-root";
import { CASES } from "./cases";
import { checksPage } from "./checks-page";
import { runLab } from "./namespace";
import type { LabOutcome } from "./outcome";
import { expectedVerdict, foundBeside, foundIn } from "./proof";
import { OPEN_SITE, SOUND_SITE, TRUST } from "./trust-sites";
import { caseName, labelOf, placeSites, sitesOf } from "./world";

/** Every check of the catalogue against a world of real name servers and resolvers: `world.ts` says how. */

const wanted = new RegExp(process.env.XMPP_EDGE_LAB_CASES ?? "");
const cases = CASES.filter((one) => wanted.test(caseName(one)));
const placed = new Map(placeSites(sitesOf(cases)).map((one) => [one.place.label, one]));
let outcome: LabOutcome;

beforeAll(async () => {
  outcome = await runLab();
  const versions = outcome.packages.map((name) => `${name} ${peerRoot().version(name)}`);
  process.stderr.write(`peers that ran: ${versions.join(", ")}\nDNS lab, seconds: ${JSON.stringify(outcome.took)}\n`);
}, 600_000);

const shown = (findings: readonly VerifyFinding[]) =>
  findings.map(({ id, verdict, domain, found }) => ({ id, verdict, domain, found }));

describe("finds the one cause", () => {
  test.each(cases.map((of) => [caseName(of), of] as const))("%s", (_, of) => {
    const { id, found: words, about } = of;
    const verdict = expectedVerdict(of);
    const { place } = placed.get(labelOf(of, "fault"))!;
    const findings = foundIn(of, "fault", outcome);
    const domains = { edge: place.edge, server: null, domain: place.domain };
    const domain = about === undefined ? (findings[0]?.domain ?? null) : domains[about];
    expect(shown(findings)).toEqual([{ id, verdict, domain, found: expect.stringMatching(words ?? /./) }]);
    expect([...foundBeside(of, outcome)].sort()).toEqual([...(of.beside ?? [])].sort());
    expect(findings[0]).toMatchObject({
      remedy: expect.stringMatching(/./),
      expected: expect.any(String),
      ...(of.retryAfter !== undefined && { retryAfter: of.retryAfter }),
    });
  });
});

describe("passes what looks like it and is sound", () => {
  test.each(cases.map((of) => [caseName(of), of] as const))("%s", (_, of) => {
    expect(shown(foundIn(of, "sound", outcome))).toEqual([]);
  });
});

test("nothing is found about what all sites share", () => {
  expect(shown(outcome.stray)).toEqual([]);
});

describe("signatures are judged as unbound and delv judge them", () => {
  const word = (verdict: string) => verdict.replace(/ .*/, "");

  test.each(Object.entries(TRUST))("%s", (label, { verdict }) => {
    const { ours, unbound, delv = "" } = outcome.oracles.find((one) => one.label === label)!;
    expect({ ours, unbound: word(unbound), delv: word(delv) }).toEqual({
      ours: [verdict],
      unbound: verdict,
      delv: verdict,
    });
  });

  test("as unbound does also in the zones of the cases", () => {
    // A resolver that cannot tell says nothing of signatures.
    const told = ["secure", "insecure", "bogus"];
    const rows = outcome.oracles.filter(({ label, unbound }) => !(label in TRUST) && told.includes(word(unbound)));
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(({ label, ours }) => ({ label, unbound: ours }))).toEqual(
      rows.map(({ label, unbound }) => ({ label, unbound: [word(unbound)] })),
    );
  });
});

test("the delegation is walked from the root, whoever answers: knot, NSD or BIND", () => {
  const sound = {
    servers: ["first.hoster.example 11.0.2.1 glue parent", "second.hoster.example 11.0.2.2 glue parent"],
    parents: ["11.0.1.1 referral", "11.0.1.2 referral"],
    // The record and its signature.
    ds: ["udp NOERROR 2", "udp NOERROR 2"],
    soaOverTcp: [],
  };
  const zone = (label: string) => ({ name: `${label}.example`, path: [".", "example", `${label}.example`], ...sound });
  expect(outcome.delegation).toEqual({
    reach: "delegation",
    ipv6: true,
    complete: true,
    zones: [
      // knot refuses a copy by NOTAUTH, BIND by REFUSED.
      { ...zone(SOUND_SITE), transfer: ["tcp NOTAUTH 0", "tcp REFUSED 0"] },
      { ...zone(OPEN_SITE), transfer: ["tcp NOTAUTH 0", expect.stringMatching(/^tcp NOERROR [1-9]/)] },
    ],
  });
});

/** Not about the world: about the definition alone, or what was given on the command line. */
const WITHOUT_WORLD = ["waiver-expired"];

test("every check of the catalogue has a case", () => {
  const proved = new Set(CASES.map(({ id }) => id));
  const missing = CATALOGUE.map(({ id }) => id).filter((id) => !proved.has(id) && !WITHOUT_WORLD.includes(id));
  expect(missing).toEqual([]);
});

test("no case's name is another's", () => {
  expect(new Set(CASES.map(caseName)).size).toBe(CASES.length);
});

(wanted.source === "(?:)" ? test : test.skip)(
  "docs/dns-checks.md is what the run shows (npm run docs:dns-checks)",
  () => {
    const page = readFileSync(join(__dirname, "../../../docs/dns-checks.md"), "utf8");
    expect(page).toBe(checksPage(CASES, outcome));
  },
);
