/** Files as CAs and other software write them, made by openssl. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pair } from "../store/pair";

/** Runs openssl on files in a folder of their own, and gives back what it wrote to `out`. */
export function openssl(args: readonly string[], files: Readonly<Record<string, string | Buffer>>): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "openssl-test-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    return readFileSync(join(folder, "out"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const PASSWORD = "pässword";

/** A PKCS#12 file; `extra` chooses the encryption. */
export function pkcs12({ certificatePem, keyPem }: Pair, ...extra: readonly string[]): Buffer {
  return openssl(
    ["pkcs12", "-export", "-inkey", "key", "-in", "chain", "-out", "out", "-passout", "file:password", ...extra],
    { key: keyPem, chain: certificatePem, password: `${PASSWORD}\n` },
  );
}

/** A PKCS#7 file of a chain. */
export function pkcs7({ certificatePem }: Pair, form: "DER" | "PEM"): Buffer {
  return openssl(["crl2pkcs7", "-nocrl", "-certfile", "chain", "-outform", form, "-out", "out"], {
    chain: certificatePem,
  });
}
