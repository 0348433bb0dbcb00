/** The certificate extensions that validation rests on (RFC 5280 section 4.2.1), read from their DER. */
import {
  contextConstructed,
  contextPrimitive,
  DerError,
  DerReader,
  readBoolean,
  readNamedBits,
  readOid,
  readSmallInteger,
  TAG,
} from "./der";
import { type GeneralName, readGeneralName } from "./general-name";

/** Most names in one subjectAltName, and most subtrees in one nameConstraints. */
export const MAXIMUM_NAMES = 500;
const MAXIMUM_EXTENSIONS = 64;
const MAXIMUM_PURPOSES = 64;

/** Extensions whose meaning is applied; certificatePolicies is known, and any policy will do. */
const APPLIED = {
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  subjectAltName: "2.5.29.17",
  nameConstraints: "2.5.29.30",
  certificatePolicies: "2.5.29.32",
} as const;
const KNOWN: ReadonlySet<string> = new Set(Object.values(APPLIED));

/** Bits of `keyUsage` (RFC 5280 section 4.2.1.3) that matter here. */
export const KEY_USAGE = { digitalSignature: 1, keyEncipherment: 4, keyAgreement: 16, keyCertSign: 32 } as const;

/** Names allowed below a CA, and names forbidden there. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** What the extensions of one certificate say. An absent extension is undefined, not its default. */
export interface Extensions {
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  /** Bits as in KEY_USAGE. */
  readonly keyUsage?: number;
  /** Purposes as object identifiers. */
  readonly extendedKeyUsage?: readonly string[];
  readonly subjectAltName: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
  /** Critical extensions that nothing here applies: their presence refuses the certificate. */
  readonly unknownCritical: readonly string[];
}

/** More names than are looked at. */
export class TooManyNamesError extends Error {
  override readonly name = "TooManyNamesError";
  readonly code = "too-many-names";
}

/** No extensions at all: versions 1 and 2, or a certificate without the field. */
export const NO_EXTENSIONS: Extensions = { subjectAltName: [], unknownCritical: [] };

/** @param reader the content of the Extensions sequence */
export function readExtensions(reader: DerReader): Extensions {
  const values = new Map<string, Buffer>();
  const unknownCritical: string[] = [];
  let count = 0;
  while (!reader.done) {
    if (++count > MAXIMUM_EXTENSIONS)
      throw new DerError("der-too-large", `at most ${MAXIMUM_EXTENSIONS} extensions`, "more");
    const one = reader.inside(TAG.sequence, "an extension");
    const type = readOid(one.value(TAG.oid, "the extension's type"), "the extension's type");
    // DER leaves FALSE out, yet CAs in use write it; it means the same.
    const flag = one.optional(TAG.boolean, "the critical flag");
    const critical = flag !== undefined && readBoolean(flag, "the critical flag");
    const value = one.value(TAG.octetString, `the value of extension ${type}`);
    one.end();
    // RFC 5280 section 4.2: one of a kind. Which of two would count is what an attacker would ask.
    if (values.has(type)) throw new DerError("der-value", `extension ${type} once`, "it twice");
    values.set(type, value.content);
    if (critical && !KNOWN.has(type)) unknownCritical.push(type);
  }
  const basic = values.get(APPLIED.basicConstraints);
  const usage = values.get(APPLIED.keyUsage);
  const purposes = values.get(APPLIED.extendedKeyUsage);
  const names = values.get(APPLIED.subjectAltName);
  const constraints = values.get(APPLIED.nameConstraints);
  return {
    ...(basic && { basicConstraints: readBasicConstraints(basic) }),
    ...(usage && { keyUsage: readKeyUsage(usage) }),
    ...(purposes && { extendedKeyUsage: readPurposes(purposes) }),
    subjectAltName: names ? readNames(names) : [],
    ...(constraints && { nameConstraints: readNameConstraints(constraints) }),
    unknownCritical,
  };
}

/** A reader of the sequence that `bytes` is, and of nothing after it. */
function sequenceOf(bytes: Buffer, what: string): DerReader {
  const outer = new DerReader(bytes, what);
  const inner = outer.inside(TAG.sequence, what);
  outer.end();
  return inner;
}

function readBasicConstraints(bytes: Buffer): { ca: boolean; pathLength?: number } {
  const reader = sequenceOf(bytes, "basicConstraints");
  const flag = reader.optional(TAG.boolean, "cA");
  const ca = flag !== undefined && readBoolean(flag, "cA");
  const length = reader.optional(TAG.integer, "pathLenConstraint");
  reader.end();
  return length ? { ca, pathLength: readSmallInteger(length, "pathLenConstraint") } : { ca };
}

function readKeyUsage(bytes: Buffer): number {
  const reader = new DerReader(bytes, "keyUsage");
  const flags = readNamedBits(reader.value(TAG.bitString, "keyUsage"), "keyUsage");
  reader.end();
  return flags;
}

function readPurposes(bytes: Buffer): string[] {
  const reader = sequenceOf(bytes, "extKeyUsage");
  const purposes: string[] = [];
  while (!reader.done) {
    if (purposes.length >= MAXIMUM_PURPOSES)
      throw new DerError("der-too-large", `at most ${MAXIMUM_PURPOSES} purposes`, "more");
    purposes.push(readOid(reader.value(TAG.oid, "a purpose"), "a purpose"));
  }
  return purposes;
}

function readNames(bytes: Buffer): GeneralName[] {
  const reader = sequenceOf(bytes, "subjectAltName");
  const names: GeneralName[] = [];
  while (!reader.done) {
    if (names.length >= MAXIMUM_NAMES) throw new TooManyNamesError(`more than ${MAXIMUM_NAMES} names`);
    names.push(readGeneralName(reader.any("a name")));
  }
  return names;
}

function readNameConstraints(bytes: Buffer): NameConstraints {
  const reader = sequenceOf(bytes, "nameConstraints");
  const trees = (number: number, what: string): GeneralName[] => {
    const field = reader.optional(contextConstructed(number), what);
    return field ? readSubtrees(reader.within(field, what)) : [];
  };
  const constraints = { permitted: trees(0, "permittedSubtrees"), excluded: trees(1, "excludedSubtrees") };
  reader.end();
  return constraints;
}

function readSubtrees(reader: DerReader): GeneralName[] {
  const bases: GeneralName[] = [];
  while (!reader.done) {
    if (bases.length >= MAXIMUM_NAMES) throw new TooManyNamesError(`more than ${MAXIMUM_NAMES} subtrees`);
    const subtree = reader.inside(TAG.sequence, "a subtree");
    bases.push(readGeneralName(subtree.any("the subtree's base")));
    // RFC 5280 section 4.2.1.10: minimum is 0 and maximum absent; another meaning has never been defined.
    const minimum = subtree.optional(contextPrimitive(0), "minimum");
    if (minimum && readSmallInteger(minimum, "minimum") !== 0)
      throw new DerError("der-value", "a subtree's minimum of 0", "another");
    subtree.end();
  }
  return bases;
}
