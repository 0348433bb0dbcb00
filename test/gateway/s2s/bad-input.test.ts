/** Bad input over a raw socket: what an attacker, or a server from before 2004, may send before it authenticates. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { documentOf, LOCAL, partner, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { chat, closePeers, eventually, external, RawPeer, STARTTLS, streamHeader } from "../raw-peer";
import { startTestGateway, stopGateways, type TestGateway } from "../running";

const TCP = "tcp.example";
const DELIVERED = 'messages_total{direction="in",result="delivered"}';
const NAMESPACE = "urn:ietf:params:xml:ns:xmpp-streams";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});

let gateway: TestGateway;
/** An authenticated stream of another partner, which nothing here may harm. */
let witness: RawPeer;
let delivered = 0;
beforeEach(async () => {
  gateway = await startTestGateway(lab, {
    document: documentOf([
      partner(),
      partner({ domain: "witness.example" }),
      partnerOfRow(17, { domain: TCP, domains: [TCP] }),
    ]),
  });
  witness = await (await RawPeer.connect(gateway.port, "127.0.0.9")).authenticate(
    await lab.issue("witness.example"),
    "witness.example",
  );
  delivered = 0;
});
afterEach(async () => {
  // Whatever happened: the other stream stands, and what comes over it arrives.
  witness.write(chat("unharmed", "ann@witness.example"));
  delivered++;
  await eventually(() => gateway.counter(DELIVERED) === delivered, "the witness's message has arrived");
  closePeers();
  await stopGateways();
});

/** Our header with an id comes first, then that error, then the close; nothing else. */
const refusal = (condition: string) =>
  new RegExp(
    `^<\\?xml version='1\\.0'\\?><stream:stream [^>]* id='[0-9a-f]{32}'[^>]*>(<stream:features>.*</stream:features>)?` +
      `<stream:error><${condition} xmlns='${NAMESPACE}'/>(<text [^>]*>[^<]*</text>)?</stream:error></stream:stream>$`,
    "s",
  );

async function send(...parts: (string | Buffer)[]): Promise<RawPeer> {
  const peer = await RawPeer.connect(gateway.port);
  for (const part of parts) peer.write(part);
  return peer;
}

const BIG = 1024 * 1024;
const inStream = (text: string | Buffer) => [streamHeader(), text];
const verify = (domain: string) =>
  `<db:verify from='${domain}' to='${LOCAL}' id='no-stream-of-ours'>0123456789abcdef</db:verify>`;

