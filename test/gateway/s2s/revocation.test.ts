/** Revocation on streams: responses stapled by a TLS server of the partner's, lists that come while streams stand. */
import { createServer, type Server } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { IndexedList } from "../../../src/certificate/revocation/indexed-list";
import { snapshotOf } from "../../../src/gateway/live/snapshot";
import { type IssuedByOpenssl, OpensslCa } from "../../certificate/revocation/openssl-ca";
import { documentOf, LOCAL, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { namesOf } from "../names";
import { closePeers, eventually, RawPeer } from "../raw-peer";
import { startTestGateway, stopGateways } from "../running";
import { acceptExternal, item, PAIR, startFederation, stopFederations } from "./federation-rig";

let lab: Lab;
let ca: OpensslCa;
let partner: IssuedByOpenssl;
/** Of a certificate that demands a stapled response (RFC 7633). */
let demanding: IssuedByOpenssl;
const staples: Record<string, Buffer> = {};
const servers: Server[] = [];

beforeAll(async () => {
  ca = new OpensslCa();
  partner = ca.issue("partner", `subjectAltName=DNS:${REMOTE}`);
  const made = await createLab();
  lab = { ...made, anchorsPem: made.anchorsPem + ca.ca.pem };
  staples.good = ca.ocsp("partner");
  ca.issue("other");
  staples.other = ca.ocsp("other");
  demanding = ca.issue("demanding", `subjectAltName=DNS:${REMOTE}`, "tlsfeature=status_request");
  staples.demanded = ca.ocsp("demanding");
});
afterAll(() => ca.remove());
afterEach(async () => {
  closePeers();
  await stopFederations();
  await stopGateways();
  for (const server of servers.splice(0)) server.close();
});

const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='peer-id' from='${REMOTE}' to='${LOCAL}' version='1.0'>`;

/** The partner's end of a stream that we open, up to our header within TLS or the end; whether we asked for a staple. */
async function openTo(revocation: "soft" | "hard" | undefined, staple: Buffer | undefined, theirs = partner) {
  const rig = await startFederation(lab, partnerOfRow(1, revocation === undefined ? {} : { revocation }));
  const sent = item("one");
  rig.federation.send(PAIR, sent);
  const plain = await rig.server.accepted();
  await plain.until(/<stream:stream [^>]*>/);
  plain.write(`${header}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>`);
  await plain.until(/<starttls /);
  let asked = false;
  const server = createServer({ cert: theirs.pem, key: theirs.keyPem, requestCert: true, rejectUnauthorized: false });
  servers.push(server);
  server.on("OCSPRequest", (_certificate, _issuer, answer: (error: null, response: Buffer | null) => void) => {
    asked = true;
    answer(null, staple ?? null);
  });
  const secured = new Promise<RawPeer>((resolve) => {
    server.on("secureConnection", (socket) => resolve(new RawPeer(socket)));
  });
  plain.socket.removeAllListeners("data");
  plain.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  server.emit("connection", plain.socket);
  return { rig, sent, peer: await secured, asked: () => asked };
}

describe("a stream that we open", () => {
  test.each<[string, "soft" | "hard" | undefined, "good" | "other" | undefined, boolean]>([
    ["without revocation in the row nothing is asked for", undefined, undefined, true],
    ["soft, with a response that holds", "soft", "good", true],
    ["soft, without a response", "soft", undefined, true],
    ["hard, with a response that holds", "hard", "good", true],
    ["hard, without a response", "hard", undefined, false],
    ["hard, with a response about another certificate", "hard", "other", false],
  ])("%s", async (_, revocation, staple, accepted) => {
    const { rig, sent, peer, asked } = await openTo(revocation, staple && staples[staple]);
    if (accepted) await peer.until(/<stream:stream [^>]*>/);
    else {
      expect(await peer.closed()).toBe(""); // nothing at all is sent to it
      await eventually(() => sent.returned.length === 1, "the message comes back");
      expect(rig.federation.status().lastFailures[REMOTE]).toMatch(
        /^certificate-refused: revocation-unknown: .*let the partner's server staple/,
      );
    }
    expect(asked()).toBe(revocation !== undefined);
  });
});

test("a certificate that demands a stapled response is refused without one, also where the row is soft", async () => {
  const { rig, sent, peer } = await openTo("soft", undefined, demanding);
  expect(await peer.closed()).toBe("");
  await eventually(() => sent.returned.length === 1, "the message comes back");
  expect(rig.federation.status().lastFailures[REMOTE]).toMatch(/^certificate-refused: staple-missing: /);
  const other = await openTo("soft", staples.demanded, demanding);
  await other.peer.until(/<stream:stream [^>]*>/);
});

test("a row that gains revocation has its stream opened anew: only a handshake can ask for a staple", async () => {
  const rig = await startFederation(lab, partnerOfRow(1));
  rig.federation.send(PAIR, item("one"));
  const stream = await acceptExternal(rig.server, lab, "");
  await stream.until(/one/);
  const revoked = rig.federation.apply(snapshotOf(documentOf([partnerOfRow(1, { revocation: "soft" })])), {
    partings: () => "",
    revoked: () => [],
  });
  expect(revoked).toMatchObject([{ direction: "out", condition: "reset" }]);
  expect(await stream.closed()).toContain("<reset ");
});

describe("a stream that a partner opens", () => {
  test("has no staple: hard needs a list of the CA, and a list that revokes ends the stream that stands", async () => {
    const held: IndexedList[] = [];
    const gateway = await startTestGateway(lab, {
      document: documentOf([partnerOfRow(1, { revocation: "hard" })]),
      revocationLists: { of: (issuerKey) => held.filter((one) => one.issuerKey === issuerKey) },
      resolver: namesOf({}),
    });
    const certificate = { certificatePem: partner.pem, keyPem: partner.keyPem };
    const early = await (await RawPeer.connect(gateway.port)).openSecure(certificate);
    expect(await early.closed()).toMatch(/<stream:error><not-authorized .*revocation-unknown.*--revocation-lists/s);
    held.push(await IndexedList.read(ca.list()));
    const peer = await (await RawPeer.connect(gateway.port)).authenticate(certificate);
    gateway.reviewCertificates();
    expect(gateway.status().streams).toMatchObject([{ state: "authenticated" }]);
    expect(gateway.lines.some((line) => line.event === "stream-revoked")).toBe(false);
    ca.revoke("partner");
    held.push(await IndexedList.read(ca.list()));
    gateway.reviewCertificates();
    expect(await peer.closed()).toMatch(/<stream:error><policy-violation .*the certificate is no longer accepted/s);
    expect(gateway.lines.find((line) => line.event === "stream-revoked")).toMatchObject({
      direction: "in",
      remote: REMOTE,
      reason: expect.stringMatching(/^revoked: .*key compromise/),
    });
  });
});
