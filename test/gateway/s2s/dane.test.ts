/** Partners whose TLSA records prove them: streams that we open, and streams that they open. */
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { publicKeyPin } from "../../../src/certificate/peer-identity";
import { snapshotOf } from "../../../src/gateway/live/snapshot";
import { documentOf, partner, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { type Names, namesOf } from "../names";
import { closePeers, eventually, RawPeer } from "../raw-peer";
import { startTestGateway, stopGateways } from "../running";
import { acceptExternal, item, PAIR, startFederation, stopFederations } from "./federation-rig";

const HOST = "xmpp.fabrikam.example";
let lab: Lab;
/** A record of the certificate that nobody trusts, and of the one that the lab's CA issued. */
let forged: string;
let issued: string;

beforeAll(async () => {
  lab = await createLab();
  const recordOf = (pem: string) =>
    `3 1 1 ${publicKeyPin(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64"))}`;
  forged = recordOf(lab.forged.certificatePem);
  issued = recordOf(lab.partner.certificatePem);
});
afterEach(async () => {
  closePeers();
  await stopFederations();
  await stopGateways();
});

const row = partner({ proofType: "dane" });
const names = (port: number, tlsa: Names["tlsa"]): Names => ({
  srv: { [REMOTE]: [{ target: HOST, port }] },
  addresses: { [HOST]: ["127.0.0.1"] },
  ...(tlsa !== undefined && { tlsa }),
});

describe("a stream that we open", () => {
  /** @param tlsa of our partner's server */
  const open = (tlsa: readonly string[] | string, theirs = row) =>
    startFederation(
      lab,
      theirs,
      {},
      undefined,
      undefined,
      () => ({ srv: { [REMOTE]: "nobody is to ask here" } }),
      (port) => names(port, { [`_${port}._tcp.${HOST}`]: tlsa }),
    );

  test("stands by a record of a certificate that no anchor of ours leads to", async () => {
    const rig = await open([forged]);
    rig.federation.send(PAIR, item("one"));
    const stream = await acceptExternal(rig.server, { ...lab, partner: lab.forged }, "");
    await stream.until(/one/);
  });

  test("is refused where the records are of another certificate, though an anchor of ours leads to it", async () => {
    const rig = await open([forged]);
    const sent = item("one");
    rig.federation.send(PAIR, sent);
    await acceptExternal(rig.server, lab, "").catch(() => undefined);
    await eventually(() => sent.returned.length > 0, "it comes back");
    expect(rig.lines.find((line) => line.event === "certificate-refused")).toMatchObject({
      direction: "out",
      remote: REMOTE,
      reason: expect.stringMatching(/^dane: .*agrees with none of 3 1 1 .*a record for it would be 3 1 1 /),
    });
  });

  test.each<[string, readonly string[] | string, RegExp, string]>([
    ["there is no record", [], /dane: _\d+\._tcp\.xmpp\.fabrikam\.example has no TLSA record/, "certificate-refused"],
    ["records cannot be proved", "DNSSEC does not stand", /dane: DNSSEC does not stand/, "dns-failed"],
  ])("is not even begun where %s", async (_, tlsa, reason, code) => {
    const rig = await open(tlsa);
    rig.federation.send(PAIR, item("one"));
    await eventually(() => rig.lines.some((line) => line.event === "stream-ended"), "the attempt ends");
    expect(rig.lines.find((line) => line.event === "stream-ended")).toMatchObject({
      code,
      reason: expect.stringMatching(reason),
    });
    expect(rig.server.connections).toBe(0);
    expect(rig.federation.status().failures).toMatchObject([{ code, remedy: expect.stringMatching(/TLSA records/) }]);
  });

  test("goes to servers that have a record, and to no other", async () => {
    const rig = await startFederation(
      lab,
      row,
      {},
      undefined,
      undefined,
      () => ({}),
      (port) => ({
        srv: {
          [REMOTE]: [
            { target: "first.fabrikam.example", port: 1, priority: 1 },
            { target: HOST, port, priority: 2 },
          ],
        },
        addresses: { [HOST]: ["127.0.0.1"], "first.fabrikam.example": ["127.0.0.1"] },
        tlsa: { [`_${port}._tcp.${HOST}`]: [forged] },
      }),
    );
    rig.federation.send(PAIR, item("one"));
    const stream = await acceptExternal(rig.server, { ...lab, partner: lab.forged }, "");
    await stream.until(/one/);
    expect(rig.lines.some((line) => line.event === "stream-ended")).toBe(false);
  });

  test("follows nobody to another host", async () => {
    const rig = await open([issued]);
    rig.federation.send(PAIR, item("one"));
    const stream = await rig.server.accepted();
    await stream.until(/<stream:stream [^>]*>/);
    const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='peer-id' from='${REMOTE}' version='1.0'>`;
    stream.write(`${header}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>`);
    await stream.until(/<starttls [^>]*\/>/);
    stream.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await stream.secureAsServer(lab.partner);
    await stream.until(/<stream:stream [^>]*>/);
    stream.write(
      `${header}<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:${rig.server.port}</see-other-host></stream:error>`,
    );
    await eventually(() => rig.lines.some((line) => line.event === "stream-ended"), "the attempt ends");
    expect(rig.lines.find((line) => line.event === "stream-ended")).toMatchObject({ code: "peer-error" });
    expect(rig.server.connections).toBe(1);
  });

  test("is opened anew when its row begins to want records", async () => {
    const rig = await startFederation(lab, partnerOfRow(1), {}, undefined, undefined, undefined, () => ({}));
    rig.federation.send(PAIR, item("one"));
    const stream = await acceptExternal(rig.server, lab, "");
    await stream.until(/one/);
    const document = documentOf([partnerOfRow(1, { proofType: "dane" })]);
    const revoked = rig.federation.apply(snapshotOf(document), { partings: () => "", revoked: () => [] });
    expect(revoked).toMatchObject([{ direction: "out", condition: "reset" }]);
    expect(await stream.closed()).toContain("<reset ");
  });
});

describe("a stream that a partner opens", () => {
  const start = (tlsa: Names["tlsa"], more: Partial<Names> = {}) => {
    const secureResolver = namesOf({ ...names(5269, tlsa), ...more });
    return { secureResolver, started: startTestGateway(lab, { document: documentOf([row]), secureResolver }) };
  };
  const OWNER = `_5269._tcp.${HOST}`;

  test("stands by a record of one of its servers", async () => {
    const { started, secureResolver } = start({ [OWNER]: [issued, forged] });
    const gateway = await started;
    const peer = await (await RawPeer.connect(gateway.port)).authenticate(lab.forged);
    expect(gateway.status().streams).toMatchObject([{ method: "sasl-over-tls", state: "authenticated" }]);
    expect(secureResolver.asked).toContain(`TLSA ${OWNER}`);
    expect(peer.isClosed).toBe(false);
  });

  test.each<[string, Names["tlsa"], Partial<Names>, RegExp]>([
    ["whose records are of another certificate", "issued" as never, {}, /agrees with none of 3 1 1/],
    ["without records", {}, {}, /_5269\._tcp\.xmpp\.fabrikam\.example has no TLSA record/],
    ["whose SRV records are not proved", {}, { srv: { [REMOTE]: "not signed" } }, /not signed/],
  ])("is refused, of a domain %s", async (_, tlsa, more, reason) => {
    const { started } = start((tlsa as unknown) === "issued" ? { [OWNER]: [issued] } : tlsa, more);
    const gateway = await started;
    const peer = await (await RawPeer.connect(gateway.port)).openSecure(lab.forged);
    expect(await peer.closed()).toMatch(/<stream:error><not-authorized /);
    expect(gateway.lines.find((line) => line.event === "certificate-refused")).toMatchObject({
      remote: REMOTE,
      reason: expect.stringMatching(reason),
    });
  });

  test("keeps in order what comes while records are looked up, and only so much", async () => {
    let release: (() => void) | undefined;
    const plain = namesOf(names(5269, { [OWNER]: [forged] }));
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const secureResolver = {
      ...plain,
      tlsa: async (owner: string) => {
        await held;
        return plain.tlsa(owner);
      },
    };
    const gateway = await startTestGateway(lab, { document: documentOf([row]), secureResolver });
    const peer = await (await RawPeer.connect(gateway.port)).openSecure(lab.forged);
    peer.write("<presence/>".repeat(15));
    const greedy = await (await RawPeer.connect(gateway.port)).openSecure(lab.forged);
    greedy.write("<presence/>".repeat(17));
    expect(await greedy.closed()).toContain("too much was sent without waiting for our header");
    expect(peer.isClosed).toBe(false);
    release?.();
    // In its turn the first of them is refused: nobody has authenticated.
    expect(await peer.closed()).toMatch(/<stream:features>.*<stream:error><not-authorized /s);
  });

  test("ends in order while records are looked up", async () => {
    const secureResolver = { ...namesOf(names(5269, {})), tlsa: () => new Promise<never>(() => undefined) };
    const gateway = await startTestGateway(lab, { document: documentOf([row]), secureResolver });
    const peer = await (await RawPeer.connect(gateway.port)).openSecure(lab.forged);
    peer.destroy();
    await eventually(() => gateway.lines.some((line) => line.event === "stream-closed"), "it is gone");
  });
});