describe("is refused by a stream error and a close:", () => {
  test.each<[string, (string | Buffer)[], string]>([
    // Addresses
    ["no to", [streamHeader({ to: null })], "improper-addressing"],
    ["an unknown to", [streamHeader({ to: "unknown.example" })], "host-unknown"],
    ["an unknown to with a final dot", [streamHeader({ to: "unknown.example." })], "host-unknown"],
    ["a user as to", [streamHeader({ to: `a@${LOCAL}` })], "improper-addressing"],
    ["a resource as to", [streamHeader({ to: `${LOCAL}/r` })], "improper-addressing"],
    ["our own domain as from", [streamHeader({ from: LOCAL })], "not-authorized"],
    ["a from with a space", [streamHeader({ from: "a b" })], "improper-addressing"],
    ["an unlisted from", [streamHeader({ from: "unlisted.example" })], "policy-violation"],
    // Namespaces and version
    ["the client's namespace", [streamHeader({ xmlns: "jabber:client" })], "invalid-namespace"],
    ["another stream namespace", [streamHeader({ streams: "urn:example" })], "invalid-namespace"],
    ["another root", ["<stream xmlns='jabber:server'>"], "invalid-namespace"],
    ["no version where features are needed", [streamHeader({ version: null })], "unsupported-version"],
    ["version 0.9", [streamHeader({ version: "0.9" })], "unsupported-version"],
    ["an id without end", [streamHeader({ id: "i".repeat(300) })], "policy-violation"],
    // What XML streams may not have
    ["a DOCTYPE", ["<!DOCTYPE x [<!ENTITY a 'b'>]>"], "restricted-xml"],
    ["nested entities", ["<!DOCTYPE x [<!ENTITY a '&b;&b;'><!ENTITY b '&a;'>]><x>&a;</x>"], "restricted-xml"],
    ["a comment", inStream("<!-- hello -->"), "restricted-xml"],
    ["a comment before the header", ["<!-- hello -->"], "restricted-xml"],
    ["a processing instruction", inStream("<?php echo 1 ?>"), "restricted-xml"],
    ["an undefined entity", inStream("<message><body>&nbsp;</body></message>"), "restricted-xml"],
    ["tags that do not match", inStream("<message></presence>"), "not-well-formed"],
    ["bytes that are not UTF-8", inStream(Buffer.from([0x3c, 0x61, 0xc3, 0x28])), "not-well-formed"],
    ["an overlong sequence", inStream(Buffer.from([0x3c, 0x61, 0xc0, 0xaf])), "not-well-formed"],
    ["a second XML declaration", inStream("<?xml version='1.0'?>"), "not-well-formed"],
    ["XML 1.1", ["<?xml version='1.1'?>"], "restricted-xml"],
    ["UTF-16", [Buffer.from("\ufeff<?xml", "utf16le")], "unsupported-encoding"],
    ["an undeclared prefix", inStream("<x:y/>"), "not-well-formed"],
    ["text between stanzas", inStream("hello"), "not-well-formed"],
    ["HTTP", ["GET / HTTP/1.1\r\nHost: contoso.example\r\n\r\n"], "not-well-formed"],
    ["a TLS ClientHello", [Buffer.from("16030100c8010000c40303", "hex")], "not-well-formed"],
    // What needs authentication, or is nothing we know
    ["a message before authentication", inStream(chat("x")), "not-authorized"],
    [
      "presence before authentication",
      inStream(`<presence from='ann@${REMOTE}' to='alice@${LOCAL}'/>`),
      "not-authorized",
    ],
    [
      "an iq before authentication",
      inStream(`<iq from='${REMOTE}' to='${LOCAL}' type='get' id='1'/>`),
      "not-authorized",
    ],
    ["db:result before TLS", inStream(`<db:result from='${REMOTE}' to='${LOCAL}'>k</db:result>`), "policy-violation"],
    ["db:verify before TLS, by a row without it", inStream(verify(REMOTE)), "policy-violation"],
    ["an element that is none of a stream", inStream("<hello xmlns='urn:example'/>"), "unsupported-stanza-type"],
    [
      "compression, which is never offered",
      inStream("<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>"),
      "unsupported-stanza-type",
    ],
    // Sizes
    ["an attribute of 1.1 MB", inStream(`<message to='${"a".repeat(1.1 * BIG)}'/>`), "policy-violation"],
    ["a text of 1.1 MB", inStream(`<message><body>${"a".repeat(1.1 * BIG)}</body></message>`), "policy-violation"],
    ["a name of 1 MB", inStream(`<${"a".repeat(BIG)}/>`), "policy-violation"],
    ["white space of 1 MB", inStream(" ".repeat(BIG)), "policy-violation"],
    ["white space of 1 MB before the header", [" ".repeat(BIG)], "policy-violation"],
    ["a depth of 20,000", inStream("<a>".repeat(20_000)), "policy-violation"],
    [
      "20,000 attributes",
      inStream(`<a ${Array.from({ length: 20_000 }, (_, i) => `a${i}='1'`).join(" ")}/>`),
      "policy-violation",
    ],
    [
      "20,000 namespaces",
      inStream(`<a ${Array.from({ length: 20_000 }, (_, i) => `xmlns:a${i}='urn:x'`).join(" ")}/>`),
      "policy-violation",
    ],
    ["a header of 1 MB", [streamHeader({ from: "a".repeat(BIG) })], "policy-violation"],
  ])("%s", async (_, parts, condition) => {
    const peer = await send(...parts);
    expect(await peer.closed()).toMatch(refusal(condition));
  });
});

