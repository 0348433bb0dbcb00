/** A TLSA record (RFC 6698 section 2.1). */
export interface TlsaRecord {
  /** 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE (RFC 7218). */
  readonly usage: number;
  /** 0 the certificate, 1 its public key. */
  readonly selector: number;
  /** 0 the octets themselves, 1 their SHA-256, 2 their SHA-512. */
  readonly matching: number;
  readonly association: Buffer;
}

/** Octets of the association, by matching type. */
const DIGEST_OCTETS = new Map([
  [1, 32],
  [2, 64],
]);

/** Undefined where the data is too short for one. */
export function readTlsa(data: Buffer): TlsaRecord | undefined {
  if (data.length < 3) return undefined;
  return { usage: data[0]!, selector: data[1]!, matching: data[2]!, association: data.subarray(3) };
}

/** Why nobody can use the record (RFC 7671 section 4); undefined where it can be used. */
export function unusableBecause({ usage, selector, matching, association }: TlsaRecord): string | undefined {
  if (usage > 3) return `certificate usage ${usage}: there are 0 to 3`;
  if (selector > 1) return `selector ${selector}: there are 0 and 1`;
  if (matching > 2) return `matching type ${matching}: there are 0 to 2`;
  if (association.length === 0) return "no association data";
  const octets = DIGEST_OCTETS.get(matching);
  if (octets !== undefined && association.length !== octets)
    return `${association.length} octets of a digest that has ${octets}`;
  return undefined;
}

/** The record's data as zone files have it. */
export const tlsaText = ({ usage, selector, matching, association }: TlsaRecord): string =>
  `${usage} ${selector} ${matching} ${association.toString("hex")}`;
