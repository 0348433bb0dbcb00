import { describe, expect, test } from "@jest/globals";
import { partnerPolicy } from "../../../src/definition/facts/partner-policy";
import type { Features } from "../../../src/stream/features";
import { dialbackNamespace, saslNamespace, streamsNamespace } from "../../../src/stream/namespaces";
import { xml } from "../../../src/stream/xml/element";
import { documentOf, LOCAL, partner, partnerOfRow, REMOTE } from "../documents";
import {
  type Certificate,
  type DriverOptions,
  dbResult,
  dbVerify,
  external,
  header,
  headerWithout,
  InboundDriver,
  iq,
  message,
  presence,
  starttls,
} from "./inbound-driver";
import { type Offer, ROWS } from "./rows";

const policyOf = (row: number) => partnerPolicy(documentOf([partnerOfRow(row)]));
const stream = (row: number, options: DriverOptions = {}) => new InboundDriver({ policy: policyOf(row), ...options });

function offerOf({ starttls, mechanisms = [], dialback }: Features): string {
  const parts = [
    ...(starttls === undefined ? [] : [starttls === "required" ? "starttls!" : "starttls?"]),
    ...mechanisms,
    ...(dialback === undefined ? [] : ["dialback"]),
  ];
  return parts.join(" ");
}

describe.each(ROWS)("row $row, plain", ({ row, plain }) => {
  const opened = (options: DriverOptions = {}) => stream(row, options).open();
  const hasDialback = plain.includes("dialback");

  test(`announces ${plain}`, () => {
    const driver = opened();
    expect(driver.done).toEqual(["open", "features"]);
    expect(offerOf(driver.features!)).toBe(plain);
  });

  test("takes STARTTLS only if it was announced", () => {
    const driver = opened().send(starttls);
    expect(driver.done).toEqual(plain.includes("starttls") ? ["proceed"] : ["tlsFailure", "close"]);
  });

  test("answers EXTERNAL with encryption-required and stays open", () => {
    const driver = opened().send(external());
    expect(driver.effects[0]).toEqual({ do: "saslFailure", condition: "encryption-required" });
    expect(driver.refusal).toBeUndefined();
    expect(driver.state.pairs.size).toBe(0);
  });

  test(`${hasDialback ? "verifies" : "refuses"} db:result`, () => {
    const driver = opened().send(dbResult());
    if (hasDialback) {
      expect(driver.effects).toEqual([{ do: "verify", pair: { local: LOCAL, remote: REMOTE }, key: "key" }]);
      driver.step({ type: "dialback", pair: { local: LOCAL, remote: REMOTE }, result: { outcome: "valid" } });
      expect([...driver.state.pairs]).toEqual([[`${LOCAL} ${REMOTE}`, "tcp-dialback"]]);
    } else expect(driver.refusal).toBe("policy-violation");
  });

  test.each([true, false])(`${hasDialback ? "answers" : "refuses"} db:verify (own key: %s)`, (isOwnKey) => {
    const driver = opened({ isOwnKey: () => isOwnKey }).send(dbVerify());
    if (hasDialback)
      expect(driver.effects).toEqual([
        {
          do: "verifyResult",
          pair: { local: LOCAL, remote: REMOTE },
          id: "id-1",
          result: { type: isOwnKey ? "valid" : "invalid" },
        },
      ]);
    else expect(driver.refusal).toBe("policy-violation");
  });

  test.each([message(), presence(), iq()])("refuses a stanza ($name)", (stanza) => {
    expect(opened().send(stanza).refusal).toBe("not-authorized");
  });
});

const OVER_TLS = ROWS.filter((row) => row.good !== undefined).flatMap(({ row, methods, good, bad }) =>
  (
    [
      ["good", good],
      ["bad", bad],
      ["none", bad],
    ] as [Certificate, Offer][]
  ).map(([certificate, offer]) => ({ row, methods, certificate, offer })),
);

