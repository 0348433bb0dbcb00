import { expect, test } from "@jest/globals";
import { type VerifyOptions, verifyDns } from "../../../src/dns/verify";
import { verifyFederation } from "../../../src/provider/xmppedge/verify-federation";

const DEFINITION = JSON.stringify({
  name: "contoso",
  accessEdge: { fqdn: "xmpp.contoso.example", addresses: ["198.51.100.7"] },
  domains: [{ name: "contoso.example" }],
});
const DNS = { timeout: 1 } as const;
const { signal } = new AbortController();

test("is unknown, and stops no deploy, where the look itself fails", async () => {
  const broken = async () => {
    throw new Error("no socket could be opened");
  };
  expect(await verifyFederation(DEFINITION, DNS, signal, broken)).toEqual({
    verdict: "unknown",
    summary: "unknown: the look itself failed (no socket could be opened)",
    findings: [],
  });
});

test("looks at no server, for the host of a deploy has yet to start", async () => {
  let asked: VerifyOptions | undefined;
  const nobody = { nameServers: [{ address: "127.0.0.1", port: 9, zone: "contoso.example" }], timeout: 1 };
  await verifyFederation(DEFINITION, nobody, signal, (options) => {
    asked = options;
    return verifyDns(options);
  });
  expect(asked).toMatchObject({ probe: false, timeout: 1, nameServers: nobody.nameServers });
});
