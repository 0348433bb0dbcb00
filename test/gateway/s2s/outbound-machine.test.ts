import { describe, expect, test } from "@jest/globals";
import type { DocumentPartner } from "../../../src/definition/facts/gateway-document";
import { stepOutbound } from "../../../src/gateway/s2s/outbound-machine";
import {
  newOutbound,
  type OutboundEffect,
  type OutboundEvent,
  type OutboundState,
  type Purpose,
} from "../../../src/gateway/s2s/outbound-state";
import { featuresElement } from "../../../src/stream/features";
import type { ServerHeader } from "../../../src/stream/header";
import {
  dialbackNamespace,
  saslNamespace,
  serverNamespace,
  stanzaErrorsNamespace,
  streamsNamespace,
  tlsNamespace,
} from "../../../src/stream/namespaces";
import { streamErrorElement } from "../../../src/stream/stream-error";
import { type Element, xml } from "../../../src/stream/xml/element";
import { LOCAL, partnerOfRow, REMOTE } from "../documents";
import { ROWS } from "./rows";

const header = (more: Partial<ServerHeader> = {}): ServerHeader => ({
  from: REMOTE,
  to: LOCAL,
  id: "peer-1",
  versioned: true,
  dialback: false,
  ...more,
});
const GOOD = { ok: true } as const;
const BAD = { ok: false, reason: "untrusted: no path" } as const;

interface Offers {
  readonly starttls?: "required" | "optional" | undefined;
  readonly external?: boolean;
  readonly dialback?: boolean;
}
const features = ({ starttls, external = false, dialback = false }: Offers) =>
  featuresElement({
    ...(starttls === undefined ? {} : { starttls }),
    mechanisms: external ? ["EXTERNAL"] : [],
    ...(dialback ? { dialback: { errors: false } } : {}),
  });

class Driver {
  state: OutboundState;
  effects: readonly OutboundEffect[] = [];
  /** Everything done so far. */
  readonly all: OutboundEffect[] = [];
  constructor(
    readonly row: DocumentPartner,
    purpose: Purpose = { kind: "stanzas" },
  ) {
    this.state = newOutbound({ local: LOCAL, remote: REMOTE }, purpose);
  }
  step(event: OutboundEvent): this {
    const { state, effects } = stepOutbound(this.state, event, this.row);
    this.state = state;
    this.effects = effects;
    this.all.push(...effects);
    return this;
  }
  send(element: Element): this {
    return this.step({ type: "element", element });
  }
  greet(offers: Offers, more: Partial<ServerHeader> = {}): this {
    return this.step({ type: "header", header: header(more) }).send(features(offers));
  }
  secure(certificate: typeof GOOD | typeof BAD): this {
    return this.send(xml("proceed", tlsNamespace)).step({ type: "secured", certificate });
  }
  /** What was chosen, or the code of the failure. */
  get choice(): string {
    const last = this.effects.at(-1);
    return last === undefined ? "nothing" : last.do === "fail" ? last.failure.code : last.do;
  }
}
const failed = (effects: readonly OutboundEffect[]) =>
  effects.flatMap((effect) => (effect.do === "fail" ? [effect.failure] : []))[0];
const result = (type: string | undefined, more: Record<string, string> = {}, ...children: Element[]) =>
  xml("result", dialbackNamespace, { from: REMOTE, to: LOCAL, type, ...more }, ...children);

const PLAIN_OFFERS = [undefined, "optional", "required"].flatMap((starttls) =>
  [false, true].map((dialback) => ({ starttls: starttls as Offers["starttls"], dialback })),
);
const TLS_OFFERS = [GOOD, BAD].flatMap((certificate) =>
  [false, true].flatMap((external) => [false, true].map((dialback) => ({ certificate, external, dialback }))),
);

