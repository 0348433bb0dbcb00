import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Method, NegotiationSettings } from "../../src/definition";
import { alice, bob, Federation, ourDomain, type TheirSide } from "./rig/federation";
import type { FederationMethod } from "./rig/prosody-log";
import { child } from "./rig/stanza";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";

interface Way extends NegotiationSettings {
  readonly row: number;
  /** What Prosody can. */
  readonly mode: TheirSide["mode"];
  readonly method: Method;
  readonly prosodysWord: FederationMethod;
}

/** Each method by a row that has it, with a Prosody that has nothing else. */
const ways: Way[] = [
  {
    row: 2,
    tls: "Required",
    sasl: "Required",
    dialback: false,
    mode: "external",
    method: "sasl-over-tls",
    prosodysWord: "external",
  },
  {
    row: 13,
    tls: "Required",
    sasl: "NotSupported",
    dialback: true,
    mode: "tls-dialback",
    method: "tls-dialback",
    prosodysWord: "tls-dialback",
  },
  {
    row: 17,
    tls: "NotSupported",
    sasl: "NotSupported",
    dialback: true,
    mode: "tcp-dialback",
    method: "tcp-dialback",
    prosodysWord: "tcp-dialback",
  },
];

describe.each(ways)("row $row, a partner by $method", ({ tls, sasl, dialback, mode, method, prosodysWord }) => {
  let federation: Federation;
  let juliet: XmppClient;
  const ours = () => federation.gateway.user(alice);

  beforeAll(async () => {
    const settings = { tlsNegotiation: tls, saslNegotiation: sasl, supportDialbackNegotiation: dialback };
    federation = await Federation.open({ partners: [{ domain: partner, partnerType: "Federated", ...settings }] }, [
      { domain: partner, mode },
    ]);
    juliet = await federation.login(`juliet@${partner}`);
  });
  afterAll(() => federation?.close());

  test("a message from them opens their stream", async () => {
    juliet.message(alice, "wherefore art thou <Alice> & 'Contoso'?", { id: "question" });
    const got = await ours().waitForMessage(juliet.fullJid, "wherefore art thou <Alice> & 'Contoso'?");
    expect(got).toMatchObject({ kind: "message", type: "chat", id: "question", from: juliet.fullJid });
    await federation.gateway.waitForEvent("stream-authenticated", { direction: "in", remote: partner, method });
    await expect(federation.prosody().waitForStream("outgoing", ourDomain)).resolves.toBe(prosodysWord);
  });

  test("a message from us opens ours", async () => {
    const id = await ours().message(juliet.jid, "by a name é 🌹 <&>");
    const got = await juliet.waitForMessage(alice, "by a name é 🌹 <&>");
    expect(got.attributes).toMatchObject({ id, type: "chat", to: juliet.jid });
    await federation.gateway.waitForEvent("stream-authenticated", { direction: "out", remote: partner, method });
    await expect(federation.prosody().waitForStream("incoming", ourDomain)).resolves.toBe(prosodysWord);
  });

  test("a subscription of theirs is answered, and our presence follows with its note", async () => {
    juliet.subscribe(alice);
    await juliet.waitForPresence(alice, "subscribed");
    await ours().waitForSubscription(juliet.jid, "watching");
    await ours().presence({ available: true, show: "away", status: "on the balcony" });
    const noted = await juliet.waitFor(
      "presence with a note",
      (stanza) => stanza.name === "presence" && child(stanza, "status")?.text === "on the balcony",
    );
    expect(noted.attributes.from?.split("/")[0]).toBe(alice);
    expect(child(noted, "show")?.text).toBe("away");
    await expect(juliet.contacts()).resolves.toEqual({ [alice]: "to" });
  });

  test("a subscription of ours is carried, and their presence follows with its note", async () => {
    const user = federation.gateway.user(bob);
    await user.addContact(juliet.jid);
    await juliet.waitForPresence(bob, "subscribe");
    juliet.accept(bob);
    await user.waitForSubscription(juliet.jid, "subscribed");
    juliet.presence({ show: "dnd", status: "dying" });
    await user.waitForPresence(juliet.fullJid, ({ show, status }) => show === "dnd" && status === "dying");
    await expect(user.contacts()).resolves.toEqual({ [juliet.jid]: "subscribed" });
  });

  test("a message to somebody unknown comes back under its id, from either side", async () => {
    juliet.message(`nobody@${ourDomain}`, "hello?", { id: "lost" });
    const error = await juliet.waitForError("lost");
    expect(error.attributes.from).toBe(`nobody@${ourDomain}`);
    expect(child(error, "error")?.children[0]?.name).toBe("service-unavailable");

    await ours().message(`nobody@${partner}`, "hello?", "lost-too");
    const entry = await ours().waitForError("lost-too");
    expect(entry).toMatchObject({ from: `nobody@${partner}`, error: { condition: "service-unavailable" } });
  });

  test("it went by that method and no other, in both directions, on both sides", async () => {
    const streams = await federation.gateway.streams(partner);
    expect(new Set(streams.map((stream) => `${stream.direction} ${stream.method}`))).toEqual(
      new Set([`in ${method}`, `out ${method}`]),
    );
    const methods = federation.gateway.events("stream-authenticated").map((event) => event.method);
    expect(new Set(methods)).toEqual(new Set([method]));
    expect(federation.gateway.events("stream-refused")).toEqual([]);
  });
});
