import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { runInNamespace } from "./dns-lab/namespace";
import { FORBIDDEN, NOBODY, SIX, THOUSANDS_PORT } from "./hostile-targets/cases";
import type { Outcome } from "./hostile-targets/outcome";
import { program } from "./rig/gateway";

/**
 * Partners whose DNS leads to our metadata service, to loopback, to private networks or to ourselves, in a private
 * network where somebody listens at each of these places, and no private target is allowed. What the gateway tried is
 * told by the kernel.
 */
let outcome: Outcome;
beforeAll(async () => {
  process.env.XMPP_EDGE_MAIN ??= program();
  outcome = await runInNamespace<Outcome>(join(__dirname, "hostile-targets", "driver.ts"));
}, 600_000);

const at = (port: number) => outcome.attempts.filter((one) => one.port === port).map(({ address }) => address);

describe("a partner whose targets must not be dialled", () => {
  test.each(FORBIDDEN.map(({ label }) => label))(
    "%s: is refused, and the refusal says why and what mends it",
    (label) => {
      const own = label.startsWith("own");
      expect(outcome.returned.find((one) => one.label === label)).toEqual({
        label,
        code: "target-forbidden",
        condition: "service-unavailable",
        text: expect.stringMatching(own ? /never dialled: .*\(our own\)$/ : /never dialled: \S+$/),
        remedy: expect.stringMatching(
          own
            ? /^ask \S+ to take our own address out of its SRV target's records/
            : /^allow the range by allowedTargets/,
        ),
      });
    },
  );

  test("nobody there was ever met", () => expect(outcome.accepted).toEqual([]));

  test("the kernel saw no attempt but to those that may be dialled", () => {
    const others = outcome.attempts.filter(({ address }) => !address.startsWith("11.8."));
    expect([...new Set(others.map(({ address, port }) => `${address} ${port}`))].sort()).toEqual(
      [`${NOBODY} 5991`, `${NOBODY} 5997`, `${SIX} 5269`].sort(),
    );
  });

  test("beside one that may be dialled, those that may not are in the log", () => {
    expect(new Set(outcome.leftOut)).toEqual(new Set(["169.254.169.254:5991"]));
  });
});

test("of ten thousand targets eight are dialled in one try: the first of each of the first eight hosts", () => {
  const hosts = at(THOUSANDS_PORT).map((address) => Number(address.split(".")[2]));
  expect(hosts.length).toBeGreaterThanOrEqual(8);
  // Try by try, for it is tried again; a ninth would be of another host, or beside the first of its own.
  expect(hosts).toEqual(hosts.map((_, index) => index % 8));
});

test("a partner that has IPv6 alone is federated with, both ways", () => {
  expect(outcome.overSix).toEqual([expect.stringMatching(/^in 2a11:6::/), `out ${SIX}`]);
});