describe.each(ROWS)("row $row", ({ row, methods, good }) => {
  const policy = partnerOfRow(row);
  const hasTls = good !== undefined;
  const hasTcp = methods.includes("tcp-dialback");
  const hasTlsDialback = methods.includes("tls-dialback");
  const hasSasl = methods.includes("sasl-over-tls");

  test.each(PLAIN_OFFERS)("plain, offered STARTTLS $starttls, dialback $dialback", ({ starttls, dialback }) => {
    const expected =
      hasTls && starttls !== undefined
        ? "starttls"
        : hasTcp && dialback && starttls !== "required"
          ? "dialback"
          : "no-common-method";
    expect(new Driver(policy).greet({ starttls, dialback }).choice).toBe(expected);
  });

  test("EXTERNAL offered in plain is never taken", () => {
    expect(new Driver(policy).greet({ external: true }).choice).toBe("no-common-method");
  });

  test.each([true, false])("a peer without version, dialback declared: %s", (dialback) => {
    const driver = new Driver(policy).step({ type: "header", header: header({ versioned: false, dialback }) });
    expect(driver.choice).toBe(hasTcp && dialback ? "dialback" : "no-common-method");
  });

  if (!hasTls) return;

  test.each(TLS_OFFERS)(
    "TLS, certificate $certificate.ok, offered EXTERNAL $external, dialback $dialback",
    ({ certificate, external, dialback }) => {
      const driver = new Driver(policy).greet({ starttls: "optional", dialback: true }).secure(certificate);
      if (!certificate.ok && !hasTlsDialback) {
        expect(driver.choice).toBe("certificate-refused"); // and not even a header is sent
        return;
      }
      expect(driver.effects).toEqual([{ do: "open" }]);
      driver.greet({ external, dialback });
      const expected =
        certificate.ok && external && hasSasl
          ? "external"
          : hasTlsDialback && dialback
            ? "dialback"
            : "no-common-method";
      expect(driver.choice).toBe(expected);
    },
  );

  test("STARTTLS that fails after its offer never falls back to plain", () => {
    const driver = new Driver(policy).greet({ starttls: "optional", dialback: true });
    expect(driver.send(xml("failure", tlsNamespace)).choice).toBe("tls-failed");
    expect(driver.all.map((effect) => effect.do)).toEqual(["starttls", "fail"]);
  });

  if (!hasSasl) return;

  test.each([true, false])("after <failure/> to EXTERNAL, dialback offered: %s", (dialback) => {
    const driver = new Driver(policy).greet({ starttls: "required" }).secure(GOOD).greet({ external: true, dialback });
    driver.send(xml("failure", saslNamespace, {}, xml("not-authorized", saslNamespace)));
    expect(driver.choice).toBe(hasTlsDialback && dialback ? "dialback" : "authentication-refused");
  });

  test("EXTERNAL succeeds: a new header, its features, and ready", () => {
    const driver = new Driver(policy).greet({ starttls: "required" }).secure(GOOD).greet({ external: true });
    expect(driver.send(xml("success", saslNamespace)).effects).toEqual([{ do: "open" }]);
    expect(driver.greet({}).effects).toEqual([{ do: "ready", method: "sasl-over-tls" }]);
  });
});

describe("what a peer offers", () => {
  test("an empty list of mechanisms is none", () => {
    const driver = new Driver(partnerOfRow(1)).greet({ starttls: "required" }).secure(GOOD);
    driver.step({ type: "header", header: header() });
    driver.send(xml("features", streamsNamespace, {}, xml("mechanisms", saslNamespace)));
    expect(failed(driver.effects)).toMatchObject({ code: "no-common-method" });
  });

  test("dialback declared in the header alone is dialback", () => {
    expect(new Driver(partnerOfRow(17)).greet({}, { dialback: true }).choice).toBe("dialback");
  });

  test("dialback declared before TLS does not count after it", () => {
    const driver = new Driver(partnerOfRow(13)).greet({ starttls: "required", dialback: true }, { dialback: true });
    expect(driver.secure(GOOD).greet({}).choice).toBe("no-common-method");
  });

  test("announced dialback errors are remembered", () => {
    const driver = new Driver(partnerOfRow(17)).step({ type: "header", header: header() });
    driver.send(featuresElement({ dialback: { errors: true } }));
    expect(driver.effects.map((effect) => effect.do)).toEqual(["understandsErrors", "dialback"]);
  });
});

describe("dialback as initiator", () => {
  const asked = () => new Driver(partnerOfRow(17)).greet({ dialback: true });

  test("uses the id of the peer's header", () => {
    expect(asked().effects).toEqual([{ do: "dialback", streamId: "peer-1" }]);
  });

  test("uses the id given after TLS, never the plain one", () => {
    const driver = new Driver(partnerOfRow(13)).greet({ starttls: "required" }).secure(GOOD);
    expect(driver.greet({ dialback: true }, { id: "peer-2" }).effects.at(-1)).toEqual({
      do: "dialback",
      streamId: "peer-2",
    });
    const without = new Driver(partnerOfRow(13)).greet({ starttls: "required" }).secure(GOOD);
    const { id: _, ...headerWithoutId } = header();
    without.step({ type: "header", header: headerWithoutId }).send(features({ dialback: true }));
    expect(without.choice).toBe("protocol");
  });

  test.each(["a b", "", "x".repeat(257), "a\tb"])("makes no key for the id %j", (id) => {
    expect(new Driver(partnerOfRow(17)).greet({ dialback: true }, { id }).choice).toBe("protocol");
  });

  test("is ready on valid", () => {
    expect(asked().send(result("valid")).effects).toEqual([{ do: "ready", method: "tcp-dialback" }]);
  });

  const error = (condition: string) =>
    xml("error", serverNamespace, { type: "cancel" }, xml(condition, stanzaErrorsNamespace));
  test.each([
    ["invalid", result("invalid"), "dialback-refused"],
    ["an error that lasts", result("error", {}, error("policy-violation")), "dialback-refused"],
    ["an error that passes", result("error", {}, error("remote-server-timeout")), "dialback-failed"],
    ["an error without a condition", result("error"), "dialback-refused"],
  ])("fails on %s", (_, answer, code) => {
    expect(asked().send(answer).choice).toBe(code);
  });

  test.each([
    ["from another domain", result("valid", { from: "evil.example" })],
    ["from a subdomain", result("valid", { from: `sub.${REMOTE}` })],
    ["to another domain of ours", result("valid", { to: "other.contoso.example" })],
    ["without from", xml("result", dialbackNamespace, { to: LOCAL, type: "valid" })],
    ["without type", result(undefined)],
    ["of another element", xml("verify", dialbackNamespace, { from: REMOTE, to: LOCAL, type: "valid", id: "peer-1" })],
  ])("ignores an answer %s", (_, answer) => {
    const driver = asked().send(answer);
    expect(driver.effects).toEqual([]);
    expect(driver.state.authenticated).toBe(false);
  });

  test("ignores a valid that comes before the key is sent", () => {
    const driver = new Driver(partnerOfRow(17)).step({ type: "header", header: header() }).send(result("valid"));
    expect(driver.effects).toEqual([]);
    expect(driver.state.phase).toBe("features");
  });
});

