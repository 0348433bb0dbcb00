/** A partner's certificate that its CA revokes while its Prosody runs. */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice, Federation } from "./rig/federation";
import type { TestCertificate } from "./rig/pki";
import { PeerRig } from "./rig/rig";

const domain = "partner.example";
const directory = mkdtempSync(join(tmpdir(), "xmpp-edge-lists-"));
let rig: PeerRig;
let certificates: TestCertificate;
let federation: Federation;

function putList(list: Buffer): void {
  writeFileSync(join(directory, "new"), list);
  renameSync(join(directory, "new"), join(directory, "ca.crl"));
}

beforeAll(async () => {
  rig = await PeerRig.open();
  certificates = await rig.authority.issue({ names: [domain] });
  putList(await rig.authority.revocationList("1234"));
  federation = await Federation.open(
    {
      partners: [{ domain, partnerType: "Federated", revocation: "hard" }],
      more: { "--revocation-lists": directory },
    },
    [{ domain, mode: "external", certificates }],
    rig,
  );
});
afterAll(async () => {
  await federation?.close();
  rmSync(directory, { recursive: true, force: true });
});

test("messages pass while its CA's list does not name it; once it does, its streams end and none comes up", async () => {
  const { gateway } = federation;
  const ours = gateway.user(alice);
  const juliet = await federation.login(`juliet@${domain}`);
  await ours.message(juliet.jid, "outward");
  await juliet.waitForMessage(alice, "outward");
  juliet.message(alice, "inward");
  await ours.waitForMessage(juliet.fullJid, "inward");

  putList(await rig.authority.revocationList(new X509Certificate(certificates.certPem).serialNumber));
  const from = gateway.process.log.length;
  const logged = federation.prosody(domain).process.log.length;
  gateway.process.kill("SIGHUP");
  for (const direction of ["in", "out"])
    await gateway.waitForEvent("stream-revoked", { direction, remote: domain }, { from });
  // What it writes before it has let go of its stream would be lost with it.
  const { process } = federation.prosody(domain);
  await process.waitForLog(/Outgoing s2s stream partner\.example->contoso\.example closed/, { from: logged });
  juliet.message(alice, "too late", { id: "late" });
  await juliet.waitForError("late");
  const refused = await gateway.waitForEvent("certificate-refused", { remote: domain }, { from });
  expect(refused.reason).toMatch(/revoked: CN=partner\.example is revoked since .*: key compromise, by a list of CN=/);
  expect(await gateway.streams(domain)).toEqual([]);
});
