import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { writePkcs12 } from "../../src/certificate/export/write-pkcs12";
import { readReply } from "../../src/certificate/import/read-reply";
import { issue, rsa } from "../certificate/authority";
import { pairOf } from "../certificate/store/pair";
import { runInPeerRoot } from "./rig/peer-command";
import { peerRoot } from "./rig/peer-root";
import { makeWorkFolder } from "./rig/work-folder";

// PKCS#12 between us and the keytool of Debian's Java, which sees the work folder as /peer.
const PASSWORD = "correct horse battery";
let work: string;
const keytool = (...args: readonly string[]) =>
  runInPeerRoot(peerRoot(), work, [
    "/usr/lib/jvm/default-java/bin/keytool",
    ...args,
    "-J-Duser.language=en",
    "-storepass:file",
    "/peer/password",
  ]);

beforeAll(async () => {
  work = await makeWorkFolder();
  writeFileSync(join(work, "password"), PASSWORD);
});

test.each([
  ["ECDSA", {}],
  ["RSA", { keys: rsa(2048) }],
])("keytool reads a file of ours with a key of %s: chain, key and friendly name", async (kind, options) => {
  const ca = await issue({ subject: "CN=Issuing", ca: true });
  const { issued, keyPem } = await pairOf({ issuer: ca, ...options });
  const file = "/peer/ours.p12";
  const certificates = [issued.der, ca.der];
  const friendlyName = "contoso edge";
  writeFileSync(
    join(work, "ours.p12"),
    writePkcs12({ certificates, key: createPrivateKey(keyPem), passphrase: PASSWORD, friendlyName }),
  );
  const listed = keytool("-list", "-v", "-keystore", file);
  expect(listed).toContain("Alias name: contoso edge");
  expect(listed).toContain("Entry type: PrivateKeyEntry");
  expect(listed).toContain("Certificate chain length: 2");
  // Only with the key's own password can it be copied: this opens it.
  const copy = `/peer/copy-${kind}.jks`;
  keytool(
    "-importkeystore",
    "-srckeystore",
    file,
    "-srcstorepass:file",
    "/peer/password",
    "-destkeystore",
    copy,
    "-deststorepass:file",
    "/peer/password",
  );
});

test("a file of keytool's is read by us", () => {
  const file = "/peer/theirs.p12";
  keytool("-genkeypair", "-keyalg", "EC", "-alias", "edge", "-dname", "CN=sip.contoso.example", "-keystore", file);
  const { certificates, keys } = readReply(readFileSync(join(work, "theirs.p12")), { pkcs12: PASSWORD });
  expect([certificates.map(({ subject }) => subject), keys.length]).toEqual([["CN=sip.contoso.example"], 1]);
});
