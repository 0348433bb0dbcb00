/** TLS from the first byte (XEP-0368), with Prosody in both directions. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice, Federation } from "./rig/federation";
import { freePort } from "./rig/ports";
import { PeerRig, type ServerPlace } from "./rig/rig";

const domain = "partner.example";
let federation: Federation;

beforeAll(async () => {
  const rig = await PeerRig.open();
  const { address } = await rig.place(domain);
  const port = await freePort(address, 5270);
  federation = await Federation.open(
    { directTls: true, partners: [{ domain, partnerType: "Federated" }] },
    [
      {
        domain,
        mode: "external",
        extra: [
          `s2s_direct_tls_ports = { ${port} }`,
          // That port serves the global certificate, and knows the global anchors alone.
          'ssl = { certificate = "/peer/certs/domain.crt", key = "/peer/certs/domain.key", cafile = "/peer/certs/ca.pem", capath = "" }',
        ],
        // It says by STARTTLS's own record that there is no such service: whoever comes, comes by direct TLS.
        records: (place: ServerPlace) => [
          `_xmpp-server._tcp.${domain}. 60 IN SRV 0 0 0 .`,
          `_xmpps-server._tcp.${domain}. 60 IN SRV 5 0 ${port} xmpp.${domain}.`,
          `xmpp.${domain}. 60 IN A ${place.address}`,
        ],
      },
    ],
    rig,
  );
});
afterAll(() => federation?.close());

test("messages go both ways over direct TLS, by SASL EXTERNAL", async () => {
  const juliet = await federation.login(`juliet@${domain}`);
  const ours = federation.gateway.user(alice);
  await ours.message(juliet.jid, "outward");
  await juliet.waitForMessage(alice, "outward");
  await federation.gateway.waitForEvent("stream-authenticated", {
    ...{ direction: "out", remote: domain },
    ...{ method: "sasl-over-tls", directTls: true },
  });
  juliet.message(alice, "inward");
  await ours.waitForMessage(juliet.fullJid, "inward");
  const streams = federation.gateway.process.log.flatMap((line) =>
    line.includes('"stream-authenticated"') ? [JSON.parse(line) as Record<string, unknown>] : [],
  );
  // Ours is found by both kinds of record; Prosody tries those of direct TLS first.
  expect(streams.find(({ direction }) => direction === "in")).toMatchObject({
    ...{ remote: domain, method: "sasl-over-tls", directTls: true },
  });
});
