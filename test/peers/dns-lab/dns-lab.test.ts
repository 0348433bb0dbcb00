import { beforeAll, describe, expect, test } from "@jest/globals";
import type { VerifyFinding } from "../../../src/dns";
import { catalogueEntry } from "../../../src/dns";
import { peerRoot } from "../rig/peer-root";
import { CASES } from "./cases";
import { runLab } from "./namespace";
import type { LabOutcome } from "./outcome";
import { OPEN_SITE, SOUND_SITE, TRUST } from "./trust-sites";
import { caseName, labelOf, placeSites, type Role, type Site, sitesOf } from "./world";

/** Every check of the catalogue against a world of real name servers and resolvers: `world.ts` says how. */

const wanted = new RegExp(process.env.XMPP_EDGE_LAB_CASES ?? "");
const cases = CASES.filter((one) => wanted.test(caseName(one)));
const placed = new Map(placeSites(sitesOf(cases)).map((one) => [one.place.label, one]));
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

const ofRole = (role: Role) => cases.map((of) => [caseName(of), { of, ...placed.get(labelOf(of, role))! }] as const);

describe("finds the one cause", () => {
  test.each(ofRole("fault"))("%s", (_, { of, site, place }) => {
    const { id, verdict = catalogueEntry(id)?.severity, found: words, about } = of;
    const findings = found(place.label, site);
    const domains = { edge: place.edge, server: null, domain: place.domain };
    const domain = about === undefined ? (findings[0]?.domain ?? null) : domains[about];
    expect(shown(findings)).toEqual([{ id, verdict, domain, found: expect.stringMatching(words ?? /./) }]);
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

describe("signatures are judged as unbound and delv judge them", () => {
  const word = (verdict: string) => verdict.replace(/ .*/, "");

  test.each(Object.entries(TRUST))("%s", (label, { verdict }) => {
    const { ours, unbound, delv } = outcome.oracles.find((one) => one.label === label)!;
    expect({ ours, unbound: word(unbound), delv: word(delv) }).toEqual({
      ours: [verdict],
      unbound: verdict,
      delv: verdict,
    });
  });

  test("also in the zones of the cases", () => {
    const rows = outcome.oracles.filter(({ label }) => !(label in TRUST));
    expect(rows.map(({ label, ours }) => ({ label, unbound: ours, delv: ours }))).toEqual(
      rows.map(({ label, unbound, delv }) => ({ label, unbound: [word(unbound)], delv: [word(delv)] })),
    );
  });
});

test("the delegation is walked from the root, whoever answers: knot, NSD or BIND", () => {
  const sound = {
    servers: ["first.hoster.example 11.0.2.1 glue parent", "second.hoster.example 11.0.2.2 glue parent"],
    parents: ["11.0.1.1 referral", "11.0.1.2 referral"],
    // The record and its signature.
    ds: ["udp NOERROR 2", "udp NOERROR 2"],
    soaOverTcp: ["tcp NOERROR 1", "tcp NOERROR 1"],
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
