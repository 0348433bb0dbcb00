import { BlockList } from "node:net";
import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { defineEdge } from "../../src/definition";
import { addRange } from "../../src/definition/address-kind";
import { gatewayDocument } from "../../src/definition/facts";
import type { GatewayDocument } from "../../src/definition/facts/gateway-document";
import { partnerPolicy } from "../../src/definition/facts/partner-policy";
import { DocumentError, readGatewayDocument } from "../../src/gateway/read-document";
import { runs } from "../fuzz-runs";
import { documentOf, LOCAL, partner } from "./documents";
import { createLab } from "./lab";

let full: GatewayDocument;
beforeAll(async () => {
  const { anchorsPem } = await createLab();
  full = documentOf(
    [
      partner({
        domains: ["fabrikam.example", "it.fabrikam.example"],
        localDomains: [LOCAL],
        proxyFqdn: "proxy.fabrikam.example",
        trustAnchors: [anchorsPem],
        pins: ["a".repeat(64)],
        proofType: "dane",
        revocation: "hard",
        allowedTargets: ["10.0.0.0/8", "fd00::/8"],
        blockedUsers: ["eve@fabrikam.example", "eve@it.fabrikam.example"],
      }),
      partner({ domain: "tailspin.example", tls: "Optional", sasl: "Optional", proofType: "posh" }),
    ],
    {
      access: {
        everyone: { allowed: false, because: "global policy" },
        users: [{ address: `alice@${LOCAL}`, allowed: true, because: "user policy" }],
      },
    },
  );
});

const ownServer = {
  kind: "xmpp",
  users: [],
  servers: [{ address: "10.0.20.5", port: 5269 }],
  port: 5271,
  pins: ["a".repeat(64)],
};

/** The document, changed at one place. */
function changed(change: (document: GatewayDocument & Record<string, unknown>) => void): unknown {
  const copy = structuredClone(full) as GatewayDocument & Record<string, unknown>;
  change(copy);
  return copy;
}
const partnerWith = (more: Record<string, unknown>, index = 0) =>
  changed((document) => Object.assign(document.partners[index]!, more));

