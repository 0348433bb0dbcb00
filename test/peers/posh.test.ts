/** Prosody with a certificate that no anchor leads to: the POSH documents of its domains prove it, or do not. */
import { createHash, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { POSH_PATH, startWebServer, stopWebServers } from "../gateway/s2s/posh/web-server";
import { alice, Federation } from "./rig/federation";
import { findingsOfPartners } from "./rig/partner-check";
import { PeerRigError } from "./rig/peer-error";
import { TestAuthority } from "./rig/pki";
import { PeerRig } from "./rig/rig";
import { serverRecords } from "./rig/unbound";

/** Its document lists the certificate; it says where that is; it lists another certificate; it has none. */
const [listed, hosted, wrong, bare] = ["listed", "hosted", "wrong", "bare"].map((label) => `${label}.posh.example`) as [
  string,
  string,
  string,
  string,
];
const domains = [listed, hosted, wrong, bare];

let rig: PeerRig;
let federation: Federation;

beforeAll(async () => {
  rig = await PeerRig.open();
  const place = await rig.place(listed);
  const stranger = await TestAuthority.create("Authority of no trust");
  const certificates = { ...(await stranger.issue({ names: ["hosting.example"] })), caPem: rig.authority.caPem };
  const site = await rig.authority.issue({ names: domains });
  // Web servers are at 443, and nowhere else.
  const web = await startWebServer(
    { certificatePem: site.certPem, keyPem: site.keyPem },
    { address: place.address, port: 443 },
  ).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EACCES") throw error;
    const remedy = "run it as root, or let all users have it: sysctl net.ipv4.ip_unprivileged_port_start=443";
    throw new PeerRigError("peers-unavailable", `port 443 is not this user's; ${remedy}`);
  });
  const hash = (octets: Buffer) => createHash("sha256").update(octets).digest("base64");
  const listing = (sha256: string) => JSON.stringify({ fingerprints: [{ "sha-256": sha256 }], expires: 600 });
  web.pages[`${listed} ${POSH_PATH}`] = listing(hash(new X509Certificate(certificates.certPem).raw));
  web.pages[`${hosted} ${POSH_PATH}`] = JSON.stringify({ url: `https://${listed}${POSH_PATH}`, expires: 600 });
  web.pages[`${wrong} ${POSH_PATH}`] = listing(hash(Buffer.from("another certificate")));
  federation = await Federation.open(
    { partners: domains.map((domain) => ({ domain, partnerType: "Federated", proofType: "posh" })) },
    [
      {
        domain: listed,
        additionalDomains: domains.filter((domain) => domain !== listed),
        place,
        mode: "external",
        certificates,
        records: (server) => [...serverRecords(server), `${server.domain}. A ${server.address}`],
      },
    ],
    rig,
  );
});
afterAll(async () => {
  await federation?.close();
  await stopWebServers();
});

test.each([
  ["lists its certificate", listed],
  ["says where that is listed", hosted],
])("messages pass both ways by a document that %s", async (_, domain) => {
  const ours = federation.gateway.user(alice);
  const juliet = await federation.login(`juliet@${domain}`);
  await ours.message(juliet.jid, `to ${domain}`);
  await juliet.waitForMessage(alice, `to ${domain}`);
  juliet.message(alice, `from ${domain}`);
  await ours.waitForMessage(juliet.fullJid, `from ${domain}`);
  for (const direction of ["in", "out"])
    await federation.gateway.waitForEvent("stream-authenticated", {
      direction,
      remote: domain,
      method: "sasl-over-tls",
    });
});

test.each<[string, string, RegExp]>([
  ["a document that lists another certificate", wrong, /posh: none of the 1 fingerprints at https:\/\/wrong\./],
  ["no document", bare, /posh: https:\/\/bare\..*: HTTP status 404/],
])("no stream comes up by %s", async (_, domain, reason) => {
  const { gateway } = federation;
  const juliet = await federation.login(`juliet@${domain}`);
  juliet.message(alice, "never", { id: "never" });
  await juliet.waitForError("never");
  const refused = await gateway.waitForEvent("certificate-refused", { remote: domain });
  expect(refused.reason).toMatch(reason);
  await gateway.user(alice).message(juliet.jid, "never");
  const ended = await gateway.waitForEvent("stream-ended", { direction: "out", remote: domain });
  expect(ended.reason).toMatch(reason);
  expect(await gateway.streams(domain)).toEqual([]);
});

test("certificate check --partners judges them by their documents too", async () => {
  expect(await findingsOfPartners(federation)).toEqual({
    [listed]: [],
    [hosted]: [],
    [wrong]: ["fail certificate-posh"],
    [bare]: ["unknown certificate-posh"],
  });
});
