import { denialOf } from "./denial";
import { type Signature, signaturesOver, verifySet } from "./signature";
import { aliasMaker, isMadeBy } from "./synthesised-alias";
import { nameText, ROOT, type WireName } from "./wire-name";
import { type RecordSet, recordSet, type SignedAnswer, TYPE } from "./wire-record";
import {
  type Bogus,
  bogusBy,
  type Judging,
  type SecureZone,
  unproved,
  verifiedDenials,
  type ZoneTrust,
} from "./zone-trust";

/** How far one server's answer to one question can be believed. */
export type AnswerTrust =
  | {
      readonly status: "secure";
      /** What was proved: the records, an alias instead of them, or an absence. */
      readonly proved: "records" | "alias" | "no-type" | "no-name";
      readonly wildcard: boolean;
      /** Every signature that it rests on inside its zone. */
      readonly signatures: readonly Signature[];
    }
  | { readonly status: "insecure"; readonly because: InsecureBecause }
  | Bogus
  | { readonly status: "indeterminate"; readonly reason: string };

type InsecureBecause = Extract<ZoneTrust, { status: "insecure" }>["because"] | "opt-out";

interface Question {
  readonly name: WireName;
  readonly type: number;
}

/**
 * Judges what a server of `trust.zone` answered to the question (RFC 4035 section 5.3 and 5.4): a response without
 * error or that the name does not exist, and no referral. Aliases that lead on are judged at their own question: only
 * the records at `name` are looked at. DS belongs to the zone above the name.
 */
export function judgeAnswer(question: Question, answer: SignedAnswer, trust: ZoneTrust, judging: Judging): AnswerTrust {
  if (trust.status === "indeterminate") return { status: "indeterminate", reason: trust.reason };
  if (trust.status === "insecure") return { status: "insecure", because: trust.because };
  if (trust.status === "bogus") return trust;
  const { name, type } = question;
  const wanted = recordSet(answer.answers, name, type);
  if (wanted !== undefined && answer.exists) return judgeRecords(wanted, "records", answer, trust, judging);
  const alias = recordSet(answer.answers, name, TYPE.CNAME);
  // An alias may end at a name that does not exist, and its response say so (RFC 6604 section 3); records may not.
  if (alias !== undefined && wanted === undefined) return judgeAlias(alias, answer, trust, judging);
  return judgeAbsence(question, answer, trust, judging);
}

function judgeAlias(alias: RecordSet, answer: SignedAnswer, trust: SecureZone, judging: Judging): AnswerTrust {
  const maker = aliasMaker(alias, answer.answers, trust.zone);
  if (maker === undefined) return judgeRecords(alias, "alias", answer, trust, judging);
  const made = judgeRecords(maker, "alias", answer, trust, judging);
  if (made.status !== "secure" || isMadeBy(alias, maker)) return made;
  const records = { name: alias.owner, type: TYPE.CNAME };
  const detail = `alias at ${nameText(alias.owner)} and DNAME at ${nameText(maker.owner)}`;
  return { status: "bogus", zone: trust.zone, fault: "forged-alias", records, detail };
}

function judgeRecords(
  set: RecordSet,
  proved: "records" | "alias",
  { answers, authorities }: SignedAnswer,
  trust: SecureZone,
  judging: Judging,
): AnswerTrust {
  const { zone, keys } = trust;
  const records = { name: set.owner, type: set.type };
  const what = `records of type ${set.type} at ${nameText(set.owner)}`;
  if (set.type === TYPE.DS && set.owner.equals(zone) && !zone.equals(ROOT))
    return bogusBy({ ok: false, fault: "foreign-signer" }, zone, records, what);
  const verdict = verifySet(set, signaturesOver(answers, set.owner, set.type), { zone, keys, ...judging });
  if (!verdict.ok) return bogusBy(verdict, zone, records, what);
  const { signature, expandedFrom } = verdict;
  if (expandedFrom === undefined) return { status: "secure", proved, wildcard: false, signatures: [signature] };
  const verified = verifiedDenials(authorities, trust, judging);
  const denial = denialOf(verified.records, zone, judging.budget, (proofs) => proofs.expanded(set.owner, expandedFrom));
  if (denial.outcome === "too-costly") return { status: "insecure", because: "nsec3-iterations" };
  if (denial.outcome === "opt-out") return { status: "insecure", because: "opt-out" };
  if (denial.outcome === "unproved")
    return unproved(verified, zone, records, `that ${nameText(set.owner)} itself does not exist`);
  return { status: "secure", proved, wildcard: true, signatures: [signature, ...verified.signatures] };
}

function judgeAbsence(
  { name, type }: Question,
  { exists, authorities }: SignedAnswer,
  trust: SecureZone,
  judging: Judging,
): AnswerTrust {
  const { zone } = trust;
  const verified = verifiedDenials(authorities, trust, judging);
  let wildcard = false;
  const denial = denialOf(verified.records, zone, judging.budget, (proofs) => {
    if (!exists) return proofs.noName(name);
    const plain = proofs.noType(name, type);
    if (plain !== undefined) return plain;
    const expanded = proofs.noTypeByWildcard(name, type);
    wildcard ||= expanded !== undefined;
    return expanded ?? proofs.optedOut(name); // RFC 5155 section 8.6, and names that only delegations stand below
  });
  if (denial.outcome === "too-costly") return { status: "insecure", because: "nsec3-iterations" };
  if (denial.outcome === "opt-out") return { status: "insecure", because: "opt-out" };
  if (denial.outcome === "unproved") {
    const what = exists
      ? `that ${nameText(name)} has no records of type ${type}`
      : `that ${nameText(name)} does not exist`;
    return unproved(verified, zone, { name, type }, what);
  }
  const proved = exists ? "no-type" : "no-name";
  return { status: "secure", proved, wildcard, signatures: verified.signatures };
}