describe.each(OVER_TLS)("row $row, TLS, certificate $certificate", ({ row, methods, certificate, offer }) => {
  const opened = (options: DriverOptions = {}) => stream(row, { certificate, ...options }).secure();

  test(`announces ${offer}`, () => {
    const driver = opened();
    if (offer === "closed") {
      expect(driver.refusal).toBe("not-authorized");
      expect(driver.done).toEqual(["open", "close"]);
    } else expect(offerOf(driver.features!)).toBe(offer);
  });

  if (offer === "closed") return;

  test("refuses a second STARTTLS", () => {
    expect(opened().send(starttls).refusal).toBe("policy-violation");
  });

  test("takes EXTERNAL only if it was announced", () => {
    const driver = opened().send(external());
    if (offer.includes("EXTERNAL")) {
      expect(driver.done).toEqual(["authenticated", "saslSuccess"]);
      expect([...driver.state.pairs]).toEqual([[`${LOCAL} ${REMOTE}`, "sasl-over-tls"]]);
      expect(offerOf(driver.open().features!)).toBe("");
    } else {
      const condition = methods.includes("sasl-over-tls") ? "not-authorized" : "invalid-mechanism";
      expect(driver.effects[0]).toEqual({ do: "saslFailure", condition });
      expect(driver.state.pairs.size).toBe(0);
    }
  });

  test("takes db:result only if dialback was announced", () => {
    const driver = opened().send(dbResult());
    if (offer.includes("dialback")) {
      expect(driver.done).toEqual(["verify"]);
      driver.step({ type: "dialback", pair: { local: LOCAL, remote: REMOTE }, result: { outcome: "valid" } });
      expect([...driver.state.pairs]).toEqual([[`${LOCAL} ${REMOTE}`, "tls-dialback"]]);
    } else {
      expect(driver.effects[0]).toMatchObject({ do: "dialbackResult", result: { type: "invalid" } });
      expect(driver.state.pairs.size).toBe(0);
    }
  });

  test.each([
    ["an error to those who understand it", true, { type: "error", condition: "policy-violation" }],
    ["invalid to the others", false, { type: "invalid" }],
  ])("refuses db:result and db:verify without dialback by %s", (_, understands, result) => {
    if (offer.includes("dialback")) {
      expect(opened({ isOwnKey: () => true }).send(dbVerify()).effects[0]).toMatchObject({ result: { type: "valid" } });
      return;
    }
    const options = { understandsErrors: () => understands, isOwnKey: () => true };
    expect(opened(options).send(dbResult()).effects[0]).toMatchObject({ do: "dialbackResult", result });
    expect(opened(options).send(dbVerify()).effects[0]).toMatchObject({ do: "verifyResult", id: "id-1", result });
  });

  test.each([message(), presence(), iq()])("refuses a stanza before authentication ($name)", (stanza) => {
    expect(opened().send(stanza).refusal).toBe("not-authorized");
  });
});