describe("a gateway document", () => {
  test("with every part is read as it is", () => {
    expect(readGatewayDocument(JSON.parse(JSON.stringify(full)))).toEqual(full);
  });

  test("of a definition is read", () => {
    const document = gatewayDocument(
      defineEdge({
        name: "contoso",
        accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7", "2001:DB8::7"] },
        domains: [{ name: "Contoso.example" }],
        partners: [{ domain: "exämple.example", allowedTargets: ["10.0.0.0/8"] }],
        users: [{ address: "Bob@contoso.example" }],
        internal: { kind: "sandbox", users: ["Alice@contoso.example"] },
      }),
    );
    expect(readGatewayDocument(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });

  test("with our own server inside is read", () => {
    const { internal } = readGatewayDocument(changed((one) => Object.assign(one, { internal: ownServer })));
    expect(internal).toEqual(ownServer);
  });

  test.each<[string, object, string]>([
    ["without a server", { servers: [] }, "servers"],
    ["with a server by name", { servers: [{ address: "prosody.inside", port: 5269 }] }, "servers[0].address"],
    ["with a server without a port", { servers: [{ address: "10.0.20.5" }] }, "servers[0].port"],
    ["with a port beyond all", { port: 70_000 }, "port"],
    ["with an anchor that is none", { trustAnchors: ["x"] }, "trustAnchors[0]"],
    ["with a pin in capitals", { pins: ["A".repeat(64)] }, "pins[0]"],
    ["with a secret", { secret: "x" }, "secret"],
    ["with places for a sandbox", { kind: "sandbox" }, "servers"],
  ])("our own server %s is refused", (_, change, path) => {
    const read = () =>
      readGatewayDocument(changed((one) => Object.assign(one, { internal: { ...ownServer, ...change } })));
    expect(read).toThrow(`document.internal.${path}`);
  });

  test.each<[string, () => unknown, string]>([
    ["a certificate demanded beyond the row", () => partnerWith({ certificateRequired: true }), "certificateRequired"],
    ["another format", () => changed((one) => Object.assign(one, { format: "other" })), "document.format"],
    ["a newer version", () => changed((one) => Object.assign(one, { version: 2 })), "document.version"],
    ["an unknown key", () => changed((one) => Object.assign(one, { image: "x" })), "document.image"],
    ["an unknown key of a partner", () => partnerWith({ exec: "x" }), "document.partners[0].exec"],
    ["__proto__ as a key", () => JSON.parse(`{"__proto__":{}, ${JSON.stringify(full).slice(1)}`), "document.__proto__"],
    ["methods that the settings do not give", () => partnerWith({ methods: ["tcp-dialback"] }), "partners[0].methods"],
    [
      "methods in another order",
      () => partnerWith({ methods: [...full.partners[1]!.methods].reverse() }, 1),
      "partners[1].methods",
    ],
    [
      "a row without a method",
      () => partnerWith({ tls: "NotSupported", sasl: "NotSupported", dialback: false, methods: [] }),
      "partners[0].methods",
    ],
    ["domains without the domain", () => partnerWith({ domains: ["it.fabrikam.example"] }), "partners[0].domains"],
    ["no domains", () => partnerWith({ domains: [] }), "partners[0].domains"],
    [
      "a domain of two partners",
      () => partnerWith({ domains: ["tailspin.example", "fabrikam.example"] }, 1),
      "partners[1].domains",
    ],
    [
      "a domain twice",
      () => partnerWith({ domains: ["tailspin.example", "tailspin.example"] }, 1),
      "partners[1].domains",
    ],
    ["a domain of ours as partner", () => partnerWith({ domains: ["fabrikam.example", LOCAL] }), "partners[0].domains"],
    ["a domain in capitals", () => partnerWith({ domain: "Fabrikam.example" }), "partners[0].domain"],
    ["a local domain that is none", () => partnerWith({ localDomains: ["other.example"] }), "partners[0].localDomains"],
    [
      "a range without its length, which would be every address",
      () => partnerWith({ allowedTargets: ["10.0.0.1"] }),
      "allowedTargets[0]",
    ],
    ["a range with an empty length", () => partnerWith({ allowedTargets: ["10.0.0.0/"] }), "allowedTargets[0]"],
    ["a range that is too long", () => partnerWith({ allowedTargets: ["10.0.0.0/33"] }), "allowedTargets[0]"],
    ["a range in three parts", () => partnerWith({ allowedTargets: ["10.0.0.0/8/8"] }), "allowedTargets[0]"],
    ["a range of no address", () => partnerWith({ allowedTargets: ["ten/8"] }), "allowedTargets[0]"],
    [
      "a blocked user in capitals, who would never match",
      () => partnerWith({ blockedUsers: ["Eve@fabrikam.example"] }),
      "blockedUsers[0]",
    ],
    [
      "a blocked user of somebody else's",
      () => partnerWith({ blockedUsers: ["eve@other.example"] }),
      "partners[0].blockedUsers",
    ],
    ["a blocked domain", () => partnerWith({ blockedUsers: ["fabrikam.example"] }), "blockedUsers[0]"],
    ["a proof type that goes without saying", () => partnerWith({ proofType: "pkix" as never }), "proofType"],
    ["revocation that is off by name", () => partnerWith({ revocation: "off" }), "revocation"],
    ["a pin in capitals", () => partnerWith({ pins: ["A".repeat(64)] }), "pins[0]"],
    ["an anchor that is none", () => partnerWith({ trustAnchors: ["x"] }), "trustAnchors[0]"],
    ["a limit of 0", () => partnerWith({ connectionLimit: 0 }), "connectionLimit"],
    ["a limit that is no whole number", () => partnerWith({ connectionLimit: 1.5 }), "connectionLimit"],
    [
      "a user who is not prepared, so that a denial would never match",
      () => changed((one) => Object.assign(one.access.users[0]!, { address: `Alice@${LOCAL}` })),
      "access.users[0].address",
    ],
    [
      "a domain as a user",
      () => changed((one) => Object.assign(one.access.users[0]!, { address: LOCAL })),
      "access.users[0].address",
    ],
    ["no object", () => [], "document"],
    ["null", () => null, "document"],
    ["nothing", () => undefined, "document"],
  ])("with %s is refused where it is", (_, make, path) => {
    let refusal: unknown;
    try {
      readGatewayDocument(make());
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(DocumentError);
    expect((refusal as DocumentError).path).toContain(path);
    expect((refusal as DocumentError).remedy).not.toBe("");
  });

  test("changed at random is refused, or is one that the gateway can run", () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(
        "",
        "a".repeat(5000),
        -1,
        0,
        1e9,
        "10.0.0.1",
        "10.0.0.0/0",
        "a.example",
        "::1",
        [],
        {},
        null,
      ),
      fc.constantFrom<unknown>(
        "Required",
        "Federated",
        "sasl-over-tls",
        true,
        "alice@contoso.example",
        Number.MAX_VALUE,
      ),
    );
    const change = fc.record({
      at: fc.nat(),
      how: fc.constantFrom("replace", "remove", "add", "rename"),
      value,
      key: fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "length")),
    });
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const copy = structuredClone(full) as unknown;
        for (const one of changes) mutate(copy, one);
        const text = JSON.stringify(copy);
        let read: GatewayDocument;
        try {
          read = readGatewayDocument(JSON.parse(text));
        } catch (error) {
          expect(error).toBeInstanceOf(DocumentError);
          return;
        }
        accepted++;
        expect(JSON.stringify(read)).toBe(text);
        const policy = partnerPolicy(read);
        for (const row of read.partners) {
          expect(row.methods.length).toBeGreaterThan(0);
          for (const range of row.allowedTargets ?? []) addRange(new BlockList(), range);
          for (const domain of row.domains) expect(policy.partner(domain)).toBe(row);
        }
      }),
      { numRuns: runs(3000) },
    );
    expect(accepted).toBeGreaterThan(0); // some changes do no harm: another limit, a partner left out
  });
});

