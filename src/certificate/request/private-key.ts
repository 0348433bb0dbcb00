/** The key of a request: made here, and on disk in PKCS#8 only. */
import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

/** A key type with its size, as the definition names them. */
export type KeyKind =
  | { readonly type: "RSA"; readonly bits: 2048 | 3072 | 4096 }
  | { readonly type: "ECDSA"; readonly bits: 256 | 384 };

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const generate = promisify(generateKeyPair);

export function generateKey(kind: KeyKind): Promise<KeyPair> {
  if (kind.type === "RSA") return generate("rsa", { modulusLength: kind.bits, publicExponent: 65537 });
  return generate("ec", { namedCurve: kind.bits === 256 ? "P-256" : "P-384" });
}

/** The key in PEM (PKCS#8); with a passphrase encrypted (PBES2, AES-256). */
export function privateKeyPem(key: KeyObject, passphrase: string | undefined): string {
  const form = { format: "pem", type: "pkcs8" } as const;
  return passphrase === undefined
    ? key.export(form).toString()
    : key.export({ ...form, cipher: "aes-256-cbc", passphrase }).toString();
}