describe("is answered and goes on:", () => {
  test("no from: STARTTLS and nothing else", async () => {
    const peer = await send(streamHeader({ from: null }));
    const [features] = await peer.until(/<stream:features>.*<\/stream:features>/s);
    expect(features).toBe(
      "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>",
    );
  });

  test.each([
    ["a to in capitals", { to: "CONTOSO.EXAMPLE" }],
    ["a to with a final dot", { to: "contoso.example." }],
    ["version 2.0", { version: "2.0" }],
    ["a from in capitals", { from: "FABRIKAM.example" }],
  ])("%s", async (_, parts) => {
    const peer = await send(streamHeader(parts));
    const [, attributes] = await peer.until(/<stream:stream ([^>]*)>/);
    expect(attributes).toContain(`from='${LOCAL}' to='${REMOTE}'`);
    await peer.until(/<stream:features>.*<\/stream:features>/s);
  });

  test("the header in pieces of one byte", async () => {
    const peer = await RawPeer.connect(gateway.port);
    for (const byte of streamHeader()) peer.write(byte);
    await peer.until(/<stream:features>.*<\/stream:features>/s);
  });

  test("EXTERNAL before TLS: encryption-required", async () => {
    const peer = await send(...inStream(external()));
    await peer.until(/<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><encryption-required\/><\/failure>/);
    peer.write(STARTTLS);
    await peer.until(/<proceed/);
  });

  test("no version, by a row with TCP dialback: a header without version, no features, and dialback", async () => {
    const peer = await send(streamHeader({ from: TCP, version: null }), verify(TCP));
    await peer.until(/<db:verify [^>]*type='invalid'/);
    expect(peer.text).not.toContain("features");
    expect(/<stream:stream [^>]*>/.exec(peer.text)?.[0]).not.toContain("version=");
  });

  test("db:verify before TLS, by a row with TCP dialback, for no stream that we are opening: invalid", async () => {
    const peer = await send(streamHeader({ from: TCP }), verify(TCP));
    const [answer] = await peer.until(/<db:verify [^>]*\/>/);
    expect(answer).toBe(`<db:verify from='${LOCAL}' to='${TCP}' id='no-stream-of-ours' type='invalid'/>`);
  });

  test("a close in order", async () => {
    const peer = await send(streamHeader(), "</stream:stream>");
    expect(await peer.closed()).toMatch(/<\/stream:features><\/stream:stream>$/);
  });
});

test("plain text behind <starttls/> is never read: the connection closes", async () => {
  const peer = await send(streamHeader());
  await peer.until(/<\/stream:features>/);
  peer.write(`${STARTTLS}${streamHeader()}${external()}${chat("injected")}`);
  const text = await peer.closed();
  expect(text).not.toContain("success");
  expect(gateway.lines.map((line) => line.event)).toContain("pipelined-data");
  expect(gateway.counter(DELIVERED)).toBe(0);
});

test("plain text in the next packet behind <starttls/> breaks the handshake, and nothing of it is read", async () => {
  const peer = await send(streamHeader());
  await peer.until(/<\/stream:features>/);
  peer.write(STARTTLS);
  await peer.until(/<proceed[^>]*\/>/);
  peer.write(`${streamHeader()}${chat("injected")}`);
  expect(await peer.closed()).not.toContain("stream:error");
  expect(gateway.counter(DELIVERED)).toBe(0);
});

test("after bad XML nothing more is read, and it costs one line of the log however much comes", async () => {
  const peer = await send(streamHeader(), "<a></b>");
  for (let i = 0; i < 20; i++) {
    peer.write(`${"<c></d>".repeat(1000)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await peer.closed();
  expect(gateway.lines.filter((line) => line.event === "stream-refused")).toHaveLength(1);
});

test("a peer that closes its own direction at once still reads why it is refused", async () => {
  const peer = await RawPeer.connect(gateway.port);
  peer.socket.end(streamHeader({ from: "unlisted.example" }));
  expect(await peer.closed()).toMatch(refusal("policy-violation"));
});

test("the log names neither keys nor bodies", async () => {
  const peer = await send(streamHeader({ from: TCP }), chat("secret-body", `ann@${TCP}`));
  await peer.closed();
  const second = await send(
    streamHeader({ from: TCP }),
    `<db:verify from='${TCP}' to='${LOCAL}' id='i'>secret-key</db:verify>`,
  );
  await second.until(/<db:verify/);
  expect(JSON.stringify(gateway.lines)).not.toMatch(/secret-(body|key)/);
});
