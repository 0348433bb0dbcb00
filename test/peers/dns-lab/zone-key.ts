import { createHash, generateKeyPairSync } from "node:crypto";
import { keyTag } from "../../../src/dns/resolver/dnssec/signing-key";
import { nameFromText } from "../../../src/dns/resolver/dnssec/wire-name";

/** The one key of a zone (ECDSAP256SHA256), in the forms that BIND's signer, zone files and parents take. */
export interface ZoneKey {
  /** Name of its two files, without the ending. */
  readonly file: string;
  readonly publicFile: string;
  readonly privateFile: string;
  /** Data of its DNSKEY record. */
  readonly dnskey: string;
  /** Data of the DS record with a digest of that kind. Default 2, SHA-256. */
  ds(digestType?: 1 | 2 | 4): string;
}

const ALGORITHM = 13;
const KSK = 257;
const HASHES = { 1: "sha1", 2: "sha256", 4: "sha384" } as const;

export function makeZoneKey(zone: string): ZoneKey {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y, d } = privateKey.export({ format: "jwk" });
  const octets = Buffer.concat([x, y].map((part) => Buffer.from(part ?? "", "base64url")));
  const data = Buffer.concat([Buffer.from([KSK >> 8, KSK & 0xff, 3, ALGORITHM]), octets]);
  const tag = keyTag(data);
  const owner = zone === "." ? "." : `${zone}.`;
  const dnskey = `${KSK} 3 ${ALGORITHM} ${octets.toString("base64")}`;
  return {
    file: `K${owner}+0${ALGORITHM}+${String(tag).padStart(5, "0")}`,
    publicFile: `${owner} IN DNSKEY ${dnskey}\n`,
    privateFile: [
      "Private-key-format: v1.3",
      `Algorithm: ${ALGORITHM} (ECDSAP256SHA256)`,
      `PrivateKey: ${Buffer.from(d ?? "", "base64url").toString("base64")}`,
      "",
    ].join("\n"),
    dnskey,
    ds: (digestType = 2) => {
      const digest = createHash(HASHES[digestType]).update(nameFromText(zone)).update(data).digest("hex");
      return `${tag} ${ALGORITHM} ${digestType} ${digest}`;
    },
  };
}
