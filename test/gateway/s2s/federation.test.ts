/** Streams beside each other: what one does must not touch the next. */
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { LOCAL, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { eventually, RawPeer, streamHeader } from "../raw-peer";
import { acceptDialback, connectDialback, item, PAIR, startFederation, stopFederations } from "./federation-rig";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(stopFederations);

const message = (id: string) => `<message from='ann@${REMOTE}' to='alice@${LOCAL}' id='${id}'><body>b</body></message>`;
const DIALBACK = "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>";

test("a stanza that cannot be taken over costs its stream, and no other", async () => {
  const rig = await startFederation(lab);
  const good = await connectDialback(rig);
  const bad = await connectDialback(rig);
  rig.onStanza = ({ attrs }) => {
    if (attrs.id === "breaks") throw new Error("the state cannot be written");
  };
  bad.write(message("breaks"));
  expect(await bad.closed()).toMatch(/<stream:error><internal-server-error /);
  good.write(message("holds"));
  await eventually(() => rig.stanzas.some((stanza) => stanza.attrs.id === "holds"), "the other stream's stanza came");
});

test("two streams of a pair stand beside each other, in both directions", async () => {
  const rig = await startFederation(lab);
  const [one, two] = [await connectDialback(rig), await connectDialback(rig)];
  rig.federation.send(PAIR, item("out"));
  const out = await acceptDialback(rig.server);
  await out.until(/out/);
  one.write(message("1"));
  two.write(message("2"));
  await eventually(() => rig.stanzas.length === 2, "both came");
  expect(rig.federation.status().streams).toHaveLength(3);
  out.destroy();
  one.write(message("3"));
  await eventually(() => rig.stanzas.length === 3, "the inbound ones stand");
});

describe("verification of a peer's key", () => {
  test.each([
    ["another id", (id: string) => `<db:verify from='${REMOTE}' to='${LOCAL}' id='x${id}' type='valid'/>`],
    ["another from", (id: string) => `<db:verify from='evil.example' to='${LOCAL}' id='${id}' type='valid'/>`],
    ["another element", (id: string) => `<db:result from='${REMOTE}' to='${LOCAL}' id='${id}' type='valid'/>`],
  ])("ignores an answer with %s, and takes the first right one alone", async (_, wrong) => {
    const rig = await startFederation(lab);
    const peer = await RawPeer.connect(rig.port);
    peer.write(streamHeader());
    const [, id = ""] = await peer.until(/ id='([0-9a-f]{32})'/);
    await peer.until(/<\/stream:features>/);
    peer.write(`<db:result from='${REMOTE}' to='${LOCAL}'>k</db:result>`);
    const verifier = await rig.server.accepted();
    await verifier.until(/<stream:stream [^>]*>/);
    verifier.write(`${streamHeader({ from: REMOTE, to: LOCAL, id: "v" })}${DIALBACK}`);
    await verifier.until(/<db:verify /);
    // On the wrong connection, and on the right one with a part that is not ours.
    peer.write(`<db:verify from='${REMOTE}' to='${LOCAL}' id='${id}' type='valid'/>`);
    verifier.write(wrong(id));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(peer.text).not.toContain("db:result");
    verifier.write(
      `<db:verify from='${REMOTE}' to='${LOCAL}' id='${id}' type='invalid'/>` +
        `<db:verify from='${REMOTE}' to='${LOCAL}' id='${id}' type='valid'/>`,
    );
    const [answer] = await peer.until(/<db:result [^>]*>/);
    expect(answer).toContain("type='invalid'");
    peer.write(message("x"));
    expect(await peer.closed()).toContain("<not-authorized ");
    expect(rig.stanzas).toEqual([]);
  });

  test("asks the server that DNS names, never the caller's address, and once for each request", async () => {
    const rig = await startFederation(lab);
    const peer = await RawPeer.connect(rig.port, "127.0.0.77");
    peer.write(`${streamHeader()}<db:result from='${REMOTE}' to='${LOCAL}'>k</db:result>`);
    const verifier = await rig.server.accepted();
    await verifier.until(/<stream:stream [^>]*>/);
    expect(verifier.socket.remoteAddress).toBe("127.0.0.1");
    expect(rig.server.connections).toBe(1);
  });

  test("that nobody answers is told as invalid, and the stream goes on", async () => {
    const rig = await startFederation(lab);
    rig.server.close();
    const peer = await RawPeer.connect(rig.port);
    peer.write(`${streamHeader()}<db:result from='${REMOTE}' to='${LOCAL}'>k</db:result>`);
    await peer.until(/<db:result [^>]*type='invalid'/);
    expect(peer.isClosed).toBe(false);
  });

  test("ends with the gateway: its connection does not outlive the stop", async () => {
    const rig = await startFederation(lab);
    const peer = await RawPeer.connect(rig.port);
    peer.write(`${streamHeader()}<db:result from='${REMOTE}' to='${LOCAL}'>k</db:result>`);
    const verifier = await rig.server.accepted();
    await verifier.until(/<stream:stream [^>]*>/);
    peer.end();
    const stopped = rig.federation.stop();
    await verifier.until(/<\/stream:stream>/);
    verifier.end();
    await stopped;
  });
});

describe("limits of streams that we open", () => {
  test("a partner's limit keeps the link waiting, and it goes on when there is room", async () => {
    const rig = await startFederation(lab, partnerOfRow(17, { connectionLimit: 1 }));
    const back = await connectDialback(rig);
    const sent = item("waits");
    rig.federation.send(PAIR, sent);
    await eventually(() => rig.federation.status().lastFailures[REMOTE] !== undefined, "it is said");
    expect(rig.federation.status().lastFailures[REMOTE]).toContain("limit");
    expect(rig.server.connections).toBe(1); // the verify connection alone
    back.destroy();
    const out = await acceptDialback(rig.server);
    await out.until(/waits/);
  });
});
