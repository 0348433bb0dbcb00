import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { runInNamespace } from "./dns-lab/namespace";
import type { Outcome } from "./federation-from-empty-zone/outcome";
import { program } from "./rig/gateway";

/**
 * A federation from nothing: a key and a request, openssl as the CA, records published to an empty zone in knot, and
 * Prosody that finds us by SRV alone. Then one thing broken at a time: `dns verify` names that one cause, and what it
 * prints as the remedy mends it.
 */
let outcome: Outcome;
beforeAll(async () => {
  process.env.XMPP_EDGE_MAIN ??= program();
  outcome = await runInNamespace<Outcome>(join(__dirname, "federation-from-empty-zone", "driver.ts"));
}, 600_000);

const SOUND = { code: 0, faults: [] };

describe("a federation from an empty zone", () => {
  test("is made by commands alone", () => {
    const good = (command: string) => ({ command, code: 0, stderr: "" });
    expect(outcome.ended).toEqual(["certificate request", "certificate import", "dns publish"].map(good));
  });

  test("dns verify fails before, and ends with 0 once it has waited", () => {
    expect(outcome.before.code).toBe(1);
    expect(outcome.before.faults.map(({ id, domain }) => [id, domain])).toEqual([["srv-missing", "contoso.example"]]);
    expect(outcome.waited).toEqual(SOUND);
  });

  test("Prosody finds us by SRV alone and gets an answer; in the end as well", () => {
    expect(outcome.heard).toEqual(["found by SRV alone", "mended"]);
  });

  test("no key of all this is in the log", () => {
    expect(outcome.log).toContain('"ready":true');
    expect(outcome.log).not.toContain("PRIVATE KEY");
  });
});

describe("one thing broken: one cause, and its remedy as it stands mends it", () => {
  test.each([
    ["port", "srv-port", /^_xmpp-server\._tcp\.contoso\.example\. 60 IN SRV 0 0 5269 edge\.contoso\.example\.$/],
    ["target", "srv-target", /^_xmpp-server\._tcp\.contoso\.example\. 60 IN SRV 0 0 5269 edge\.contoso\.example\.$/],
    ["address", "address-differs", /^edge\.contoso\.example\. 60 IN A 11\.6\.0\.1$/],
    ["intermediate certificate", "cert-chain", /intermediate/i],
    ["partner's TLS row", "partner-no-common-method", /tlsNegotiation/],
  ])("the %s: %s", (name, id, remedy) => {
    const broken = outcome.broken.find((one) => one.name === name);
    expect(broken).toEqual({
      name,
      seen: {
        code: 1,
        faults: [expect.objectContaining({ id, verdict: "fail", remedy: expect.stringMatching(remedy) })],
      },
      mended: SOUND,
    });
  });
});