describe("the stream header", () => {
  test.each([
    ["no to", headerWithout("to"), "improper-addressing"],
    ["a to that is no domain", header({ to: `alice@${LOCAL}` }), "improper-addressing"],
    ["an unknown to", header({ to: "unknown.example" }), "host-unknown"],
    ["a from that is no domain", header({ from: "a b" }), "improper-addressing"],
    ["an address as from", header({ from: `ann@${REMOTE}` }), "improper-addressing"],
    ["a from of ours", header({ from: LOCAL }), "not-authorized"],
    ["a from of ours in other letters", header({ from: "CONTOSO.example." }), "not-authorized"],
    ["an unlisted from", header({ from: "unlisted.example" }), "policy-violation"],
    ["a subdomain of a partner", header({ from: `sub.${REMOTE}` }), "policy-violation"],
  ])("with %s is refused after our own header, before features", (_, what, condition) => {
    const driver = new InboundDriver().open(what);
    expect(driver.done).toEqual(["open", "close"]);
    expect(driver.refusal).toBe(condition);
  });

  test.each([
    ["with other letters and a final dot", header({ to: "CONTOSO.Example.", from: "Fabrikam.EXAMPLE" })],
    ["in another width", header({ from: "ｆａｂｒｉｋａｍ.example" })],
  ])("%s is prepared before it is compared", (_, what) => {
    const driver = new InboundDriver().open(what);
    expect(driver.state).toMatchObject({ phase: "open", local: LOCAL, remote: REMOTE });
    expect(driver.effects[0]).toMatchObject({ do: "open", from: LOCAL, to: REMOTE });
  });

  test("without from is offered STARTTLS alone, and after it from must name a partner", () => {
    const driver = new InboundDriver().open(headerWithout("from"));
    expect(driver.features).toEqual({ starttls: "required" });
    driver.send(starttls).step({ type: "secured" });
    expect(driver.open(headerWithout("from")).refusal).toBe("improper-addressing");
  });

  test("without from and then with one goes on as that partner", () => {
    const driver = new InboundDriver().open(headerWithout("from")).send(starttls).step({ type: "secured" }).open();
    expect(driver.features).toEqual({ mechanisms: ["EXTERNAL"], bidi: true });
  });

  test.each([
    ["from", header({ from: "it.fabrikam.example" })],
    ["to", header({ to: "other.contoso.example" })],
  ])("may not change its %s after TLS", (_, changed) => {
    const document = documentOf([partner({ domains: [REMOTE, "it.fabrikam.example"] })], {
      localDomains: [LOCAL, "other.contoso.example"],
    });
    const driver = new InboundDriver({ policy: partnerPolicy(document) }).open().send(starttls);
    expect(driver.step({ type: "secured" }).open(changed).refusal).toBe("improper-addressing");
  });

  test("keeps a partner to the local domains it may talk to", () => {
    const document = documentOf([partner({ localDomains: ["other.contoso.example"] })], {
      localDomains: [LOCAL, "other.contoso.example"],
    });
    expect(new InboundDriver({ policy: partnerPolicy(document) }).open().refusal).toBe("policy-violation");
  });

  test.each(ROWS)("without version: row $row only with TCP dialback", ({ row, methods }) => {
    const driver = stream(row).open(headerWithout("versioned"));
    if (methods.includes("tcp-dialback")) {
      expect(driver.effects).toEqual([{ do: "open", from: LOCAL, to: REMOTE, versioned: false }]);
      expect(driver.send(dbResult()).done).toEqual(["verify"]);
    } else expect(driver.refusal).toBe("unsupported-version");
  });

  test.each(ROWS)("without version and from: row $row comes with db:result or db:verify", ({ row, methods }) => {
    for (const element of [dbResult(), dbVerify()]) {
      const driver = stream(row).open(headerWithout("versioned", "from"));
      expect(driver.done).toEqual(["open"]);
      driver.send(element);
      if (methods.includes("tcp-dialback")) expect(driver.refusal).toBeUndefined();
      else expect(driver.refusal).toBe("unsupported-version");
    }
  });

  test("without version cannot start TLS", () => {
    expect(stream(9).open(headerWithout("versioned")).send(starttls).done).toEqual(["tlsFailure", "close"]);
  });

  test("needs version 1.0 after TLS", () => {
    const driver = stream(9).open().send(starttls).step({ type: "secured" });
    expect(driver.open(headerWithout("versioned")).refusal).toBe("unsupported-version");
  });
});

