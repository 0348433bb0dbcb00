/** XEP-0288, element by element: what may be asked for when, and what may come back. */
import { describe, expect, test } from "@jest/globals";
import { partnerPolicy } from "../../../src/definition/facts/partner-policy";
import { MAXIMUM_REFUSED_PAIRS } from "../../../src/gateway/s2s/outbound-bidi";
import { stepOutbound } from "../../../src/gateway/s2s/outbound-machine";
import {
  newOutbound,
  type OutboundEffect,
  type OutboundEvent,
  type OutboundState,
  type Purpose,
} from "../../../src/gateway/s2s/outbound-state";
import type { Features } from "../../../src/stream/features";
import { featuresElement } from "../../../src/stream/features";
import {
  bidiNamespace,
  dialbackNamespace,
  limitsNamespace,
  saslNamespace,
  serverNamespace,
} from "../../../src/stream/namespaces";
import { type Element, xml } from "../../../src/stream/xml/element";
import { documentOf, LOCAL, partnerOfRow, REMOTE } from "../documents";
import {
  type Certificate,
  dbResult,
  external,
  header,
  headerWithout,
  InboundDriver,
  message,
  starttls,
} from "./inbound-driver";
import { ROWS } from "./rows";

const bidi = xml("bidi", bidiNamespace);

describe.each(ROWS)("row $row", ({ row, plain, good, bad }) => {
  const stream = (certificate: Certificate = "good") =>
    new InboundDriver({ policy: partnerPolicy(documentOf([partnerOfRow(row)])), certificate });

  test("in plain it is offered only where the row has no TLS", () => {
    expect(stream().open().features?.bidi ?? false).toBe(!plain.includes("starttls"));
  });

  if (good !== undefined)
    test("over TLS it is offered to a good certificate, and to a bad one only where dialback is", () => {
      expect(stream().secure().features?.bidi ?? false).toBe(true);
      expect(stream("bad").secure().features?.bidi ?? false).toBe(bad === "dialback");
    });
});

test("where a certificate is asked for whatever the method, a bad one is offered nothing", () => {
  const row = partnerOfRow(7, { certificateRequired: true });
  const driver = new InboundDriver({ policy: partnerPolicy(documentOf([row])), certificate: "bad" }).secure();
  expect(driver.features).toEqual({ dialback: { errors: true } });
});

describe("a peer asks", () => {
  const opened = () => new InboundDriver({ policy: partnerPolicy(documentOf([partnerOfRow(7)])) });
  const plainOnly = () => new InboundDriver({ policy: partnerPolicy(documentOf([partnerOfRow(17)])) });

  test("once, after TLS and before it authenticates: nothing is answered", () => {
    const driver = opened().secure().send(bidi);
    expect([driver.effects, driver.state.bidi]).toEqual([[], {}]);
    expect(driver.send(external()).done).toEqual(["authenticated", "saslSuccess"]);
    expect(driver.open().features).not.toHaveProperty("bidi");
    expect(driver.state.bidi).toEqual({});
  });

  test("and says what it takes", () => {
    const limits = xml("limits", limitsNamespace, {}, xml("max-bytes", limitsNamespace, {}, "20000"));
    expect(
      opened()
        .secure()
        .send(xml("bidi", bidiNamespace, {}, limits)).state.bidi,
    ).toEqual({ maxBytes: 20_000 });
  });

  test.each<[string, () => InboundDriver]>([
    ["before TLS, on a row that has it", () => opened().open()],
    ["without saying who it is", () => opened().open(headerWithout("from"))],
    ["on a stream without features", () => plainOnly().open(header({ versioned: false }))],
    ["twice", () => opened().secure().send(bidi)],
    ["after EXTERNAL", () => opened().secure().send(external()).open()],
    ["while a dialback key is being verified", () => plainOnly().open().send(dbResult())],
    [
      "after dialback",
      () =>
        plainOnly()
          .open()
          .send(dbResult())
          .step({ type: "dialback", pair: { local: LOCAL, remote: REMOTE }, result: { outcome: "valid" } }),
    ],
  ])("%s: the stream ends", (_, until) => {
    const driver = until();
    expect(driver.refusal).toBeUndefined();
    expect(driver.send(bidi).refusal).toBe("policy-violation");
  });

  test("in plain: what it asked is of no use after that for TLS, which the row has not", () => {
    expect(plainOnly().open().send(bidi).send(starttls).done).toEqual(["tlsFailure", "close"]);
  });

  test("and sends stanzas before it has authenticated", () => {
    expect(opened().secure().send(bidi).send(message()).refusal).toBe("not-authorized");
  });
});

