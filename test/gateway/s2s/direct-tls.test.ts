/** TLS from the first byte (XEP-0368), in both roles. */
import { createServer, type Server } from "node:tls";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { HANDSHAKES_PER_ADDRESS } from "../../../src/gateway/s2s/connection-gate";
import { documentOf, LOCAL, partner, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { chat, closePeers, eventually, external, RawPeer, streamHeader } from "../raw-peer";
import { startTestGateway, stopGateways } from "../running";
import { item, PAIR, startFederation, stopFederations } from "./federation-rig";
import { holdClock, pass, releaseClock, settle } from "./held-clock";

const ALPN = { ALPNProtocols: ["xmpp-server"] };
let lab: Lab;
let partnerServer: Server | undefined;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(async () => {
  releaseClock();
  closePeers();
  await stopGateways();
  await stopFederations();
  partnerServer?.close();
  partnerServer = undefined;
});

describe("inbound", () => {
  const start = async (row = partner()) => {
    const gateway = await startTestGateway(lab, {
      document: documentOf([row]),
      listenDirectTls: [{ address: "127.0.0.1", port: 0 }],
    });
    return { gateway, port: gateway.listeningDirectTls[0]!.port };
  };

  test.each([
    ["with ALPN", ALPN, "xmpp-server"],
    ["without", {}, false],
  ])("a partner's stream, %s", async (_, options, protocol) => {
    const { gateway, port } = await start();
    const peer = await RawPeer.connect(port);
    const socket = await peer.secure(lab.partner, options);
    expect(socket.alpnProtocol).toBe(protocol);
    expect(socket.getPeerX509Certificate()?.subjectAltName).toContain(`DNS:${LOCAL}`);
    peer.write(streamHeader());
    const [features] = await peer.until(/<stream:features>.*<\/stream:features>/s);
    expect(features).toContain("EXTERNAL");
    expect(features).not.toContain("starttls");
    peer.write(external());
    await peer.until(/<success[^>]*\/>/);
    peer.write(streamHeader());
    await peer.until(/<stream:features[^>]*>/);
    peer.write(chat("direct"));
    await eventually(
      () => gateway.counter('messages_total{direction="in",result="delivered"}') === 1,
      "the message is delivered",
    );
    expect(gateway.status().streams).toMatchObject([
      { direction: "in", remote: REMOTE, state: "authenticated", method: "sasl-over-tls" },
    ]);
  });

  test("another protocol by ALPN is refused", async () => {
    const { port } = await start();
    const peer = await RawPeer.connect(port);
    await expect(peer.secure(lab.partner, { ALPNProtocols: ["h2", "xmpp-client"] })).rejects.toThrow();
  });

  test("plain XML is no TLS: it is dropped without an answer in plain", async () => {
    const { gateway, port } = await start();
    const peer = await RawPeer.connect(port);
    peer.write(streamHeader());
    expect(await peer.closed()).not.toContain("stream");
    await eventually(() => gateway.status().streams.length === 0, "its stream is gone");
  });

  test("a partner whose row has no TLS is refused there, and so is a stranger", async () => {
    const { port } = await start(partnerOfRow(17));
    for (const from of [REMOTE, "stranger.example"]) {
      const peer = await RawPeer.connect(port);
      await peer.secure(lab.partner, ALPN);
      peer.write(streamHeader({ from }));
      expect(await peer.closed()).toMatch(/<stream:error><policy-violation /);
    }
  });

  test("a handshake that never comes ends in time", async () => {
    holdClock();
    const { gateway, port } = await start();
    const peer = await RawPeer.connect(port);
    await settle();
    expect(gateway.status().streams).toHaveLength(1);
    await pass(20_000);
    await pass(2_000);
    await peer.closed();
    expect(gateway.status().streams).toEqual([]);
  });

  test("handshakes over the rate wait for their turn", async () => {
    holdClock();
    const { port } = await start();
    for (let index = 0; index < HANDSHAKES_PER_ADDRESS.burst; index++)
      (await RawPeer.connect(port, "127.0.0.20")).destroy();
    await settle();
    const peer = await RawPeer.connect(port, "127.0.0.20");
    let secured = false;
    const securing = peer.secure(lab.partner, ALPN).then(() => {
      secured = true;
    });
    await settle(200);
    expect(secured).toBe(false);
    await pass(1_000);
    await securing;
    peer.write(streamHeader());
    await peer.until(/EXTERNAL.*<\/stream:features>/s);
  });
});

describe("outbound", () => {
  test("to a target of direct TLS: SNI and ALPN name the partner's domain and the protocol", async () => {
    const { certificatePem, keyPem } = lab.partner;
    const names: (string | false | undefined)[] = [];
    const accepted = new Promise<RawPeer>((resolve) => {
      partnerServer = createServer(
        {
          ...{ cert: certificatePem, key: keyPem, requestCert: true, rejectUnauthorized: false },
          ALPNCallback: ({ servername, protocols }) => {
            names.push(servername, ...protocols);
            return "xmpp-server";
          },
        },
        (socket) => resolve(new RawPeer(socket)),
      );
    });
    const port = await new Promise<number>((resolve) => {
      partnerServer!.listen(0, "127.0.0.1", () => resolve((partnerServer!.address() as { port: number }).port));
    });
    const rig = await startFederation(lab, partner(), {}, undefined, undefined, () => ({
      srv: { [`_xmpps-server._tcp.${REMOTE}`]: [{ target: "xmpp.fabrikam.example", port }] },
      addresses: { "xmpp.fabrikam.example": ["127.0.0.1"] },
    }));
    rig.federation.send(PAIR, item("hello"));
    const peer = await accepted;
    await peer.until(new RegExp(`<stream:stream [^>]*to='${REMOTE}'[^>]*>`));
    expect(names).toEqual([REMOTE, "xmpp-server"]);
    const header = streamHeader({ id: "peer-id" });
    peer.write(
      `${header}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms></stream:features>`,
    );
    await peer.until(/<auth [^>]*mechanism='EXTERNAL'/);
    peer.write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    await peer.until(/<stream:stream [^>]*>/);
    peer.write(`${header}<stream:features/>`);
    await peer.until(/<body>hello<\/body>/);
    expect(rig.server.connections).toBe(0);
  });

  test("a row without TLS never asks for it", async () => {
    const rig = await startFederation(lab, partnerOfRow(17), {}, undefined, undefined, (port) => ({
      srv: {
        [REMOTE]: [{ target: "xmpp.fabrikam.example", port, priority: 9 }],
        [`_xmpps-server._tcp.${REMOTE}`]: [{ target: "other.example", port: 1 }],
      },
      addresses: { "xmpp.fabrikam.example": ["127.0.0.1"], "other.example": ["127.0.0.1"] },
    }));
    rig.federation.send(PAIR, item("hello"));
    const peer = await rig.server.accepted();
    await peer.until(/<stream:stream [^>]*>/);
  });
});
