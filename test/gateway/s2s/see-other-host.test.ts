/** A partner's server that sends us elsewhere (RFC 6120 section 4.9.3.19), over real sockets and TLS. */
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { DocumentPartner } from "../../../src/definition/facts/gateway-document";
import { stepOutbound } from "../../../src/gateway/s2s/outbound-machine";
import { newOutbound } from "../../../src/gateway/s2s/outbound-state";
import { streamErrorsNamespace, streamsNamespace } from "../../../src/stream/namespaces";
import { xml } from "../../../src/stream/xml/element";
import { LOCAL, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { eventually, type RawPeer } from "../raw-peer";
import {
  acceptExternal,
  type FederationRig,
  item,
  PAIR,
  PartnerServer,
  startFederation,
  stopFederations,
} from "./federation-rig";

const HEADER = `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='peer-id' from='${REMOTE}' to='${LOCAL}' version='1.0'>`;
const seeOther = (host: string) =>
  `<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${host}</see-other-host></stream:error></stream:stream>`;
const STARTTLS =
  "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(stopFederations);

const start = (row: DocumentPartner = partnerOfRow(7)) =>
  startFederation(lab, row, {}, undefined, undefined, (port) => ({
    srv: { [REMOTE]: [{ target: "xmpp.fabrikam.example", port }] },
    addresses: {
      "xmpp.fabrikam.example": ["127.0.0.1"],
      "other.fabrikam.example": ["127.0.0.1"],
      "metadata.fabrikam.example": ["169.254.169.254"],
    },
  }));
const send = (rig: FederationRig, body = "one") => {
  const sent = item(body);
  rig.federation.send(PAIR, sent);
  return sent;
};
const failure = (rig: FederationRig) => rig.federation.status().lastFailures[REMOTE];
const redirections = (rig: FederationRig) => rig.lines.filter(({ event }) => event === "stream-redirected").length;

/** The partner's side of a stream that we open, up to our header after TLS. */
async function acceptSecure(server: PartnerServer, certificate = lab.partner): Promise<RawPeer> {
  const connection = await server.accepted();
  await connection.until(/<stream:stream [^>]*>/);
  connection.write(HEADER + STARTTLS);
  await connection.until(/<starttls [^>]*\/>/);
  connection.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await connection.secureAsServer(certificate);
  await connection.until(/<stream:stream [^>]*>/);
  return connection;
}
/** What the partner's own server says. */
const refer = async (rig: FederationRig, host: string, certificate = lab.partner) =>
  (await acceptSecure(rig.server, certificate)).write(HEADER + seeOther(host));

describe("is followed", () => {
  test.each([
    ["to an address", "127.0.0.1"],
    ["to a name", "other.fabrikam.example"],
  ])("%s: the other host is asked for the partner's domain, and takes what waits", async (_, host) => {
    const rig = await start();
    const other = await PartnerServer.listen();
    const sent = send(rig);
    await refer(rig, `${host}:${other.port}`);
    const stream = await acceptExternal(other, lab, "");
    expect(stream.text).toContain(` to='${REMOTE}'`);
    await stream.until(/>one</);
    expect(sent.returned).toEqual([]);
    expect(failure(rig)).toBeUndefined();
    expect([rig.server.connections, other.connections, redirections(rig)]).toEqual([1, 1, 1]);
  });

  test("also in place of an answer to our authentication", async () => {
    const rig = await start();
    const other = await PartnerServer.listen();
    send(rig);
    const first = await acceptSecure(rig.server);
    first.write(
      `${HEADER}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms></stream:features>`,
    );
    await first.until(/<auth /);
    first.write(seeOther(`127.0.0.1:${other.port}`));
    await (await acceptExternal(other, lab, "")).until(/>one</);
    expect(first.text).not.toContain(">one<");
  });
});

describe("is not followed", () => {
  const comesBack = async (rig: FederationRig, sent: ReturnType<typeof item>, why: RegExp) => {
    await eventually(() => sent.returned.length === 1, "it comes back");
    expect(sent.returned[0]!.text).toMatch(why);
    expect(failure(rig)).toMatch(why);
  };

  test("before TLS", async () => {
    const rig = await start();
    const other = await PartnerServer.listen();
    const sent = send(rig);
    const first = await rig.server.accepted();
    await first.until(/<stream:stream [^>]*>/);
    first.write(HEADER + seeOther(`127.0.0.1:${other.port}`));
    await comesBack(rig, sent, /see-other-host/);
    expect(other.connections).toBe(0);
  });

  test("where the certificate does not prove the partner, though dialback may", async () => {
    const rig = await start(partnerOfRow(7));
    const other = await PartnerServer.listen();
    const sent = send(rig);
    await refer(rig, `127.0.0.1:${other.port}`, lab.forged);
    await comesBack(rig, sent, /see-other-host/);
    expect(other.connections).toBe(0);
  });

  test("a second time in one attempt", async () => {
    const rig = await start();
    const [second, third] = [await PartnerServer.listen(), await PartnerServer.listen()];
    const sent = send(rig);
    await refer(rig, `127.0.0.1:${second.port}`);
    (await acceptSecure(second)).write(HEADER + seeOther(`127.0.0.1:${third.port}`));
    await comesBack(rig, sent, /see-other-host/);
    expect([second.connections, third.connections]).toEqual([1, 0]);
  });

  test("past the proxy that the row names", () => {
    const row = partnerOfRow(7, { proxyFqdn: "xmpp.fabrikam.example" });
    const host = xml("see-other-host", streamErrorsNamespace, {}, "192.0.2.7");
    const error = xml("error", streamsNamespace, {}, host);
    const secure = { ...newOutbound(PAIR, { kind: "stanzas" }), secure: true, certified: true };
    const { proxyFqdn: _, ...free } = row;
    const failureBy = (one: DocumentPartner) => {
      const [effect] = stepOutbound(secure, { type: "element", element: error }, one).effects;
      return effect?.do === "fail" ? effect.failure : undefined;
    };
    expect(failureBy(free)?.otherHost).toEqual({ host: "192.0.2.7", port: 5269 });
    expect(failureBy(row)).toMatchObject({ code: "peer-error", condition: "see-other-host" });
    expect(failureBy(row)?.otherHost).toBeUndefined();
  });

  test.each([
    ["a metadata service", "169.254.169.254:80", /never dialled: 169\.254\.169\.254:80/],
    ["a name of one", "metadata.fabrikam.example", /never dialled: 169\.254\.169\.254:5269/],
    ["a private address", "10.0.0.1", /never dialled: 10\.0\.0\.1:5269/],
    ["IPv4 within IPv6", "[::ffff:169.254.169.254]:80", /never dialled/],
    ["a loopback address of IPv6", "[::1]:22", /never dialled/],
    ["a name without address", "nowhere.fabrikam.example", /no address for nowhere/],
    ["no host at all", "127.1:5269", /see-other-host/],
    ["nothing", "", /see-other-host/],
  ])("to %s", async (_, host, why) => {
    const rig = await start();
    const sent = send(rig);
    await refer(rig, host);
    await comesBack(rig, sent, why);
    expect(rig.server.connections).toBe(1);
  });

  test("to ourselves", async () => {
    const rig = await start();
    const sent = send(rig);
    await refer(rig, `127.0.0.1:${rig.port}`);
    await comesBack(rig, sent, /our own/);
    expect(rig.lines.filter(({ event, direction }) => event === "stream-closed" && direction === "in")).toEqual([]);
  });

  test("on a stream that stands", async () => {
    const rig = await start();
    const other = await PartnerServer.listen();
    const sent = send(rig);
    const stream = await acceptExternal(rig.server, lab, "");
    await stream.until(/>one</);
    stream.write(seeOther(`127.0.0.1:${other.port}`));
    await eventually(() => sent.returned.length === 1, "it comes back");
    expect(sent.returned[0]!.text).toContain("may have arrived");
    expect(failure(rig)).toContain("see-other-host");
    expect(other.connections).toBe(0);
  });
});

describe("the other host", () => {
  /** All three methods. */
  const lenient = () => partnerOfRow(3);

  test("is told nothing where its certificate does not prove the partner", async () => {
    const rig = await start(lenient());
    const other = await PartnerServer.listen();
    const sent = send(rig);
    await refer(rig, `127.0.0.1:${other.port}`);
    const connection = await other.accepted();
    await connection.until(/<stream:stream [^>]*>/);
    connection.write(HEADER + STARTTLS);
    await connection.until(/<starttls [^>]*\/>/);
    connection.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await connection.secureAsServer(lab.forged);
    await eventually(() => sent.returned.length === 1, "it comes back");
    expect(failure(rig)).toContain("certificate-refused");
    expect(await connection.closed()).not.toMatch(/db:result|<auth|>one</);
  });

  test("has to offer TLS, whatever the row takes from the partner's own", async () => {
    const rig = await start(lenient());
    const other = await PartnerServer.listen();
    const sent = send(rig);
    await refer(rig, `127.0.0.1:${other.port}`);
    const connection = await other.accepted();
    await connection.until(/<stream:stream [^>]*>/);
    connection.write(`${HEADER}<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>`);
    await eventually(() => sent.returned.length === 1, "it comes back");
    expect(failure(rig)).toContain("does not offer STARTTLS");
    expect(await connection.closed()).not.toMatch(/db:result/);
  });
});