class Outbound {
  state: OutboundState;
  effects: readonly OutboundEffect[] = [];
  constructor(
    readonly row = partnerOfRow(7),
    purpose: Purpose = { kind: "stanzas" },
  ) {
    this.state = newOutbound({ local: LOCAL, remote: REMOTE }, purpose);
  }
  step(event: OutboundEvent): this {
    ({ state: this.state, effects: this.effects } = stepOutbound(this.state, event, this.row));
    return this;
  }
  send(element: Element): this {
    return this.step({ type: "element", element });
  }
  greet(features: Features): this {
    const peer = { from: REMOTE, to: LOCAL, id: "peer-1", versioned: true, dialback: true };
    return this.step({ type: "header", header: peer }).send(featuresElement(features));
  }
  secure(features: Features, ok = true): this {
    this.greet({ starttls: "required" }).send(xml("proceed", "urn:ietf:params:xml:ns:xmpp-tls"));
    return this.step({ type: "secured", certificate: ok ? { ok } : { ok: false, reason: "untrusted" } }).greet(
      features,
    );
  }
  authenticated(features: Features = {}): this {
    return this.secure({ mechanisms: ["EXTERNAL"], bidi: true })
      .send(xml("success", saslNamespace))
      .greet(features);
  }
  get done(): string[] {
    return this.effects.map((effect) => effect.do);
  }
  get refusal(): string | undefined {
    return this.effects.flatMap((effect) => (effect.do === "refuse" ? [effect.error.condition as string] : []))[0];
  }
}
const back = (from = `ann@${REMOTE}`, to = `alice@${LOCAL}`, ns = serverNamespace) => message(from, to, ns);
const unasked = () =>
  new Outbound()
    .secure({ mechanisms: ["EXTERNAL"] })
    .send(xml("success", saslNamespace))
    .greet({});
const EXTERNAL = { mechanisms: ["EXTERNAL"], bidi: true } as const;
const DIALBACK = { dialback: { errors: true }, bidi: true } as const;

describe("we ask", () => {
  test("before EXTERNAL, and before dialback over TLS", () => {
    expect(new Outbound().secure(EXTERNAL).done).toEqual(["bidi", "external"]);
    expect(new Outbound().secure(DIALBACK, false).done).toContain("bidi");
    expect(new Outbound().secure(DIALBACK, false).done.at(-1)).toBe("dialback");
  });

  test("in plain only where the row has no TLS", () => {
    expect(new Outbound(partnerOfRow(17)).greet(DIALBACK).done).toEqual(["understandsErrors", "bidi", "dialback"]);
    expect(new Outbound(partnerOfRow(9)).greet(DIALBACK).done).toEqual(["understandsErrors", "dialback"]);
  });

  test("never unoffered, nor to verify a key, nor once authenticated", () => {
    expect(new Outbound().secure({ mechanisms: ["EXTERNAL"] }).done).toEqual(["external"]);
    const verify = new Outbound(partnerOfRow(7), { kind: "verify", id: "their-stream", key: "key" }).secure(DIALBACK);
    expect(verify.done).toEqual(["understandsErrors", "verify"]);
    const late = new Outbound().secure({ mechanisms: ["EXTERNAL"] }).send(xml("success", saslNamespace));
    expect(late.greet({ bidi: true }).done).toEqual(["ready"]);
    expect(late.state.bidi).toBe(false);
  });

  test("once, though EXTERNAL is refused and dialback follows", () => {
    const stream = new Outbound().secure({ ...EXTERNAL, dialback: { errors: false } });
    expect(stream.send(xml("failure", saslNamespace, {}, xml("not-authorized", saslNamespace))).done).toEqual([
      "dialback",
    ]);
    const valid = xml("result", dialbackNamespace, { from: REMOTE, to: LOCAL, type: "valid" });
    expect(stream.send(valid).send(back()).done).toEqual(["stanza"]);
  });
});

