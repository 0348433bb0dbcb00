import { DnsHostError } from "./dns-host";

/** The digests we sign with (RFC 8945 section 6): the ones it calls mandatory or recommended, but MD5 and SHA-1. */
export const TSIG_DIGESTS = {
  "hmac-sha224": "sha224",
  "hmac-sha256": "sha256",
  "hmac-sha384": "sha384",
  "hmac-sha512": "sha512",
} as const;

export type TsigAlgorithm = keyof typeof TSIG_DIGESTS;

/** A secret shared with a name server (RFC 8945). */
export interface TsigKey {
  /** Lower case, without the final dot. */
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Buffer;
}

/** RFC 8945 section 5.2.2.1 wants no key shorter than half the digest; shorter than 16 octets can be guessed. */
const LEAST_SECRET = 16;
const REMEDY =
  'give a file as tsig-keygen or keymgr -t writes it (key "name" { algorithm hmac-sha256; secret "…"; };), or one line hmac-sha256:name:secret';

/**
 * Reads a key file: BIND's `key` clause, knot's YAML as `keymgr -t` prints it, or `algorithm:name:secret` as kdig -y
 * takes it. What is wrong is told without the secret.
 * @throws DnsHostError `dns-host-key`
 */
export function parseTsigKey(text: string): TsigKey {
  const bare = text.replace(/^\s*(#|\/\/).*$/gm, "").trim();
  if (bare.length > 4096) throw unusable("it is longer than 4096 characters");
  const fields = clause(bare) ?? yaml(bare) ?? line(bare);
  if (fields === undefined) throw unusable("it holds no key in a form that is known");
  const name = fields.name.toLowerCase().replace(/\.$/, "");
  if (!/^[a-z0-9_.-]{1,253}$/.test(name)) throw unusable("its name is no DNS name");
  const algorithm = fields.algorithm.toLowerCase().replace(/\.$/, "");
  if (!Object.hasOwn(TSIG_DIGESTS, algorithm))
    throw unusable(`its algorithm is ${printable(algorithm)}; expected one of ${Object.keys(TSIG_DIGESTS).join(", ")}`);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(fields.secret)) throw unusable("its secret is not base64");
  const secret = Buffer.from(fields.secret, "base64");
  if (secret.length < LEAST_SECRET) throw unusable(`its secret has ${secret.length} octets; expected ${LEAST_SECRET}`);
  return { name, algorithm: algorithm as TsigAlgorithm, secret };
}

interface Fields {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: string;
}

function clause(text: string): Fields | undefined {
  const [, name = "", body = ""] = /^key\s+"?([^"\s{]+)"?\s*\{([^}]*)\}\s*;?$/.exec(text) ?? [];
  const [, algorithm] = /(?:^|[\s;])algorithm\s+"?([^";\s]+)"?\s*;/.exec(body) ?? [];
  const [, secret] = /(?:^|[\s;])secret\s+"?([^";\s]+)"?\s*;/.exec(body) ?? [];
  return algorithm === undefined || secret === undefined ? undefined : { name, algorithm, secret };
}

function yaml(text: string): Fields | undefined {
  const field = (key: string) => new RegExp(`^[\\s-]*${key}:[ \\t]*"?([^"\\s]+)"?[ \\t]*$`, "m").exec(text)?.[1];
  const [name, algorithm, secret] = [field("id"), field("algorithm"), field("secret")];
  if (name === undefined || algorithm === undefined || secret === undefined) return undefined;
  return { name, algorithm, secret };
}

function line(text: string): Fields | undefined {
  const [, algorithm, name, secret] = /^([^:\s]+):([^:\s]+):(\S+)$/.exec(text) ?? [];
  if (name === undefined || algorithm === undefined || secret === undefined) return undefined;
  return { name, algorithm, secret };
}

const unusable = (what: string) => new DnsHostError("dns-host-key", `the TSIG key cannot be used: ${what}`, REMEDY);
const printable = (text: string) => JSON.stringify(text.slice(0, 64));
