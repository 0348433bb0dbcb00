import { generateKeyPairSync } from "node:crypto";
import { crypto as acmeCrypto } from "acme-client";
import type { KeyChoice, StoredOrder } from "./acme-state";

/** Longest commonName (RFC 5280 appendix A.1, ub-common-name). */
const LONGEST_COMMON_NAME = 64;

/** A new key, and the certificate request that is made with it. */
export async function newRequest(
  names: readonly string[],
  key: KeyChoice,
): Promise<Pick<StoredOrder, "keyPem" | "csrPem">> {
  const keyPem = newKeyPem(key);
  const [commonName = ""] = names;
  const subject = commonName.length <= LONGEST_COMMON_NAME && !commonName.startsWith("*.") ? { commonName } : {};
  const [, csr] = await acmeCrypto.createCsr({ ...subject, altNames: [...names] }, keyPem);
  return { keyPem, csrPem: csr.toString("latin1") };
}

function newKeyPem({ type, bits }: KeyChoice): string {
  const { privateKey } =
    type === "RSA"
      ? generateKeyPairSync("rsa", { modulusLength: bits })
      : generateKeyPairSync("ec", { namedCurve: bits === 384 ? "P-384" : "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
