import { createHash } from "node:crypto";
import { comparable, isAskable } from "../names";
import type { Delegation } from "./delegation";
import { keyTag } from "./signing-key";
import type { TrustAnchor } from "./trust-chain";
import { nameFromText } from "./wire-name";

/** Text that is to be trusted without proof, and cannot be read. */
export class DnssecAnchorError extends Error {
  override readonly name = "DnssecAnchorError";
  readonly code = "dnssec-anchor";
  readonly remedy =
    "give DS or DNSKEY records as zone file lines, such as `. IN DS 20326 8 2 E06D44B8…`: `dig . DNSKEY` prints them, and so has them the file root.key of a validating resolver";

  constructor(readonly found: string) {
    super(`DNSSEC anchor: ${found}`);
  }
}

/** More than anybody's own zones; a wrong file may be anything. */
const MAXIMUM_ANCHORS = 256;
/** Octets of a digest by its kind (RFC 4034, 4509, 6605). */
const DIGEST_OCTETS: Readonly<Record<number, number>> = { 1: 20, 2: 32, 4: 48 };
const SHA256 = 2;

/**
 * Trust anchors as zone file lines, DS or DNSKEY (RFC 4034 sections 2.2 and 5.3). Records of other types are passed
 * over, for whoever saves an answer gets some.
 * @throws DnssecAnchorError
 */
export function readAnchors(text: string): TrustAnchor[] {
  const zones = new Map<string, Delegation[]>();
  for (const line of recordLines(text)) {
    const fields = line.split(/\s+/);
    const at = fields.findIndex((field, index) => index > 0 && /^(DS|DNSKEY)$/i.test(field));
    if (at === -1) continue;
    const owner = comparable(fields[0]!);
    if (owner !== "." && !isAskable(owner)) throw new DnssecAnchorError(`${shown(line)} begins with no name`);
    const data = fields.slice(at + 1);
    const delegation = fields[at]!.toUpperCase() === "DS" ? readDs(data) : delegationOfKey(owner, data);
    if (delegation === undefined) throw new DnssecAnchorError(`${shown(line)} is no ${fields[at]} record`);
    zones.set(owner, [...(zones.get(owner) ?? []), delegation]);
    if (zones.size > MAXIMUM_ANCHORS) throw new DnssecAnchorError(`more than ${MAXIMUM_ANCHORS} zones`);
  }
  if (zones.size === 0) throw new DnssecAnchorError("no DS or DNSKEY record was found");
  return [...zones].map(([zone, delegations]) => ({ zone, delegations }));
}

/** Comments gone, what stands in parentheses on one line (RFC 1035 section 5.1). */
const recordLines = (text: string): string[] =>
  text
    .replace(/;[^\n]*/g, "")
    .replace(/\(([^()]*)\)/g, (_, inside: string) => inside.replaceAll("\n", " "))
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

function readDs([tag, algorithm, digestType, ...digest]: readonly string[]): Delegation | undefined {
  const numbers = [within(tag, 65_535), within(algorithm, 255), within(digestType, 255)] as const;
  const hex = digest.join("");
  if (numbers.includes(undefined) || !/^([0-9a-f]{2})+$/i.test(hex)) return undefined;
  const octets = DIGEST_OCTETS[numbers[2]!];
  if (octets !== undefined && hex.length !== octets * 2) return undefined;
  return { tag: numbers[0]!, algorithm: numbers[1]!, digestType: numbers[2]!, digest: Buffer.from(hex, "hex") };
}

function delegationOfKey(
  owner: string,
  [flags, protocol, algorithm, ...key]: readonly string[],
): Delegation | undefined {
  const numbers = [within(flags, 65_535), within(protocol, 255), within(algorithm, 255)] as const;
  const base64 = key.join("");
  if (numbers.includes(undefined) || !/^[0-9a-z+/]+={0,2}$/i.test(base64)) return undefined;
  const head = Buffer.from([numbers[0]! >> 8, numbers[0]! & 255, numbers[1]!, numbers[2]!]);
  const data = Buffer.concat([head, Buffer.from(base64, "base64")]);
  const digest = createHash("sha256").update(nameFromText(owner)).update(data).digest();
  return { tag: keyTag(data), algorithm: numbers[2]!, digestType: SHA256, digest };
}

const within = (text: string | undefined, most: number): number | undefined =>
  text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= most ? Number(text) : undefined;

const shown = (line: string) => JSON.stringify(line.slice(0, 80));
