import { expect, test } from "@jest/globals";
import { encode } from "dns-packet";
import { exchange } from "../../../src/dns/resolver";
import { decodeResponse, encodeQuery } from "../../../src/dns/resolver/message";
import { heard, parseRootHints, survey } from "../../../src/dns/survey";
import { reverseQuestion } from "../../../src/dns/survey/questions";
import { a, ns, srv, startWorld } from "./world";

test("root hints are read, and what is none is passed over", () => {
  const file =
    "; made up\n.  3600000  NS  A.ROOT.EXAMPLE.\nA.ROOT.EXAMPLE. 3600000 A 198.51.100.4\nA.ROOT.EXAMPLE. 3600000 AAAA 2001:db8::4 ; six\nb.root.example. 1 A 2001:db8::5\n";
  expect(parseRootHints(file)).toEqual([
    { host: "a.root.example", address: "198.51.100.4" },
    { host: "a.root.example", address: "2001:db8::4" },
  ]);
});

test.each([
  ["198.51.100.7", "7.100.51.198.in-addr.arpa"],
  ["2001:db8::7", "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"],
  ["::1", `1.${"0.".repeat(31)}ip6.arpa`],
])("the address %s is asked for as %s", (address, name) => {
  expect(reverseQuestion(address)).toEqual({ name, type: "PTR" });
});

test("signatures are asked for by the DO bit (RFC 3225)", () => {
  const flags = (dnssec: boolean) =>
    encodeQuery(1, { name: ".", type: "DNSKEY" }, { edns: true, recursion: false, dnssec }).readUInt16BE(12 + 5 + 7);
  expect([flags(true), flags(false)]).toEqual([0x8000, 0]);
});

test("extended errors are read, their texts made printable", () => {
  const data = Buffer.concat([Buffer.from([0, 6]), Buffer.from("bad\u001b[31m")]);
  const bytes = encode({
    type: "response",
    id: 1,
    flags: 2,
    questions: [{ name: "x.example", type: "A" }],
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize: 1232,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        // The encoder takes options that it does not know as octets; its types do not say so.
        options: [{ code: 15, data } as never],
      },
    ],
  });
  expect(decodeResponse(bytes)).toMatchObject({
    code: "SERVFAIL",
    extendedErrors: [{ code: 6, text: "bad?[31m" }],
    additionals: [],
  });
});

test("name servers that were given are asked about their zones, and nobody about the rest", async () => {
  const address = "127.0.9.5";
  const zone = "contoso.example";
  const world = await startWorld([
    {
      address,
      zones: { [zone]: [ns(zone, `ns.${zone}`), srv(zone, `sip.${zone}`), a(`sip.${zone}`, "198.51.100.7")] },
    },
  ]);
  try {
    const server = { address, port: world.port };
    const found = await survey({
      domains: [zone, "fabrikam.example"],
      nameServers: [{ ...server, zone }],
      resolvers: [],
      ipv6: false,
    });
    expect(found.reach).toBe("given");
    expect(found.places.get("fabrikam.example")).toMatchObject({ status: "unknown" });
    const [one] = found.atNameServers.get(`A sip.${zone}`)!.observations;
    expect(heard(one!.said)).toMatchObject({ exists: true, answers: [{ type: 1 }] });
    const options = { recursion: false, patience: 500, timeout: 2000, tcpOnly: true };
    expect(await exchange({ name: zone, type: "SOA" }, server, options)).toMatchObject({
      transport: "tcp",
      edns: false,
      roundTrip: expect.any(Number),
    });
  } finally {
    await world.close();
  }
});
