import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { writePkcs12 } from "../../src/certificate/export/write-pkcs12";
import { readReply } from "../../src/certificate/import/read-reply";
import { issue, rsa } from "../certificate/authority";
import { pairOf } from "../certificate/store/pair";
import { makeWorkFolder } from "./rig/work-folder";

// PKCS#12 between us and Java's keytool, which the machine has to bring.
const PASSWORD = "correct horse battery";
let work: string;
const keytool = (...args: readonly string[]) =>
  execFileSync("keytool", [...args, "-J-Duser.language=en", "-storepass:file", join(work, "password")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

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
  const file = join(work, "ours.p12");
  const certificates = [issued.der, ca.der];
  const friendlyName = "contoso edge";
  writeFileSync(file, writePkcs12({ certificates, key: createPrivateKey(keyPem), passphrase: PASSWORD, friendlyName }));
  const listed = keytool("-list", "-v", "-keystore", file);
  expect(listed).toContain("Alias name: contoso edge");
  expect(listed).toContain("Entry type: PrivateKeyEntry");
  expect(listed).toContain("Certificate chain length: 2");
  // Only with the key's own password can it be copied: this opens it.
  const copy = join(work, `copy-${kind}.jks`);
  keytool(
    "-importkeystore",
    "-srckeystore",
    file,
    "-srcstorepass:file",
    join(work, "password"),
    "-destkeystore",
    copy,
    "-deststorepass:file",
    join(work, "password"),
  );
});

test("a file of keytool's is read by us", () => {
  const file = join(work, "theirs.p12");
  keytool("-genkeypair", "-keyalg", "EC", "-alias", "edge", "-dname", "CN=sip.contoso.example", "-keystore", file);
  const { certificates, keys } = readReply(readFileSync(file), { pkcs12: PASSWORD });
  expect([certificates.map(({ subject }) => subject), keys.length]).toEqual([["CN=sip.contoso.example"], 1]);
});
