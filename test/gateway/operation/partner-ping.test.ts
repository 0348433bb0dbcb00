import { afterEach, describe, expect, test } from "@jest/globals";
import { partnerPolicy } from "../../../src/definition/facts/partner-policy";
import { Failures } from "../../../src/gateway/operation/failures";
import { PartnerPings, type PingOutcome } from "../../../src/gateway/operation/partner-ping";
import type { LinkItem } from "../../../src/gateway/s2s/link-queue";
import { serverNamespace } from "../../../src/stream/namespaces";
import { xml } from "../../../src/stream/xml/element";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";

const PAIR = { local: LOCAL, remote: REMOTE };
const ANN = `ann@${REMOTE}`;
const ended: Promise<PingOutcome>[] = [];
let items: LinkItem[] = [];
let pings: PartnerPings;

/** Asks for Ann; gives the outcome to come. */
function ask(): { readonly outcome: () => PingOutcome | "open" } {
  const policy = partnerPolicy(documentOf([partner()]));
  items = [];
  pings = new PartnerPings({
    failures: new Failures(
      () => policy,
      () => 0,
    ),
    send: (_, item) => void items.push(item),
    stands: () => true,
    now: () => 0,
    randomId: () => "1",
  });
  let seen: PingOutcome | "open" = "open";
  const asked = pings.ask(PAIR, ANN, 60_000);
  void asked.then((outcome) => {
    seen = outcome;
  });
  ended.push(asked);
  return { outcome: () => seen };
}

const answer = (attrs: Record<string, string>) =>
  pings.answered(PAIR, xml("iq", serverNamespace, { type: "result", id: "ask-1", from: ANN, to: LOCAL, ...attrs }));

afterEach(async () => {
  for (const item of items) item.giveBack("remote-server-timeout", "the test is over"); // its timer with it
  await Promise.all(ended.splice(0));
});

describe("a ping is answered", () => {
  test.each([ANN, `${ANN}/balcony`, `Ann@${REMOTE.toUpperCase()}`])("by who was asked: %s", async (from) => {
    const { outcome } = ask();
    expect(answer({ from })).toBe(true);
    await Promise.resolve();
    expect(outcome()).toMatchObject({ outcome: "answered" });
  });

  test.each<[string, Record<string, string>]>([
    ["another user of the domain", { from: `bob@${REMOTE}` }],
    ["the domain itself", { from: REMOTE }],
    ["nobody", { from: "" }],
    ["a name that only begins so", { from: `${ANN}.evil` }],
    ["who was asked, to somebody else", { to: `alice@${LOCAL}` }],
    ["who was asked, about another question", { id: "ask-2" }],
  ])("not by %s", async (_, attrs) => {
    const { outcome } = ask();
    expect(answer(attrs)).toBe(false);
    await Promise.resolve();
    expect(outcome()).toBe("open");
  });
});
