/** Partners whose POSH documents prove them: streams that we open, and streams that they open. */
import { createHash } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { PoshEvidence } from "../../../../src/certificate/peer-evidence";
import { snapshotOf } from "../../../../src/gateway/live/snapshot";
import { documentOf, partner, partnerOfRow, REMOTE } from "../../documents";
import { createLab, type Lab } from "../../lab";
import { eventually, RawPeer } from "../../raw-peer";
import { acceptExternal, item, PAIR, startFederation, stopFederations } from "../federation-rig";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(stopFederations);

const row = partner({ proofType: "posh" });
/** A document that lists the partner's certificate: that of nobody's CA, or that of the lab's. */
const listing =
  (which: "forged" | "partner") =>
  (domain: string): PoshEvidence => {
    const der = Buffer.from(lab[which].certificatePem.replace(/-----END[\s\S]*|-----[^-]+-----|\s/g, ""), "base64");
    return {
      domain,
      url: `https://${domain}/.well-known/posh/xmpp-server.json`,
      fingerprints: [{ "sha-256": createHash("sha256").update(der).digest() }],
    };
  };
const open = (posh?: (domain: string) => PoshEvidence, theirs = row) =>
  startFederation(lab, theirs, {}, undefined, undefined, undefined, undefined, posh);

describe("a stream that we open", () => {
  test("stands by a fingerprint of a certificate that no anchor of ours leads to", async () => {
    const rig = await open(listing("forged"));
    rig.federation.send(PAIR, item("one"));
    const stream = await acceptExternal(rig.server, { ...lab, partner: lab.forged }, "");
    await stream.until(/one/);
  });

  test.each<[string, ((domain: string) => PoshEvidence) | undefined, RegExp]>([
    ["the document lists another certificate", (domain) => listing("forged")(domain), /none of the 1 fingerprints at /],
    ["there is no document", undefined, /^posh: there is none; /],
    ["the document is of another domain", () => listing("partner")("other.example"), /nothing was fetched for/],
  ])("is refused where %s, though an anchor of ours leads to the certificate", async (_, posh, reason) => {
    const rig = await open(posh);
    const sent = item("one");
    rig.federation.send(PAIR, sent);
    await acceptExternal(rig.server, lab, "").catch(() => undefined);
    await eventually(() => sent.returned.length > 0, "it comes back");
    expect(rig.lines.find((line) => line.event === "certificate-refused")).toMatchObject({
      direction: "out",
      remote: REMOTE,
      reason: expect.stringMatching(reason),
    });
  });

  test("is opened anew when its row begins to want a document", async () => {
    const rig = await open(undefined, partnerOfRow(1));
    rig.federation.send(PAIR, item("one"));
    const stream = await acceptExternal(rig.server, lab, "");
    await stream.until(/one/);
    const document = documentOf([partnerOfRow(1, { proofType: "posh" })]);
    const revoked = rig.federation.apply(snapshotOf(document), { partings: () => "", revoked: () => [] });
    expect(revoked).toMatchObject([{ direction: "out", condition: "reset" }]);
    expect(await stream.closed()).toContain("<reset ");
  });
});

describe("a stream that a partner opens", () => {
  test("stands by a fingerprint of a certificate that no anchor of ours leads to", async () => {
    const rig = await open(listing("forged"));
    const peer = await (await RawPeer.connect(rig.port)).authenticate(lab.forged);
    expect(rig.federation.status().streams).toMatchObject([{ method: "sasl-over-tls", state: "authenticated" }]);
    expect(peer.isClosed).toBe(false);
  });

  test.each<[string, ((domain: string) => PoshEvidence) | undefined, RegExp]>([
    ["whose document lists another certificate", (domain) => listing("forged")(domain), /none of the 1 fingerprints/],
    ["without a document", undefined, /there is none/],
  ])("is refused, of a domain %s", async (_, posh, reason) => {
    const rig = await open(posh);
    const peer = await (await RawPeer.connect(rig.port)).openSecure(lab.partner);
    expect(await peer.closed()).toMatch(/<stream:error><not-authorized /);
    expect(rig.lines.find((line) => line.event === "certificate-refused")).toMatchObject({
      remote: REMOTE,
      reason: expect.stringMatching(reason),
    });
  });
});
