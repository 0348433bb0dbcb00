import { beforeAll, describe, expect, test } from "@jest/globals";
import type { VerifyFinding } from "../../../src/dns";
import { catalogueEntry } from "../../../src/dns";
import { peerRoot } from "../rig/peer-root";
import { CASES } from "./cases";
import { runLab } from "./namespace";
import type { LabOutcome } from "./outcome";
import { caseName, placeSites, type Site } from "./world";

/** Every check of the catalogue against a world of real name servers and resolvers: `world.ts` says how. */

const wanted = new RegExp(process.env.XMPP_EDGE_LAB_CASES ?? "");
const cases = CASES.filter((one) => wanted.test(caseName(one)));
const placed = placeSites(cases);
let outcome: LabOutcome;

beforeAll(async () => {
  outcome = await runLab();
  const versions = outcome.packages.map((name) => `${name} ${peerRoot().version(name)}`);
  process.stderr.write(`peers that ran: ${versions.join(", ")}\nDNS lab, seconds: ${JSON.stringify(outcome.took)}\n`);
}, 120_000);

const shown = (findings: readonly VerifyFinding[]) =>
  findings.map(({ id, verdict, domain, found }) => ({ id, verdict, domain, found }));

/** What was found, but for the information that the site is known to give besides. */
function found(label: string, { also = [] }: Site): readonly VerifyFinding[] {
  const findings = outcome.sites.find((site) => site.label === label)?.findings;
  if (findings === undefined) throw new Error(`the lab has no site ${label}`);
  return findings.filter(({ id, verdict }) => !(verdict === "info" && also.includes(id)));
}

const ofRole = (role: "fault" | "sound") =>
  placed.filter((site) => site.role === role).map((site) => [caseName(site.of), site] as const);

describe("finds the one cause", () => {
  test.each(ofRole("fault"))("%s", (_, { of, site, place }) => {
    const { id, verdict = catalogueEntry(id)?.severity, found: words, about } = of;
    const findings = found(place.label, site);
    expect(shown(findings)).toEqual([
      {
        id,
        verdict,
        domain:
          about === undefined
            ? (findings[0]?.domain ?? null)
            : { edge: place.edge, server: null, domain: place.domain }[about],
        found: expect.stringMatching(words ?? /./),
      },
    ]);
    expect(findings[0]).toMatchObject({ remedy: expect.stringMatching(/./), expected: expect.any(String) });
  });
});

describe("passes what looks like it and is sound", () => {
  test.each(ofRole("sound"))("%s", (_, { site, place }) => {
    expect(shown(found(place.label, site))).toEqual([]);
  });
});

test("nothing is found about what all sites share", () => {
  expect(shown(outcome.stray)).toEqual([]);
});

test("signatures are judged as unbound and delv judge them", () => {
  const word = (verdict: string) => verdict.replace(/ .*/, "");
  expect(outcome.oracles.length).toBeGreaterThan(0);
  expect(outcome.oracles.map(({ label, ours }) => ({ label, unbound: ours, delv: ours }))).toEqual(
    outcome.oracles.map(({ label, unbound, delv }) => ({ label, unbound: [word(unbound)], delv: [word(delv)] })),
  );
});
