/** Rates where they are felt: on sockets. */
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import {
  CONNECTIONS_PER_ADDRESS,
  HANDSHAKES_PER_ADDRESS,
  LONGEST_HANDSHAKE_WAIT_MS,
} from "../../../src/gateway/s2s/connection-gate";
import { UNAUTHENTICATED_BYTES } from "../../../src/gateway/s2s/intake";
import { STANZAS_PER_PARTNER } from "../../../src/gateway/s2s/partner-rates";
import { documentOf, partnerOfRow } from "../documents";
import { createLab, type Lab } from "../lab";
import { chat, closePeers, eventually, RawPeer, STARTTLS, streamHeader } from "../raw-peer";
import { startTestGateway, stopGateways } from "../running";
import { connectDialback, startFederation, stopFederations } from "./federation-rig";
import { holdClock, pass, releaseClock, settle } from "./held-clock";

const DELIVERED = 'messages_total{direction="in",result="delivered"}';
let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(async () => {
  releaseClock();
  closePeers();
  await stopGateways();
  await stopFederations();
});

describe("new connections", () => {
  test("over the rate of their address they are reset, with nothing read or said; others come in", async () => {
    holdClock();
    const gateway = await startTestGateway(lab);
    const { burst } = CONNECTIONS_PER_ADDRESS;
    for (let index = 0; index < burst; index++)
      (await RawPeer.connect(gateway.port, "127.0.0.20")).write(streamHeader()).destroy();
    // The reset may come before the connection is told to stand.
    const heard = await RawPeer.connect(gateway.port, "127.0.0.20").then(
      (refused) => refused.write(streamHeader()).closed(),
      () => "",
    );
    expect(heard).toBe("");
    expect(gateway.counter('connections_refused_total{reason="address-rate"}')).toBe(1);
    await (await RawPeer.connect(gateway.port, "127.0.0.21")).authenticate(lab.partner);
    await pass(1_000);
    await (await RawPeer.connect(gateway.port, "127.0.0.20")).authenticate(lab.partner);
  });

  test("over the rate of handshakes a peer waits for <proceed/>, and gets its stream", async () => {
    holdClock();
    const gateway = await startTestGateway(lab, { document: documentOf([partnerOfRow(1)]) });
    for (let index = 0; index < HANDSHAKES_PER_ADDRESS.burst; index++) {
      const peer = await RawPeer.connect(gateway.port, "127.0.0.20");
      peer.write(streamHeader());
      await peer.until(/<\/stream:features>/);
      peer.write(STARTTLS);
      await peer.until(/<proceed[^>]*\/>/);
      peer.destroy();
    }
    const peer = await RawPeer.connect(gateway.port, "127.0.0.20");
    peer.write(streamHeader());
    await peer.until(/<\/stream:features>/);
    peer.write(STARTTLS);
    await settle();
    expect(peer.text).not.toContain("proceed");
    await pass(1_000 / HANDSHAKES_PER_ADDRESS.perSecond);
    await peer.until(/<proceed[^>]*\/>/);
    await peer.secure(lab.partner);
    peer.write(streamHeader());
    await peer.until(/EXTERNAL.*<\/stream:features>/s);
  });

  test("far over the rate of handshakes a peer is told that there are too many", async () => {
    holdClock();
    const gateway = await startTestGateway(lab);
    const { burst, perSecond } = HANDSHAKES_PER_ADDRESS;
    const ask = async () => {
      const peer = await RawPeer.connect(gateway.port, "127.0.0.20");
      peer.write(streamHeader());
      await peer.until(/<\/stream:features>/);
      return peer.write(STARTTLS);
    };
    // Two seconds pass meanwhile: the rate of connections is another one. Those who wait give up; their turns are gone.
    const turns = burst + perSecond * (2 + LONGEST_HANDSHAKE_WAIT_MS / 1_000);
    for (let index = 0; index < turns; index++) {
      if (index === 40 || index === 80) await pass(1_000);
      const peer = await ask();
      await settle(5);
      peer.destroy();
    }
    await settle();
    const peer = await ask();
    await settle();
    await pass(1);
    expect(await peer.closed()).toMatch(/<resource-constraint .*too many TLS handshakes/s);
    expect(gateway.counter('connections_refused_total{reason="handshake-rate"}')).toBeGreaterThan(0);
  });

  test("what is sent behind <starttls/> while waiting is never read as XML", async () => {
    holdClock();
    const gateway = await startTestGateway(lab);
    for (let index = 0; index <= HANDSHAKES_PER_ADDRESS.burst; index++) {
      const peer = await RawPeer.connect(gateway.port, "127.0.0.20");
      peer.write(streamHeader());
      await peer.until(/<\/stream:features>/);
      peer.write(STARTTLS);
      if (index < HANDSHAKES_PER_ADDRESS.burst) {
        await peer.until(/<proceed[^>]*\/>/);
        peer.destroy();
        continue;
      }
      await settle();
      peer.write(chat("injected"));
      await settle();
      await pass(1_000);
      expect(await peer.closed()).not.toContain("stream:error");
    }
    expect(gateway.counter(DELIVERED)).toBe(0);
  });
});

test("somebody who never authenticates may send so much in all, though each of it is harmless", async () => {
  const gateway = await startTestGateway(lab);
  const peer = await RawPeer.connect(gateway.port);
  peer.write(streamHeader());
  await peer.until(/<\/stream:features>/);
  const ignored = "<db:result type='invalid'/>"; // an answer to nothing
  peer.write(ignored.repeat(UNAUTHENTICATED_BYTES / ignored.length + 1));
  expect(await peer.closed()).toMatch(/<policy-violation .*too much was sent without authentication/s);
});

test("a partner over its stanza rate is held back, and loses nothing", async () => {
  holdClock();
  const rig = await startFederation(lab);
  const peer = await connectDialback(rig);
  const { burst, perSecond } = STANZAS_PER_PARTNER;
  const sent = burst + 4 * perSecond;
  peer.write(Array.from({ length: sent }, (_, index) => chat(`${index}`)).join(""));
  await eventually(() => rig.stanzas.length >= burst, "the burst is read");
  await settle(400);
  // What one read held goes over the rate, and then nothing is read until the debt is paid.
  const held = rig.stanzas.length;
  expect(held).toBeLessThan(burst + perSecond);
  await settle(400);
  expect(rig.stanzas.length).toBe(held);
  for (let second = 0; second < 8; second++) await pass(1_000, 10);
  await eventually(() => rig.stanzas.length === sent, "all has come");
  expect(rig.stanzas.map((stanza) => stanza.attrs.id)).toEqual(
    Array.from({ length: sent }, (_, index) => `m-${index}`),
  );
  expect(rig.counters.get('reads_delayed_total{reason="rate"}')).toBeGreaterThan(0);
});
