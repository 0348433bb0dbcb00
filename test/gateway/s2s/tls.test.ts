/** Certificates, TLS itself and STARTTLS in both roles, over raw sockets. */
import { constants } from "node:crypto";
import { type TLSSocket, TLSSocket as TlsEnd, type TlsOptions } from "node:tls";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { LabCertificate } from "../../../src/certificate/lab-ca";
import { publicKeyPin } from "../../../src/certificate/peer-identity";
import { documentOf, LOCAL, partner, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { closePeers, eventually, external, RawPeer, STARTTLS, streamHeader } from "../raw-peer";
import { startTestGateway, stopGateways } from "../running";
import { type FederationRig, item, PAIR, startFederation, stopFederations } from "./federation-rig";

let lab: Lab;
const certificates: Record<string, LabCertificate | undefined> = {};
beforeAll(async () => {
  lab = await createLab();
  const sibling = await lab.issue(`it.${REMOTE}`);
  Object.assign(certificates, {
    own: lab.partner,
    sibling,
    parent: await lab.issue("example"),
    wildcard: await lab.issue(`*.${REMOTE}`),
    forged: lab.forged,
    client: lab.edge,
    several: await lab.issue("other.example", REMOTE),
    commonName: await lab.issueAs(REMOTE, "other.example"),
    none: undefined,
  });
});
afterEach(async () => {
  closePeers();
  await stopFederations();
  await stopGateways();
});

const PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const header = (id: string) =>
  `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='${id}' from='${REMOTE}' to='${LOCAL}' version='1.0'>`;
const offerTls = `<stream:features>${STARTTLS}</stream:features>`;
const DIALBACK = "<dialback xmlns='urn:xmpp:features:dialback'/>";
const EXTERNAL = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";

describe("a peer's certificate decides whether EXTERNAL is offered", () => {
  test.each([
    ["its own", "own", REMOTE, true],
    ["one with other names beside it", "several", REMOTE, true],
    ["of a sibling", "sibling", REMOTE, false],
    ["of the domain above", "parent", REMOTE, false],
    ["a wildcard below the domain, for the domain", "wildcard", REMOTE, false],
    ["a wildcard, one label deep", "wildcard", `it.${REMOTE}`, true],
    ["a wildcard, two labels deep", "wildcard", `mail.it.${REMOTE}`, false],
    ["of a CA that nobody trusts", "forged", REMOTE, false],
    ["of ourselves", "client", REMOTE, false],
    ["its name as common name alone", "commonName", REMOTE, false],
    ["none at all", "none", REMOTE, false],
  ])("%s", async (_, certificate, domain, offered) => {
    const document = documentOf([partnerOfRow(7, { domain, domains: [domain] })]);
    const gateway = await startTestGateway(lab, { document });
    const peer = await RawPeer.connect(gateway.port);
    await peer.openSecure(certificates[certificate], { from: domain });
    const [features] = await peer.until(/<stream:features>.*<\/stream:features>/s);
    expect(features.includes("EXTERNAL")).toBe(offered);
    expect(features).toContain("urn:xmpp:features:dialback");
    peer.write(external(domain));
    await peer.until(offered ? /<success/ : /<failure [^>]*><not-authorized\/>/);
  });

  test("expired: judged by the clock that was passed in", async () => {
    const gateway = await startTestGateway(lab, { now: () => Date.now() + 31 * 86_400_000 });
    const peer = await (await RawPeer.connect(gateway.port)).openSecure(lab.partner);
    expect(await peer.closed()).toMatch(/<stream:error><not-authorized .*expired/s);
  });

  test("bad, by a row with EXTERNAL alone: closed, and the reason told and logged", async () => {
    const gateway = await startTestGateway(lab);
    const peer = await (await RawPeer.connect(gateway.port)).openSecure(lab.forged);
    expect(await peer.closed()).toMatch(/<stream:error><not-authorized .*untrusted/s);
    expect(gateway.lines.find((line) => line.event === "certificate-refused")?.reason).toContain("untrusted");
  });

  test("pinned keys: the right one and another", async () => {
    const pin = publicKeyPin(Buffer.from(lab.partner.certificatePem.split("-----")[2]!, "base64"));
    for (const [pins, offered] of [
      [[pin], true],
      [["0".repeat(64)], false],
    ] as const) {
      const gateway = await startTestGateway(lab, { document: documentOf([partnerOfRow(7, { pins })]) });
      const peer = await (await RawPeer.connect(gateway.port)).openSecure(lab.partner);
      const [features] = await peer.until(/<stream:features>.*<\/stream:features>/s);
      expect(features.includes("EXTERNAL")).toBe(offered);
    }
  });

  test("a partner's own anchors replace the gateway's", async () => {
    const other = await createLab();
    const document = documentOf([partnerOfRow(7, { trustAnchors: [other.anchorsPem] })]);
    const gateway = await startTestGateway(lab, { document });
    for (const [certificate, offered] of [
      [lab.partner, false],
      [other.partner, true],
    ] as const) {
      const peer = await (await RawPeer.connect(gateway.port)).openSecure(certificate);
      const [features] = await peer.until(/<stream:features>.*<\/stream:features>/s);
      expect(features.includes("EXTERNAL")).toBe(offered);
    }
  });
});

describe("TLS", () => {
  async function starttls(port: number): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    peer.write(streamHeader());
    await peer.until(/<\/stream:features>/);
    peer.write(STARTTLS);
    await peer.until(/<proceed[^>]*\/>/);
    return peer;
  }

  test.each(["TLSv1", "TLSv1.1"] as const)("%s is refused", async (version) => {
    const gateway = await startTestGateway(lab);
    const peer = await starttls(gateway.port);
    const old = { minVersion: version, maxVersion: version, ciphers: "ALL:@SECLEVEL=0" } as const;
    await expect(peer.secure(lab.partner, old)).rejects.toThrow();
    await peer.closed();
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("%s is accepted, without compression", async (version) => {
    const gateway = await startTestGateway(lab);
    const peer = await starttls(gateway.port);
    const socket = await peer.secure(lab.partner, { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    peer.write(streamHeader());
    await peer.until(/EXTERNAL/);
  });

  test.each([
    ["CBC", "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256"],
    ["CBC and SHA-1", "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"],
    ["the certificate's key to encrypt", "AES256-GCM-SHA384:AES128-SHA"],
    ["nobody authenticated", "ADH-AES256-GCM-SHA384"],
  ])("%s is refused", async (_, ciphers) => {
    const gateway = await startTestGateway(lab);
    const peer = await starttls(gateway.port);
    await expect(
      peer.secure(lab.partner, { maxVersion: "TLSv1.2", ciphers: `${ciphers}:@SECLEVEL=0` }),
    ).rejects.toThrow();
    await peer.closed();
  });

  test("our order of ciphers counts", async () => {
    const gateway = await startTestGateway(lab);
    const peer = await starttls(gateway.port);
    const theirs =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
    const socket = await peer.secure(lab.partner, { maxVersion: "TLSv1.2", ciphers: theirs });
    expect(socket.getCipher().name).toMatch(/AES256-GCM-SHA384$/);
  });

  test("renegotiation is refused", async () => {
    const gateway = await startTestGateway(lab);
    const peer = await starttls(gateway.port);
    const socket = await peer.secure(lab.partner, { maxVersion: "TLSv1.2" });
    const failure = await new Promise<Error | null>((resolve) => {
      socket.once("error", resolve);
      socket.renegotiate({}, resolve);
    });
    expect(String(failure)).toMatch(/renegotiation/i);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("%s sessions are never resumed", async (maxVersion) => {
    const gateway = await startTestGateway(lab, { document: documentOf([partnerOfRow(7)]) });
    const first = await starttls(gateway.port);
    const tls = await first.secure(lab.partner, { maxVersion });
    first.write(streamHeader());
    await first.until(/EXTERNAL/);
    const session = tls.getSession();
    first.destroy();
    const second = await starttls(gateway.port);
    const resumed = await second.secure(lab.partner, { maxVersion, ...(session === undefined ? {} : { session }) });
    expect(resumed.isSessionReused()).toBe(false);
    second.write(streamHeader());
    await second.until(/EXTERNAL/);
  });

  test("our certificate is the one for SNI, else for the stream's to", async () => {
    const second = await lab.issue("tailspin.example");
    const gateway = await startTestGateway(lab, {
      document: documentOf([partner()], { localDomains: [LOCAL, "tailspin.example"] }),
      credentials: [lab.edge, second],
    });
    for (const [to, servername, expected] of [
      [LOCAL, LOCAL, `DNS:sip.${LOCAL}, DNS:${LOCAL}`],
      ["tailspin.example", "tailspin.example", "DNS:tailspin.example"],
      ["tailspin.example", "host-of-the-srv-record.example", "DNS:tailspin.example"],
    ] as const) {
      const peer = await RawPeer.connect(gateway.port);
      peer.write(streamHeader({ to }));
      await peer.until(/<\/stream:features>/);
      peer.write(STARTTLS);
      await peer.until(/<proceed[^>]*\/>/);
      const socket = await peer.secure(lab.partner, { servername });
      expect(socket.getPeerCertificate().subjectaltname).toBe(expected);
    }
  });
});

describe("as initiator", () => {
  /** Our stream up to where the partner answers <starttls/>. */
  async function untilStartTls(rig: FederationRig): Promise<RawPeer> {
    const peer = await rig.server.accepted();
    await peer.until(/<stream:stream [^>]*>/);
    peer.write(header("plain") + offerTls);
    await peer.until(/<starttls /);
    return peer;
  }
  /** The partner's end becomes a TLS server. */
  async function serve(peer: RawPeer, certificate: LabCertificate, options: TlsOptions = {}): Promise<TLSSocket> {
    const raw = peer.socket;
    raw.removeAllListeners("data");
    const socket = new TlsEnd(raw, {
      isServer: true,
      cert: certificate.certificatePem,
      key: certificate.keyPem,
      requestCert: true,
      rejectUnauthorized: false,
      ...options,
    });
    socket.on("error", () => undefined);
    peer.write(PROCEED);
    await new Promise<void>((resolve, reject) => {
      socket.once("secure", resolve);
      socket.once("close", () => reject(new Error("closed during the handshake")));
    });
    return socket;
  }
  const lastFailure = (rig: FederationRig) => rig.federation.status().lastFailures[REMOTE] ?? "";
  const failed = (rig: FederationRig, text: string) =>
    eventually(() => lastFailure(rig).includes(text), `it failed by ${text}, not ${lastFailure(rig)}`);

  test("data behind <proceed/> in the same packet is never read", async () => {
    const rig = await startFederation(lab, partnerOfRow(9));
    const sent = item("secret");
    rig.federation.send(PAIR, sent);
    const peer = await untilStartTls(rig);
    peer.write(`${PROCEED}${header("forged")}<stream:features>${DIALBACK}</stream:features>`);
    await peer.closed();
    await failed(rig, "protocol");
    expect(peer.text).not.toContain("db:result");
    expect(peer.text).not.toContain("secret");
  });

  test("data behind <proceed/> in the next packet breaks the handshake, and nothing is sent", async () => {
    const rig = await startFederation(lab, partnerOfRow(9));
    rig.federation.send(PAIR, item("secret"));
    const peer = await untilStartTls(rig);
    peer.write(PROCEED);
    await new Promise((resolve) => setTimeout(resolve, 20));
    peer.write(`${header("forged")}<stream:features>${DIALBACK}</stream:features>`);
    await peer.closed();
    await failed(rig, "tls-failed");
    expect(peer.text).not.toContain("secret");
  });

  test("STARTTLS that was offered before and is not now is said so, and nothing is sent", async () => {
    const rig = await startFederation(lab, partnerOfRow(7));
    rig.federation.send(PAIR, item("one"));
    const first = await untilStartTls(rig);
    first.destroy(); // the network drops it, and the next time it takes out STARTTLS
    rig.federation.send(PAIR, item("secret"));
    const second = await rig.server.accepted();
    await second.until(/<stream:stream [^>]*>/);
    second.write(`${header("plain")}<stream:features>${DIALBACK}</stream:features>`);
    await failed(rig, "it offered STARTTLS before");
    expect(second.text).not.toMatch(/db:result|secret/);
  });

  test("<failure/> after the offer never falls back to plain, though the row has TCP dialback", async () => {
    const rig = await startFederation(lab, partnerOfRow(9));
    const sent = item("secret");
    rig.federation.send(PAIR, sent);
    const peer = await untilStartTls(rig);
    peer.write("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
    await eventually(() => sent.returned.length === 1, "it comes back");
    expect(peer.text).not.toContain("db:result");
    expect(rig.server.connections).toBe(1);
  });

  test("a bad certificate, by a row with EXTERNAL alone: not a byte goes through TLS", async () => {
    const rig = await startFederation(lab, partnerOfRow(1));
    const sent = item("secret");
    rig.federation.send(PAIR, sent);
    const peer = await untilStartTls(rig);
    const socket = await serve(peer, lab.forged);
    let read = "";
    socket.on("data", (chunk: Buffer) => {
      read += chunk.toString();
    });
    await eventually(() => sent.returned.length === 1, "it comes back");
    await peer.closed();
    expect(read).toBe("");
    expect(lastFailure(rig)).toContain("certificate-refused: untrusted");
  });

  test("a bad certificate, by a row with TLS dialback: dialback, never EXTERNAL", async () => {
    const rig = await startFederation(lab, partnerOfRow(9));
    rig.federation.send(PAIR, item("one"));
    const tls = new RawPeer(await serve(await untilStartTls(rig), lab.forged));
    await tls.until(/<stream:stream [^>]*>/);
    tls.write(`${header("after-tls")}<stream:features>${EXTERNAL}${DIALBACK}</stream:features>`);
    await tls.until(/<db:result [^>]*>[0-9a-f]{64}<\/db:result>/);
    tls.write(`<db:result from='${REMOTE}' to='${LOCAL}' type='valid'/>`);
    await tls.until(/one/);
    expect(tls.text).not.toContain("<auth");
  });

  test("EXTERNAL with our certificate for the domain, and dialback after its <failure/>", async () => {
    const rig = await startFederation(lab, partnerOfRow(7));
    rig.federation.send(PAIR, item("one"));
    const socket = await serve(await untilStartTls(rig), lab.partner);
    expect((socket as TLSSocket & { servername?: string }).servername).toBe(REMOTE);
    expect(socket.getPeerCertificate().subjectaltname).toContain(`DNS:${LOCAL}`);
    const tls = new RawPeer(socket);
    await tls.until(/<stream:stream [^>]*>/);
    tls.write(`${header("after-tls")}<stream:features>${EXTERNAL}${DIALBACK}</stream:features>`);
    const [, authzid] = await tls.until(/<auth [^>]*mechanism='EXTERNAL'[^>]*>([^<]*)<\/auth>/);
    expect(Buffer.from(authzid!, "base64").toString()).toBe(LOCAL);
    tls.write("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    await tls.until(/<db:result /);
  });

  test("TLS 1.1 is refused", async () => {
    const rig = await startFederation(lab, partnerOfRow(7));
    rig.federation.send(PAIR, item("one"));
    const peer = await untilStartTls(rig);
    const old = {
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "ALL:@SECLEVEL=0",
      secureOptions: constants.SSL_OP_NO_TICKET,
    } as const;
    await expect(serve(peer, lab.partner, old)).rejects.toThrow();
    await failed(rig, "tls-failed");
  });

  test.each([
    ["another id", `<db:result from='${REMOTE}' to='other.example' type='valid'/>`],
    ["another from", `<db:result from='evil.example' to='${LOCAL}' type='valid'/>`],
  ])("a dialback answer with %s is ignored, and nothing is sent", async (_, answer) => {
    const rig = await startFederation(lab, partnerOfRow(17));
    rig.federation.send(PAIR, item("secret"));
    const peer = await rig.server.accepted();
    await peer.until(/<stream:stream [^>]*>/);
    peer.write(`${header("plain")}<stream:features>${DIALBACK}</stream:features>`);
    await peer.until(/<\/db:result>/);
    peer.write(answer);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(peer.text).not.toContain("secret");
    peer.write(`<db:result from='${REMOTE}' to='${LOCAL}' type='valid'/>`);
    await peer.until(/secret/);
  });
});

describe("db:verify", () => {
  test("is valid for the stream that we are opening now, for its key alone, and not once it is open", async () => {
    const rig = await startFederation(lab, partnerOfRow(17));
    rig.federation.send(PAIR, item("one"));
    const peer = await rig.server.accepted();
    await peer.until(/<stream:stream [^>]*>/);
    peer.write(`${header("id-of-peer")}<stream:features>${DIALBACK}</stream:features>`);
    const [, key] = await peer.until(/<db:result [^>]*>([0-9a-f]{64})<\/db:result>/);
    const asker = await RawPeer.connect(rig.port);
    asker.write(streamHeader());
    const ask = async (id: string, what: string | undefined) => {
      asker.write(`<db:verify from='${REMOTE}' to='${LOCAL}' id='${id}'>${what}</db:verify>`);
      const [, type] = await asker.until(/<db:verify [^>]*type='(\w+)'/);
      return type;
    };
    expect(await ask("id-of-peer", key)).toBe("valid");
    expect(await ask("id-of-peer", `${key!.slice(0, -1)}${key!.endsWith("0") ? "1" : "0"}`)).toBe("invalid");
    expect(await ask("id-of-peer", "")).toBe("invalid");
    expect(await ask("another-id", key)).toBe("invalid");
    peer.write(`<db:result from='${REMOTE}' to='${LOCAL}' type='valid'/>`);
    await peer.until(/one/);
    expect(await ask("id-of-peer", key)).toBe("invalid");
  });
});
