import { describe, expect, test } from "@jest/globals";
import type { EdgeInput } from "xmpp-edge";
import { FederationRecords, type PublicAddresses } from "xmpp-edge/constructs";
import { contoso } from "./definitions";
import { type Stack, synthesised } from "./synthesised";

const BOTH: PublicAddresses = { ipv4: "203.0.113.7", ipv6: "2001:db8::7" };

const placed = (changes: Partial<EdgeInput> = {}, addresses = BOTH, zoneIds?: Record<string, string>): Stack =>
  synthesised((stack) => {
    new FederationRecords(stack, "records", { definition: contoso(changes), addresses, ...(zoneIds && { zoneIds }) });
  });

const sets = (stack: Stack) =>
  stack.all("aws_route53_record").map(({ name, type, ttl, records }) => ({ name, type, ttl, records }));

describe("federation records in Route 53", () => {
  test("are an SRV record for every local domain and the addresses of the Access Edge", () => {
    const stack = placed({ domains: [{ name: "contoso.example" }, { name: "contoso-labs.example" }] });
    expect(sets(stack)).toEqual(
      expect.arrayContaining([
        {
          name: "_xmpp-server._tcp.contoso.example",
          type: "SRV",
          ttl: 300,
          records: ["0 0 5269 sip.contoso.example."],
        },
        {
          name: "_xmpp-server._tcp.contoso-labs.example",
          type: "SRV",
          ttl: 300,
          records: ["0 0 5269 sip.contoso.example."],
        },
        { name: "sip.contoso.example", type: "A", ttl: 300, records: ["203.0.113.7"] },
        { name: "sip.contoso.example", type: "AAAA", ttl: 300, records: ["2001:db8::7"] },
      ]),
    );
    expect(sets(stack)).toHaveLength(4);
  });

  test("stand in the zone of their own name, looked up once", () => {
    const stack = placed({ domains: [{ name: "contoso.example" }, { name: "contoso-labs.example" }] });
    expect(stack.all("data.aws_route53_zone").map(({ name, private_zone }) => ({ name, private_zone }))).toEqual(
      expect.arrayContaining([
        { name: "contoso.example", private_zone: false },
        { name: "contoso-labs.example", private_zone: false },
      ]),
    );
    expect(stack.all("data.aws_route53_zone")).toHaveLength(2);
  });

  test("stand in a zone whose id was given, without a look-up", () => {
    const stack = placed({}, BOTH, { "contoso.example": "Z0123456789" });
    expect(new Set(stack.all("aws_route53_record").map(({ zone_id }) => zone_id))).toEqual(new Set(["Z0123456789"]));
    expect(stack.all("data.aws_route53_zone")).toEqual([]);
  });

  test("have no AAAA where the edge has no IPv6 address", () => {
    expect(
      sets(placed({}, { ipv4: "203.0.113.7", ipv6: undefined }))
        .map(({ type }) => type)
        .sort(),
    ).toEqual(["A", "SRV"]);
  });

  test("take TTL, priority and weight from the definition", () => {
    const stack = placed({ dns: { kind: "route53", ttl: 60, priority: 5, weight: 10 } });
    expect(sets(stack).find(({ type }) => type === "SRV")).toMatchObject({
      ttl: 60,
      records: ["5 10 5269 sip.contoso.example."],
    });
  });

  test("hold CAA where the definition asks for it", () => {
    const stack = placed({
      dns: { kind: "route53", caa: true },
      certificate: { source: { kind: "request", issuer: "ca.example" } },
    });
    expect(
      sets(stack)
        .filter(({ type }) => type === "CAA")
        .map(({ name, records }) => [name, records]),
    ).toEqual(
      expect.arrayContaining([
        ["contoso.example", ['0 issue "ca.example"']],
        ["sip.contoso.example", ['0 issue "ca.example"']],
      ]),
    );
  });

  test("never overwrite what is there", () => {
    expect(placed().json).not.toContain("allow_overwrite");
  });
});

describe("federation records that are published elsewhere", () => {
  test.each([{ kind: "zone-file" } as const, { kind: "rfc2136", server: "ns.example", tsigKeyFile: "key" } as const])(
    "%p: nothing is made, the lines are handed over",
    (dns) => {
      let toPublish: readonly string[] = [];
      const stack = synthesised((scope) => {
        toPublish = new FederationRecords(scope, "records", {
          definition: contoso({ dns: { ...dns, ttl: 300 } }),
          addresses: BOTH,
        }).toPublish;
      });
      expect(stack.all("aws_route53_record")).toEqual([]);
      expect(stack.all("data.aws_route53_zone")).toEqual([]);
      expect(toPublish).toEqual([
        "_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.",
        "sip.contoso.example. 300 IN A 203.0.113.7",
        "sip.contoso.example. 300 IN AAAA 2001:db8::7",
      ]);
    },
  );
});