describe("a verify stream", () => {
  const purpose: Purpose = { kind: "verify", id: "our-1", key: "abc" };
  const answer = (type: string | undefined, more: Record<string, string> = {}) =>
    xml("verify", dialbackNamespace, { from: REMOTE, to: LOCAL, id: "our-1", type, ...more });

  test.each(ROWS.filter(({ methods }) => methods.some((method) => method !== "sasl-over-tls")))(
    "follows row $row's TLS and never authenticates by EXTERNAL",
    ({ row, good, methods }) => {
      const driver = new Driver(partnerOfRow(row), purpose);
      driver.greet({ starttls: good === undefined ? undefined : "optional", dialback: true });
      if (good !== undefined) {
        expect(driver.choice).toBe("starttls");
        driver.secure(GOOD).greet({ external: true, dialback: true });
      }
      expect(driver.effects).toEqual([{ do: "verify", id: "our-1", key: "abc" }]);
      expect(methods).toContain(driver.state.method);
    },
  );

  test("needs STARTTLS where the row needs TLS", () => {
    expect(new Driver(partnerOfRow(7), purpose).greet({ dialback: true }).choice).toBe("no-common-method");
  });

  const asked = () => new Driver(partnerOfRow(17), purpose).greet({ dialback: true });

  test.each([
    ["valid", true],
    ["invalid", false],
    ["error", false],
  ])("takes %s as its answer", (type, valid) => {
    expect(asked().send(answer(type)).effects).toEqual([{ do: "verified", valid }]);
  });

  test.each([
    ["with another id", answer("valid", { id: "our-2" })],
    ["from another domain", answer("valid", { from: "evil.example" })],
    ["to another domain", answer("valid", { to: "other.contoso.example" })],
    ["without type", answer(undefined)],
    ["as db:result", result("valid", { id: "our-1" })],
  ])("ignores an answer %s", (_, given) => {
    expect(asked().send(given).effects).toEqual([]);
  });

  test("ignores a second answer", () => {
    expect(asked().send(answer("invalid")).send(answer("valid")).effects).toEqual([]);
  });
});

test.each([
  ["host-unknown", { code: "peer-error", condition: "host-unknown" }],
  ["system-shutdown", { code: "peer-error", condition: "system-shutdown" }],
] as const)("a stream error %s of the peer ends it", (condition, failure) => {
  const driver = new Driver(partnerOfRow(1)).greet({ starttls: "required" });
  expect(failed(driver.send(streamErrorElement({ condition, text: "why" })).effects)).toMatchObject(failure);
  expect(driver.send(xml("proceed", tlsNamespace)).effects).toEqual([]);
});

test("stanzas against a stream's direction are ignored", () => {
  const driver = new Driver(partnerOfRow(17)).greet({ dialback: true }).send(result("valid"));
  expect(driver.send(xml("message", serverNamespace, { from: REMOTE, to: LOCAL })).effects).toEqual([]);
});

describe("where the certificate is required", () => {
  const policy = { ...partnerOfRow(1), methods: ["sasl-over-tls", "tls-dialback"], certificateRequired: true } as const;

  test("a bad one ends the stream before anything is sent, although dialback would do", () => {
    const driver = new Driver(policy).greet({ starttls: "required" });
    expect(driver.secure(BAD).choice).toBe("certificate-refused");
    expect(driver.effects.map((effect) => effect.do)).toEqual(["fail"]);
  });

  test("a good one lets dialback be where EXTERNAL is not offered", () => {
    const driver = new Driver(policy).greet({ starttls: "required" }).secure(GOOD).greet({ dialback: true });
    expect(driver.choice).toBe("dialback");
  });
});