describe("SASL EXTERNAL", () => {
  const secured = (options: DriverOptions = {}) => stream(7, options).secure();

  test.each([
    ["the domain", REMOTE],
    ["the domain in other letters", "FABRIKAM.example"],
    ["= for the same", "="],
  ])("accepts %s as authorisation identity", (_, authzid) => {
    expect(secured().send(external(authzid)).done).toContain("saslSuccess");
  });
  test("accepts an empty one", () => {
    expect(secured().send(xml("auth", saslNamespace, { mechanism: "EXTERNAL" })).done).toContain("saslSuccess");
  });

  test.each([
    ["another domain", external("evil.example")],
    ["a user of the domain", external(`ann@${REMOTE}`)],
    ["a subdomain", external(`sub.${REMOTE}`)],
    ["what is no base64", xml("auth", saslNamespace, { mechanism: "EXTERNAL" }, "%%%")],
    ["more than a name", external("a".repeat(3000))],
  ])("refuses %s", (_, auth) => {
    const driver = secured().send(auth);
    expect(driver.effects[0]).toEqual({ do: "saslFailure", condition: "invalid-authzid" });
    expect(driver.state.pairs.size).toBe(0);
  });

  test("refuses other mechanisms", () => {
    expect(secured().send(external(REMOTE, "PLAIN")).effects[0]).toEqual({
      do: "saslFailure",
      condition: "invalid-mechanism",
    });
  });

  test("gives five tries, then closes", () => {
    const driver = secured();
    for (let attempt = 1; attempt < 5; attempt++) expect(driver.send(external("evil.example")).refusal).toBeUndefined();
    expect(driver.send(external("evil.example")).refusal).toBe("policy-violation");
  });

  test("lets dialback follow a failure", () => {
    expect(secured().send(external("evil.example")).send(dbResult()).done).toEqual(["verify"]);
  });

  test("is refused over the partner's connection limit", () => {
    expect(secured({ admits: () => false }).send(external()).refusal).toBe("resource-constraint");
  });

  test("is refused while a dialback key is being verified, and after authentication", () => {
    expect(secured().send(dbResult()).send(external()).refusal).toBe("policy-violation");
    expect(secured().send(external()).open().send(external()).refusal).toBe("policy-violation");
  });
});