describe("what comes back", () => {
  test("passes once we are authenticated, also before stream management is", () => {
    expect(new Outbound().authenticated().send(back()).done).toEqual(["stanza"]);
    expect(new Outbound().authenticated({ management: true }).send(back()).done).toEqual(["stanza"]);
  });

  test.each<[string, () => Outbound]>([
    ["before authentication", () => new Outbound().secure(EXTERNAL)],
    ["between <success/> and the features", () => new Outbound().secure(EXTERNAL).send(xml("success", saslNamespace))],
    ["while our key is verified", () => new Outbound(partnerOfRow(13)).secure(DIALBACK)],
  ])("%s, ends the stream", (_, until) => {
    expect(until().send(back()).refusal).toBe("not-authorized");
  });

  test.each([
    ["from another domain", back("ann@other.example"), "invalid-from"],
    ["from one of ours", back(`bob@${LOCAL}`), "invalid-from"],
    ["for another domain", back(undefined, "alice@other.example"), "improper-addressing"],
    ["without from", xml("message", serverNamespace, { to: `alice@${LOCAL}` }), "improper-addressing"],
    ["of another namespace", back(undefined, undefined, "jabber:client"), "invalid-namespace"],
  ])("%s ends the stream", (_, stanza, condition) => {
    const stream = new Outbound().authenticated().send(stanza);
    expect([stream.refusal, stream.state.phase]).toEqual([condition, "closed"]);
  });

  test("unasked, is no business of ours", () => {
    expect(unasked().send(back()).done).toEqual([]);
  });
});

describe("a db:result of the peer's on our stream", () => {
  const OTHER = "it.fabrikam.example";
  const ask = (from = OTHER, to = LOCAL, more = {}) => xml("result", dialbackNamespace, { from, to, ...more }, "key");

  test("for another pair is refused, and the stream goes on", () => {
    const stream = new Outbound().authenticated().send(ask());
    expect(stream.effects).toEqual([{ do: "answerPair", pair: { local: LOCAL, remote: OTHER }, valid: false }]);
    expect(stream.send(ask(REMOTE, "contoso.net")).effects).toEqual([
      { do: "answerPair", pair: { local: "contoso.net", remote: REMOTE }, valid: false },
    ]);
    expect(stream.send(back()).done).toEqual(["stanza"]);
    expect(stream.send(back(`ann@${OTHER}`)).refusal).toBe("invalid-from");
  });

  test("for the stream's own pair is valid: it is authenticated", () => {
    const stream = new Outbound().authenticated().send(ask("Fabrikam.EXAMPLE"));
    expect(stream.effects).toEqual([{ do: "answerPair", pair: { local: LOCAL, remote: REMOTE }, valid: true }]);
  });

  test.each<[string, () => Outbound, Element]>([
    ["before authentication", () => new Outbound().secure(EXTERNAL), ask()],
    ["while our key is verified", () => new Outbound(partnerOfRow(13)).secure(DIALBACK), ask()],
    ["where nobody asked for both directions", () => unasked(), ask()],
    ["with no domains to answer", () => new Outbound().authenticated(), xml("result", dialbackNamespace)],
    ["with a user in its from", () => new Outbound().authenticated(), ask(`ann@${OTHER}`)],
    [
      "as an answer that we did not ask for",
      () => new Outbound().authenticated(),
      ask(OTHER, LOCAL, { type: "valid" }),
    ],
  ])("%s, is not answered", (_, until, element) => {
    const stream = until();
    const { state } = stream;
    expect([stream.send(element).effects, stream.state]).toEqual([[], state]);
  });

  test("is answered so many times on one stream", () => {
    const stream = new Outbound().authenticated();
    for (let asked = 0; asked < MAXIMUM_REFUSED_PAIRS; asked++) expect(stream.send(ask()).done).toEqual(["answerPair"]);
    expect(stream.send(ask()).done).toEqual([]);
    expect(stream.send(ask(REMOTE)).done).toEqual(["answerPair"]);
    expect(stream.send(back()).done).toEqual(["stanza"]);
  });
});
