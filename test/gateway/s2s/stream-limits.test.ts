/** XEP-0478 between servers, over real sockets and TLS: what we announce, and what we obey. */
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { partnerOfRow } from "../documents";
import { createLab, type Lab } from "../lab";
import { eventually, RawPeer } from "../raw-peer";
import { acceptExternal, item, PAIR, startFederation, stopFederations } from "./federation-rig";

const LIMITS = "urn:xmpp:stream-limits:0";
const limits = (maxBytes: number | string) => `<limits xmlns='${LIMITS}'><max-bytes>${maxBytes}</max-bytes></limits>`;

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(stopFederations);

const start = () => startFederation(lab, partnerOfRow(7));

test("a peer is told what it may send once it is authenticated, and not before", async () => {
  const peer = await (await RawPeer.connect((await start()).port)).authenticate(lab.partner);
  const headers = peer.text.split("<stream:stream ").slice(1);
  expect(headers.map((one) => one.includes(LIMITS))).toEqual([false, false, true]);
  expect(peer.text).toContain(limits(262_144));
});

describe("a peer's limit", () => {
  const large = (body: string) =>
    item(body, { xml: `<message id='${body}'>${"x".repeat(20_000)}</message>`, bytes: 20_100 });
  const refusal = {
    condition: "policy-violation",
    text: `${PAIR.remote} takes 15000 bytes at most`,
  };

  test("sends back what waits already and is larger, and nothing waits behind it", async () => {
    const rig = await start();
    const [before, big, after] = [item("before"), large("big"), item("after")];
    for (const one of [before, big, after]) rig.federation.send(PAIR, one);
    const stream = await acceptExternal(rig.server, lab, limits(15_000));
    await stream.until(/before.*after/s);
    expect(big.returned).toEqual([refusal]);
    expect(stream.text).not.toContain("xxx");
    expect([...before.returned, ...after.returned]).toEqual([]);
  });

  test("sends back what comes while the stream stands", async () => {
    const rig = await start();
    rig.federation.send(PAIR, item("first"));
    const stream = await acceptExternal(rig.server, lab, limits(15_000));
    await stream.until(/first/);
    const [big, last] = [large("big"), item("last")];
    rig.federation.send(PAIR, big);
    rig.federation.send(PAIR, last);
    await stream.until(/last/);
    await eventually(() => big.returned.length > 0, "it comes back");
    expect(big.returned).toEqual([refusal]);
    expect(stream.text).not.toContain("xxx");
  });

  test.each([
    ["none", ""],
    ["no number", limits("-1")],
    ["a large one", limits(20_100)],
  ])("%s: all is sent", async (_, features) => {
    const rig = await start();
    const big = large("big");
    rig.federation.send(PAIR, big);
    const stream = await acceptExternal(rig.server, lab, features);
    await stream.until(/xxx<\/message>/);
    expect(big.returned).toEqual([]);
  });

  test("that was announced before authentication is not that of the stream: after EXTERNAL it is told anew", async () => {
    const rig = await start();
    rig.federation.send(PAIR, large("big"));
    const stream = await acceptExternal(rig.server, lab, "", limits(10_000));
    await stream.until(/xxx<\/message>/);
  });

  test("holds for its stream alone", async () => {
    const rig = await start();
    const big = large("big");
    rig.federation.send(PAIR, item("first"));
    const stream = await acceptExternal(rig.server, lab, limits(15_000));
    await stream.until(/first.*<ping /s);
    stream.write("</stream:stream>");
    await stream.closed();
    rig.federation.send(PAIR, big);
    const next = await acceptExternal(rig.server, lab, "");
    await next.until(/xxx<\/message>/);
    expect(big.returned).toEqual([]);
  });
});
