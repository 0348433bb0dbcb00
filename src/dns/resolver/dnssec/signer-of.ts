import { isWithin, readPlainName, type WireName } from "./wire-name";
import { recordSet, type SignedAnswer, TYPE } from "./wire-record";

/**
 * The zone that an answer claims to come from: whose signature it carries over what it says of the question. Nothing is
 * verified here; a zone that somebody else claims leads to keys that the answer was not signed by.
 * @returns undefined where nothing is signed
 */
export function signerOf({ answers, authorities }: SignedAnswer, name: WireName, type: number): WireName | undefined {
  const has = (wanted: number) => recordSet(answers, name, wanted) !== undefined;
  const signers = has(type)
    ? signersOver(answers, (owner, covered) => owner.equals(name) && covered === type)
    : has(TYPE.CNAME)
      ? signersOver(
          answers,
          (owner, covered) =>
            (covered === TYPE.CNAME && owner.equals(name)) || (covered === TYPE.DNAME && isBelow(name, owner)),
        )
      : signersOver(authorities, (_, covered) => DENIALS.has(covered));
  // The DS of a zone is its parent's (RFC 4035 section 2.4).
  return signers
    .filter((signer) => (type === TYPE.DS ? isBelow(name, signer) : isWithin(name, signer)))
    .reduce<WireName | undefined>(
      (deepest, one) => (deepest === undefined || one.length > deepest.length ? one : deepest),
      undefined,
    );
}

/** Octets before the signer's name (RFC 4034 section 3.1). */
const FIXED = 18;
const DENIALS: ReadonlySet<number> = new Set([TYPE.NSEC, TYPE.NSEC3]);

const isBelow = (name: WireName, owner: WireName): boolean => !name.equals(owner) && isWithin(name, owner);

function signersOver(
  section: SignedAnswer["answers"],
  wanted: (owner: WireName, covered: number) => boolean,
): WireName[] {
  return section.flatMap(({ type, owner, data }) => {
    if (type !== TYPE.RRSIG || data.length <= FIXED || !wanted(owner, data.readUInt16BE(0))) return [];
    const signer = readPlainName(data, FIXED);
    return signer === undefined ? [] : [signer.name];
  });
}