/** Every place of a value where something can be changed. */
function places(value: unknown, found: [Record<string, unknown>, string][] = []): [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value as Record<string, unknown>, key]);
    places((value as Record<string, unknown>)[key], found);
  }
  return found;
}

function mutate(
  root: unknown,
  { at, how, value, key }: { at: number; how: string; value: unknown; key: string },
): void {
  const all = places(root);
  const place = all[at % Math.max(1, all.length)];
  if (place === undefined) return;
  const [holder, name] = place;
  const isList = Array.isArray(holder);
  if (how === "replace") holder[name] = value;
  else if (how === "add" && isList) holder.push(value);
  else if (how === "add") define(holder, key, value);
  else if (isList) holder.splice(Number(name), 1);
  else {
    const kept = holder[name];
    delete holder[name];
    if (how === "rename") define(holder, key, kept);
  }
}

/** Sets a key whatever its name: `__proto__` too. */
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

describe("the certificate of a gateway document", () => {
  const acme = {
    source: "acme",
    directory: "https://acme.example/directory",
    names: ["sip.contoso.example", "*.contoso.example"],
    key: { type: "ECDSA", bits: 256 },
    friendlyName: "edge",
    dns: { kind: "rfc2136", server: "ns1.contoso.example:53" },
  };
  const read = (certificate: unknown) =>
    readGatewayDocument(changed((document) => Object.assign(document, { certificate })));

  test("of a definition is read; it names no file", () => {
    const document = gatewayDocument(
      defineEdge({
        name: "contoso",
        accessEdge: { fqdn: "sip.contoso.example" },
        domains: [{ name: "contoso.example" }],
        certificate: { friendlyName: "edge", source: { kind: "acme", directory: "https://acme.example/directory" } },
        dns: { kind: "rfc2136", server: "192.0.2.53", tsigKeyFile: "/etc/xmpp-edge/update.key" },
      }),
    );
    expect(readGatewayDocument(JSON.parse(JSON.stringify(document)))).toEqual(document);
    expect(document.certificate).toEqual({
      source: "acme",
      directory: "https://acme.example/directory",
      names: ["sip.contoso.example", "contoso.example"],
      key: { type: "RSA", bits: 2048 },
      friendlyName: "edge",
      dns: { kind: "rfc2136", server: "192.0.2.53" },
    });
    expect(JSON.stringify(document)).not.toContain("update.key");
  });

  test.each([
    ["http-01", { challenge: "http-01" }],
    ["tls-alpn-01", { challenge: "tls-alpn-01" }],
    ["dns-01", { dns: { kind: "route53" } }],
  ] as const)("says how names are proved: %s", (challenge, part) => {
    const document = gatewayDocument(
      defineEdge({
        name: "contoso",
        accessEdge: { fqdn: "sip.contoso.example" },
        domains: [{ name: "contoso.example" }],
        certificate: { source: { kind: "acme", challenge } },
        dns: { kind: "route53" },
      }),
    );
    expect(readGatewayDocument(JSON.parse(JSON.stringify(document)))).toEqual(document);
    expect(document.certificate).toEqual({
      source: "acme",
      ...part,
      names: ["sip.contoso.example", "contoso.example"],
      key: { type: "RSA", bits: 2048 },
    });
  });

  test("is left out where a person brings it", () => {
    const document = gatewayDocument(
      defineEdge({
        name: "contoso",
        accessEdge: { fqdn: "sip.contoso.example" },
        domains: [{ name: "contoso.example" }],
      }),
    );
    expect(document).not.toHaveProperty("certificate");
  });

  test("with every part is read", () => {
    expect(read(acme).certificate).toEqual(acme);
  });

  const cases: readonly [string, object, string][] = [
    ["a hook", { dns: { kind: "hook", command: ["sh"] } }, "certificate.dns"],
    ["a zone file", { dns: { kind: "zone-file", file: "/etc/passwd" } }, "certificate.dns"],
    ["a key file", { dns: { ...acme.dns, tsigKeyFile: "/etc/shadow" } }, "certificate.dns.tsigKeyFile"],
    ["a server for Route 53", { dns: { kind: "route53", server: "192.0.2.1" } }, "certificate.dns.server"],
    ["a server with a space", { dns: { kind: "rfc2136", server: "a b" } }, "certificate.dns.server"],
    ["a challenge that is none", { challenge: "dns-01" }, "certificate.challenge"],
    ["a directory without TLS", { directory: "http://acme.example/directory" }, "certificate.directory"],
    ["a directory that is a file", { directory: "file:///etc/passwd" }, "certificate.directory"],
    ["a directory with a password", { directory: "https://a:b@acme.example/" }, "certificate.directory"],
    ["anchors", { anchors: "-----BEGIN" }, "certificate.anchors"],
    ["an ARN", { arn: "arn:aws:acm:…" }, "certificate.arn"],
    ["another source", { source: "imported" }, "certificate.source"],
    ["a name that is none", { names: ["a b"] }, "certificate.names[0]"],
    ["a wildcard within", { names: ["a.*.example"] }, "certificate.names[0]"],
    ["a key of another kind", { key: { type: "DSA", bits: 2048 } }, "certificate.key"],
    ["an RSA key of 1024 bits", { key: { type: "RSA", bits: 1024 } }, "certificate.key.bits"],
  ];
  test.each(cases)("with %s is refused", (_name, change, path) => {
    expect(() => read({ ...acme, ...change })).toThrow(path);
  });
  test.each([null, "acme", []])("that is %j is refused", (value) => {
    expect(() => read(value)).toThrow("certificate");
  });
  test("needs names", () => {
    expect(() => read({ ...acme, names: [] })).toThrow("certificate.names");
  });
});