describe("dialback", () => {
  const pair = { local: LOCAL, remote: REMOTE };
  const second = { local: LOCAL, remote: "it.fabrikam.example" };
  const document = documentOf([
    partnerOfRow(9, { domains: [REMOTE, second.remote] }),
    partnerOfRow(1, { domain: "strict.example", domains: ["strict.example"] }),
  ]);
  const plain = (options: DriverOptions = {}) =>
    new InboundDriver({ policy: partnerPolicy(document), ...options }).open();
  const authenticated = (options: DriverOptions = {}) =>
    plain(options)
      .send(dbResult())
      .step({ type: "dialback", pair, result: { outcome: "valid" } });

  test("tells the peer that a key is valid after the stream counts as authenticated", () => {
    expect(authenticated().done).toEqual(["authenticated", "dialbackResult"]);
  });

  test.each([
    [{ outcome: "invalid" } as const, true, { type: "invalid" }],
    [
      { outcome: "error", condition: "remote-server-timeout", text: "slow" } as const,
      true,
      { type: "error", condition: "remote-server-timeout" },
    ],
    [{ outcome: "error", condition: "remote-server-timeout", text: "slow" } as const, false, { type: "invalid" }],
  ])("answers a verification that ended %j (errors understood: %s)", (result, understands, answer) => {
    const driver = plain({ understandsErrors: () => understands })
      .send(dbResult())
      .step({ type: "dialback", pair, result });
    expect(driver.effects[0]).toEqual({ do: "dialbackResult", pair, result: answer });
    expect(driver.refusal).toBeUndefined();
    expect(driver.send(message()).refusal).toBe("not-authorized");
  });

  test.each([
    ["no from", xml("result", dialbackNamespace, { to: LOCAL }, "key"), "improper-addressing"],
    ["no to", xml("result", dialbackNamespace, { from: REMOTE }, "key"), "improper-addressing"],
    ["an address as from", dbResult(`ann@${REMOTE}`), "improper-addressing"],
    ["an unknown to", dbResult(REMOTE, "unknown.example"), "host-unknown"],
    ["a from of ours", dbResult(LOCAL), "not-authorized"],
    ["an unlisted from", dbResult("unlisted.example"), "policy-violation"],
    ["no key", dbResult(REMOTE, LOCAL, ""), "policy-violation"],
    ["a key without end", dbResult(REMOTE, LOCAL, "k".repeat(1025)), "policy-violation"],
    ["db:verify without id", xml("verify", dialbackNamespace, { from: REMOTE, to: LOCAL }, "k"), "improper-addressing"],
    ["db:verify with a space in the id", dbVerify(REMOTE, LOCAL, "a b"), "improper-addressing"],
    ["db:verify with an id without end", dbVerify(REMOTE, LOCAL, "i".repeat(257)), "improper-addressing"],
    ["db:verify from an unlisted domain", dbVerify("unlisted.example"), "policy-violation"],
    ["db:verify from a domain of ours", dbVerify(LOCAL), "not-authorized"],
  ])("refuses %s on a stream that carries nothing", (_, element, condition) => {
    expect(plain().send(element).refusal).toBe(condition);
  });

  test.each([
    ["an unlisted domain", dbResult("unlisted.example"), "policy-violation"],
    ["an unknown domain of ours", dbResult(REMOTE, "unknown.example"), "item-not-found"],
    ["a domain of ours as from", dbResult(LOCAL), "not-authorized"],
    ["db:verify of an unlisted domain", dbVerify("unlisted.example"), "policy-violation"],
  ])("answers %s on a stream that carries other pairs, and leaves those alone", (_, element, condition) => {
    const driver = authenticated({ understandsErrors: () => true }).send(element);
    expect(driver.effects[0]).toMatchObject({ result: { type: "error", condition } });
    expect(driver.refusal).toBeUndefined();
    expect(driver.send(message()).done).toEqual(["stanza"]);
  });

  test("holds every pair of a stream to its own row", () => {
    const driver = authenticated().send(dbResult("strict.example"));
    expect(driver.refusal).toBe("policy-violation"); // plain, and the row needs TLS
  });

  test("lets a stream carry a second pair", () => {
    const driver = authenticated().send(dbResult(second.remote));
    driver.step({ type: "dialback", pair: second, result: { outcome: "valid" } });
    expect(driver.send(message(`ann@${second.remote}`)).done).toEqual(["stanza"]);
    expect(driver.send(message()).done).toEqual(["stanza"]);
  });

  test("a second pair over the limit is refused without ending the stream", () => {
    let free = 1;
    const driver = authenticated({ admits: () => free-- > 0 }).send(dbResult(second.remote));
    driver.step({ type: "dialback", pair: second, result: { outcome: "valid" } });
    expect(driver.effects[0]).toMatchObject({ do: "dialbackResult", result: { type: "invalid" } });
    expect(driver.send(message()).done).toEqual(["stanza"]);
  });

  test("refuses the first pair over the limit by a stream error", () => {
    const driver = plain({ admits: () => false }).send(dbResult());
    expect(driver.step({ type: "dialback", pair, result: { outcome: "valid" } }).refusal).toBe("resource-constraint");
  });

  test("a repeated db:result is valid at once; one that is being verified ends the stream", () => {
    expect(authenticated().send(dbResult()).effects).toEqual([
      { do: "dialbackResult", pair, result: { type: "valid" } },
    ]);
    expect(plain().send(dbResult()).send(dbResult()).refusal).toBe("policy-violation");
  });

  test("never believes an answer that comes on an inbound stream", () => {
    for (const name of ["result", "verify"]) {
      const answer = xml(name, dialbackNamespace, { from: REMOTE, to: LOCAL, id: "id-1", type: "valid" });
      const driver = plain().send(dbResult()).send(answer);
      expect(driver.effects).toEqual([]);
      expect(driver.state.pairs.size).toBe(0);
    }
  });

  test("ignores a result of a verification that nobody waits for", () => {
    const driver = plain().step({ type: "dialback", pair, result: { outcome: "valid" } });
    expect(driver.effects).toEqual([]);
    expect(driver.state.pairs.size).toBe(0);
  });

  test("a key sent in plain does not count after TLS", () => {
    expect(plain().send(dbResult()).send(starttls).refusal).toBe("policy-violation");
  });

  test("judges the row again when the key is verified", () => {
    let policy = partnerPolicy(document);
    const driver = new InboundDriver();
    Object.defineProperty(driver.context, "policy", { get: () => policy });
    driver.open().send(dbResult());
    policy = partnerPolicy(documentOf([partnerOfRow(1)]));
    expect(driver.step({ type: "dialback", pair, result: { outcome: "valid" } }).refusal).toBe("policy-violation");
  });

  test("carries at most 64 pairs", () => {
    const domains = Array.from({ length: 65 }, (_, index) => `p${index}.example`);
    const policy = partnerPolicy(documentOf([partnerOfRow(9, { domain: "p0.example", domains })]));
    const driver = new InboundDriver({ policy }).open(headerWithout("versioned", "from"));
    for (const domain of domains.slice(0, 64)) expect(driver.send(dbResult(domain)).done).toEqual(["verify"]);
    expect(driver.send(dbResult("p64.example")).refusal).toBe("policy-violation");
  });

  test.each([
    ["requests that the row refuses", () => stream(1).secure(), dbResult()],
    ["guessed keys", () => plain(), dbVerify()],
  ])("ends after 64 %s", (_, open, element) => {
    const driver = open();
    for (let refusal = 0; refusal < 64; refusal++) expect(driver.send(element).refusal).toBeUndefined();
    expect(driver.send(element).refusal).toBe("policy-violation");
  });
});

