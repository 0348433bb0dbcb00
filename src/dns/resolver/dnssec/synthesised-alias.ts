import { signaturesOver } from "./signature";
import { isWithin, readPlainName, type WireName } from "./wire-name";
import { type RecordSet, recordSet, TYPE, type WireRecord } from "./wire-record";

/**
 * The DNAME that an unsigned alias was made from, if one above it is in the answer (RFC 6672 section 5.3.1): its
 * signature stands for the alias too.
 */
export function aliasMaker(
  { owner }: RecordSet,
  answers: readonly WireRecord[],
  zone: WireName,
): RecordSet | undefined {
  if (signaturesOver(answers, owner, TYPE.CNAME).length > 0) return undefined;
  const maker = answers.find(
    (record) =>
      record.type === TYPE.DNAME &&
      isWithin(record.owner, zone) &&
      isWithin(owner, record.owner) &&
      !owner.equals(record.owner),
  );
  return maker && recordSet(answers, maker.owner, TYPE.DNAME);
}

/** Whether the alias is what the DNAME makes: the end of its name that is the DNAME's owner, put in its target's place. */
export function isMadeBy(alias: RecordSet, maker: RecordSet): boolean {
  const [made, from] = [alias.records[0], maker.records[0]];
  if (made === undefined || from === undefined || alias.records.length > 1 || maker.records.length > 1) return false;
  const target = readPlainName(from.data, 0);
  if (target?.end !== from.data.length) return false;
  const start = alias.owner.subarray(0, alias.owner.length - maker.owner.length);
  return made.data.equals(Buffer.concat([start, target.name]));
}
