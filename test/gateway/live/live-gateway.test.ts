/** A gateway that runs and is given other documents, over raw sockets. */
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { publicKeyPin } from "../../../src/certificate/peer-identity";
import type { DocumentPartner, GatewayDocument } from "../../../src/definition/facts/gateway-document";
import { snapshotOf } from "../../../src/gateway/live/snapshot";
import { documentOf, LOCAL, partner, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { closePeers, eventually, RawPeer, STARTTLS, streamHeader } from "../raw-peer";
import { startTestGateway, stopGateways, type TestGateway } from "../running";
import { acceptDialback, item, PAIR, startFederation, stopFederations } from "../s2s/federation-rig";

let lab: Lab;
let other: Lab;
beforeAll(async () => {
  [lab, other] = await Promise.all([createLab(), createLab()]);
});
afterEach(async () => {
  closePeers();
  await stopFederations();
  await stopGateways();
});

let digest = 0;
const offer = (gateway: TestGateway, document: GatewayDocument) =>
  gateway.apply({ document, digest: String(digest++), source: "test" });
const pinOf = (pem: string) => publicKeyPin(Buffer.from(pem.split("-----")[2]!, "base64"));
const STEADY = "steady.example";

/** A gateway with an authenticated stream of the partner and one of another. */
async function running(row: DocumentPartner = partnerOfRow(7)) {
  const steadyRow = partner({ domain: STEADY });
  const gateway = await startTestGateway(lab, { document: documentOf([row, steadyRow]) });
  const peer = await (await RawPeer.connect(gateway.port)).authenticate(lab.partner);
  const steady = await (await RawPeer.connect(gateway.port)).authenticate(await lab.issue(STEADY), STEADY);
  return { gateway, peer, steady, steadyRow };
}

describe("a stream that EXTERNAL authenticated", () => {
  test.each<[string, () => Partial<DocumentPartner>, boolean]>([
    ["a pin that its certificate has", () => ({ pins: [pinOf(lab.partner.certificatePem)] }), true],
    ["a pin that it has not", () => ({ pins: ["0".repeat(64)] }), false],
    ["anchors that it leads to", () => ({ trustAnchors: [lab.anchorsPem] }), true],
    ["anchors that it does not lead to", () => ({ trustAnchors: [other.anchorsPem] }), false],
    ["no trust any more", () => ({ partnerType: "PublicUnverified" }), true],
    ["a limit of one", () => ({ connectionLimit: 1 }), true],
  ])("%s: is judged again, and the other partner's stream is left alone", async (_name, change, stands) => {
    const { gateway, peer, steady, steadyRow } = await running();
    const outcome = offer(gateway, documentOf([partnerOfRow(7, change()), steadyRow]));
    expect(outcome).toMatchObject({ applied: true });
    if (stands) {
      expect(outcome).toMatchObject({ closed: [] });
      peer.write(`<iq type='get' id='p1' from='${REMOTE}' to='${LOCAL}'><ping xmlns='urn:xmpp:ping'/></iq>`);
      await eventually(() => gateway.counter('stanzas_total{direction="in"}') > 0, "it is heard");
    } else {
      expect(await peer.closed()).toMatch(/<policy-violation .*the certificate is no longer accepted/s);
      expect(outcome).toMatchObject({ closed: [{ direction: "in", remote: REMOTE, condition: "policy-violation" }] });
      expect(JSON.stringify(gateway.lines.find(({ event }) => event === "document-applied"))).not.toContain("BEGIN");
    }
    expect(steady.isClosed).toBe(false);
    expect(gateway.status().streams.filter(({ remote }) => remote === STEADY)).toHaveLength(1);
  });

  test("a limit that is lower now closes none, and admits none", async () => {
    const { gateway, peer, steadyRow } = await running();
    offer(gateway, documentOf([partnerOfRow(7, { connectionLimit: 1 }), steadyRow]));
    const second = await (await RawPeer.connect(gateway.port)).openSecure(lab.partner);
    second.write("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
    expect(await second.closed()).toMatch(/<resource-constraint /);
    expect(peer.isClosed).toBe(false);
  });

  test("a domain of ours that goes takes its streams along", async () => {
    const { gateway, peer } = await running();
    offer(gateway, documentOf([partnerOfRow(7)], { localDomains: ["other.example"] }));
    expect(await peer.closed()).toMatch(/<host-gone /);
  });
});

describe("a stream that is being negotiated", () => {
  test("begins anew where its partner's row has changed, and goes on where it has not", async () => {
    const { gateway, steadyRow } = await running();
    const negotiating = async (domain: string) => {
      const peer = await RawPeer.connect(gateway.port);
      peer.write(streamHeader({ from: domain }));
      await peer.until(/<\/stream:features>/);
      return peer;
    };
    const [concerned, unconcerned] = [await negotiating(REMOTE), await negotiating(STEADY)];
    offer(gateway, documentOf([partnerOfRow(7, { pins: ["0".repeat(64)] }), steadyRow]));
    expect(await concerned.closed()).toMatch(/<reset /);
    unconcerned.write(STARTTLS);
    await unconcerned.until(/<proceed/);
  });

  test("is turned away where the partner is gone", async () => {
    const { gateway, steadyRow } = await running();
    const peer = await RawPeer.connect(gateway.port);
    peer.write(streamHeader());
    await peer.until(/<\/stream:features>/);
    offer(gateway, documentOf([steadyRow]));
    expect(await peer.closed()).toMatch(/<policy-violation /);
  });
});

describe("what the process cannot take up while it lives", () => {
  test("is named, and the rest runs", async () => {
    const gateway = await startTestGateway(lab);
    const port = gateway.port;
    const started = documentOf([partner()], { accessEdge: { fqdn: "sip.contoso.example", addresses: [], port } });
    const again = await startTestGateway(lab, { document: started, listen: [{ address: "127.0.0.1", port: 0 }] });
    offer(again, documentOf([], { accessEdge: { ...started.accessEdge, port: 1 } }));
    expect(again.status().configuration?.waitingForRestart).toEqual([]); // it listens elsewhere by its options
    offer(gateway, documentOf([], { internal: { kind: "sandbox", users: [] } }));
    expect(gateway.status().configuration?.waitingForRestart).toEqual([]);
    const { internal: _, ...without } = documentOf([]);
    offer(gateway, without);
    expect(gateway.status().configuration).toMatchObject({ waitingForRestart: ["internal.kind"] });
    expect(gateway.lines.find(({ event }) => event === "restart-needed")).toMatchObject({ waiting: ["internal.kind"] });
  });

  test("a foreign document changes nothing, and the status says so until one is taken", async () => {
    const gateway = await startTestGateway(lab);
    expect(offer(gateway, documentOf([], { name: "elsewhere" }))).toMatchObject({ applied: false });
    expect(gateway.status().configuration?.refused).toMatchObject({ code: "document-foreign" });
    await (await RawPeer.connect(gateway.port)).authenticate(lab.partner);
    offer(gateway, documentOf([partner({ connectionLimit: 3 })]));
    expect(gateway.status().configuration?.refused).toBeUndefined();
  });
});

describe("a stream that we opened", () => {
  const nothing = { partings: () => "<presence type='unavailable'/>", revoked: () => [] };

  test("of a partner that is put out: its last words, then the error; what waits goes back", async () => {
    const rig = await startFederation(lab);
    const sent = item("before");
    rig.federation.send(PAIR, sent);
    const stream = await acceptDialback(rig.server);
    await stream.until(/before/);
    const revoked = rig.federation.apply(snapshotOf(documentOf([])), nothing);
    expect(revoked).toMatchObject([{ direction: "out", remote: REMOTE, condition: "policy-violation" }]);
    expect(await stream.closed()).toMatch(/<presence type='unavailable'\/>.*<stream:error><policy-violation /s);
    await eventually(() => sent.returned.length > 0, "what was not answered for goes back");
    expect(sent.returned[0]?.text).toMatch(/may have arrived/);
    const late = item("after");
    rig.federation.send(PAIR, late);
    expect(late.returned).toMatchObject([{ condition: "remote-server-not-found" }]);
    expect(rig.federation.status().streams).toEqual([]);
  });

  test("by a method that is gone is opened anew at once by one that the row has, and the queue goes on", async () => {
    const rig = await startFederation(lab);
    rig.federation.send(PAIR, item("first"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/first/);
    rig.federation.apply(snapshotOf(documentOf([partnerOfRow(13)])), nothing);
    rig.federation.send(PAIR, item("second"));
    expect(await stream.closed()).toMatch(/TCP dialback is no longer allowed/);
    const next = await rig.server.accepted();
    await next.until(/<stream:stream /);
  });

  test("of a row that has not changed is not touched", async () => {
    const rig = await startFederation(lab);
    rig.federation.send(PAIR, item("first"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/first/);
    const { document, policy } = rig.federation.snapshot;
    const row = policy.row(LOCAL, REMOTE)!;
    const revoked = rig.federation.apply(
      snapshotOf({ ...document, partners: [row, partner({ domain: STEADY })] }),
      nothing,
    );
    expect(revoked).toEqual([]);
    rig.federation.send(PAIR, item("second"));
    await stream.until(/second/);
    expect(rig.server.connections).toBe(1);
  });

  test("what waits for a user who may federate no more goes back, the others' does not", async () => {
    const rig = await startFederation(lab);
    const [denied, allowed] = [item("denied", { speaker: "a" }), item("allowed", { speaker: "b" })];
    rig.federation.send(PAIR, denied);
    rig.federation.send(PAIR, allowed);
    rig.federation.apply(rig.federation.snapshot, {
      partings: () => "",
      revoked: () => [{ item: ({ speaker }) => speaker === "a", condition: "forbidden", text: "no more" }],
    });
    expect(denied.returned).toEqual([{ condition: "forbidden", text: "no more" }]);
    expect(allowed.returned).toEqual([]);
    await (await acceptDialback(rig.server)).until(/allowed/);
  });
});
