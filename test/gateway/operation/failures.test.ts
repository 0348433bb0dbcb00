import { expect, test } from "@jest/globals";
import { partnerPolicy } from "../../../src/definition/facts/partner-policy";
import { Failures } from "../../../src/gateway/operation/failures";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";

function failures() {
  const world = { at: Date.parse("2026-01-02T12:00:00Z"), document: documentOf([partner()]) };
  const made = new Failures(
    () => partnerPolicy(world.document),
    () => world.at,
  );
  return { world, failures: made };
}
const out = { direction: "out", local: LOCAL, remote: REMOTE } as const;

test("a failure says when, which hop, whose side and what to do", () => {
  const { failures: made } = failures();
  made.note({ ...out, code: "dns-absent", text: "no SRV, no address" });
  expect(made.all()).toEqual([
    {
      partner: REMOTE,
      direction: "out",
      local: LOCAL,
      remote: REMOTE,
      at: "2026-01-02T12:00:00.000Z",
      code: "dns-absent",
      text: "no SRV, no address",
      hop: "DNS",
      side: "theirs",
      remedy: expect.stringContaining("_xmpp-server._tcp"),
    },
  ]);
});

test("where more is known than the code tells, what to do is by that, within bounds", () => {
  const { failures: made } = failures();
  const forbidden = { ...out, code: "target-forbidden", text: "10.1.2.3 is never dialled" };
  made.note({ ...forbidden, remedy: `allow the range by allowedTargets in the row of ${REMOTE}` });
  expect(made.all()).toMatchObject([
    { hop: "DNS", side: "theirs", remedy: `allow the range by allowedTargets in the row of ${REMOTE}` },
  ]);
  made.note({ ...forbidden, remedy: "x".repeat(10_000) });
  expect(made.all()[0]?.remedy).toHaveLength(513);
  made.note(forbidden);
  expect(made.all()[0]?.remedy).toMatch(/^the partner's records lead to/);
});

test("the last of each direction is kept, the newest first", () => {
  const { world, failures: made } = failures();
  made.note({ ...out, code: "connect-failed", text: "one" });
  made.note({ ...out, code: "tls-failed", text: "two" });
  world.at += 1000;
  made.note({ direction: "in", local: undefined, remote: REMOTE, code: "certificate-refused", text: "three" });
  expect(made.all().map(({ direction, text, hop }) => [direction, text, hop])).toEqual([
    ["in", "three", "certificate"],
    ["out", "two", "TLS"],
  ]);
});

test("who is no partner is not noted, however often", () => {
  const { failures: made } = failures();
  for (let n = 0; n < 100; n++)
    made.note({ direction: "in", local: LOCAL, remote: `evil${n}.example`, code: "stream-refused", text: "x" });
  made.note({ direction: "in", local: LOCAL, remote: undefined, code: "stream-refused", text: "x" });
  expect(made.all()).toEqual([]);
});

test("a partner that is taken off the list takes its failure along", () => {
  const { world, failures: made } = failures();
  made.note({ ...out, code: "timeout", text: "x" });
  world.document = documentOf([]);
  expect(made.all()).toEqual([]);
  world.document = documentOf([partner()]);
  expect(made.all()).toEqual([]);
});

test("long words of a peer are cut, and an unknown code has a cause all the same", () => {
  const { failures: made } = failures();
  made.note({ ...out, code: "constructor", text: "x".repeat(10_000) });
  const [failure] = made.all();
  expect(failure?.text).toHaveLength(513);
  expect(failure).toMatchObject({ hop: "delivery", side: "between", remedy: "see the log at that time" });
});

test("who listens is told until it has enough", () => {
  const { failures: made } = failures();
  const told: string[] = [];
  const stop = made.listen(({ text }) => told.push(text));
  made.note({ ...out, code: "timeout", text: "one" });
  stop();
  made.note({ ...out, code: "timeout", text: "two" });
  expect(told).toEqual(["one"]);
});