describe("an authenticated stream", () => {
  const authenticated = () => stream(1).secure().send(external()).open();

  test.each([message(), presence(), iq()])("takes a stanza of its pair ($name)", (stanza) => {
    expect(authenticated().send(stanza).effects).toEqual([
      { do: "stanza", pair: { local: LOCAL, remote: REMOTE }, stanza },
    ]);
  });

  test.each([
    ["from another domain", message("ann@evil.example"), "invalid-from"],
    ["from a domain of ours", message(`alice@${LOCAL}`), "invalid-from"],
    ["from a subdomain", message(`ann@sub.${REMOTE}`), "invalid-from"],
    ["to a domain that is not served", message(`ann@${REMOTE}`, "x@unknown.example"), "improper-addressing"],
    ["of the client namespace", message(undefined, undefined, "jabber:client"), "invalid-namespace"],
    ["without from", xml("message", "jabber:server", { to: `alice@${LOCAL}` }), "improper-addressing"],
    ["without to", xml("message", "jabber:server", { from: `ann@${REMOTE}` }), "improper-addressing"],
    ["from no domain", message("ann@a b"), "improper-addressing"],
    ["of an unknown kind", xml("foo", "jabber:server"), "unsupported-stanza-type"],
    ["of an unknown namespace", xml("features", streamsNamespace), "unsupported-stanza-type"],
  ])("ends with a stanza %s", (_, stanza, condition) => {
    const driver = authenticated().send(stanza);
    expect(driver.refusal).toBe(condition);
    expect(driver.done).not.toContain("stanza");
  });

  test("ends with a stanza of a partner that is none any more", () => {
    let policy = policyOf(1);
    const driver = new InboundDriver();
    Object.defineProperty(driver.context, "policy", { get: () => policy });
    driver.secure().send(external()).open();
    policy = partnerPolicy(documentOf([]));
    expect(driver.send(message()).refusal).toBe("policy-violation");
  });

  test("ends with the peer's stream error, which is never answered by one", () => {
    const driver = authenticated().send(xml("error", streamsNamespace));
    expect(driver.done).toEqual(["peerError", "close"]);
    expect(driver.refusal).toBe("closed");
  });
});

test("a closed stream does nothing more", () => {
  const driver = new InboundDriver().open(header({ from: "unlisted.example" }));
  for (const element of [starttls, external(), dbResult(), dbVerify(), message()])
    expect(driver.send(element).effects).toEqual([]);
  expect(driver.open().effects).toEqual([]);
});

test("nothing may be sent while a header is due", () => {
  expect(new InboundDriver().open().send(starttls).step({ type: "secured" }).send(message()).refusal).toBe(
    "not-authorized",
  );
});
