import { denialOf } from "./denial";
import { type Signature, signaturesOver, verifySet } from "./signature";
import type { WireName } from "./wire-name";
import { nameText } from "./wire-name";
import { type RecordSet, recordSet, type SignedAnswer, TYPE } from "./wire-record";
import { type Bogus, bogus, type Judging, verifiedDenials, type ZoneTrust } from "./zone-trust";

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

/**
 * Judges what a server of `trust.zone` answered to the question (RFC 4035 section 5.3 and 5.4). Aliases that lead on
 * are judged at their own question: only the records at `name` are looked at.
 */
export function judgeAnswer(
  question: { readonly name: WireName; readonly type: number },
  answer: SignedAnswer,
  trust: ZoneTrust,
  judging: Judging,
): AnswerTrust {
  if (trust.status === "indeterminate") return { status: "indeterminate", reason: trust.reason };
  if (trust.status === "insecure") return { status: "insecure", because: trust.because };
  if (trust.status === "bogus") return trust;
  const { name, type } = question;
  const wanted = recordSet(answer.answers, name, type);
  const set = wanted ?? recordSet(answer.answers, name, TYPE.CNAME);
  if (set !== undefined) return judgeRecords(set, set.type === type ? "records" : "alias", answer, trust, judging);
  return judgeAbsence(question, answer, trust, judging);
}

type Secure = Extract<ZoneTrust, { status: "secure" }>;

function judgeRecords(
  set: RecordSet,
  proved: "records" | "alias",
  { answers, authorities }: SignedAnswer,
  trust: Secure,
  judging: Judging,
): AnswerTrust {
  const { zone, keys } = trust;
  const verdict = verifySet(set, signaturesOver(answers, set.owner, set.type), { zone, keys, ...judging });
  if (!verdict.ok) return bogus(zone, verdict.fault, `records of type ${set.type} at ${nameText(set.owner)}`);
  const { signature, expandedFrom } = verdict;
  if (expandedFrom === undefined) return { status: "secure", proved, wildcard: false, signatures: [signature] };
  const verified = verifiedDenials(authorities, trust, judging);
  const denial = denialOf(verified.records, zone, (proofs) => proofs.expanded(set.owner, expandedFrom));
  if (denial.outcome === "too-costly") return { status: "insecure", because: "nsec3-iterations" };
  if (denial.outcome === "opt-out") return { status: "insecure", because: "opt-out" };
  if (denial.outcome === "unproved")
    return bogus(zone, verified.fault ?? "unproved-denial", `that ${nameText(set.owner)} itself does not exist`);
  return { status: "secure", proved, wildcard: true, signatures: [signature, ...verified.signatures] };
}

function judgeAbsence(
  { name, type }: { readonly name: WireName; readonly type: number },
  { exists, authorities }: SignedAnswer,
  trust: Secure,
  judging: Judging,
): AnswerTrust {
  const { zone } = trust;
  const verified = verifiedDenials(authorities, trust, judging);
  let wildcard = false;
  const denial = denialOf(verified.records, zone, (proofs) => {
    if (!exists) return proofs.noName(name);
    const plain = proofs.noType(name, type);
    if (plain !== undefined) return plain;
    const expanded = proofs.noTypeByWildcard(name, type);
    wildcard ||= expanded !== undefined;
    // A DS that is absent under opt-out has no other proof (RFC 5155 section 8.6).
    return expanded ?? (type === TYPE.DS ? proofs.noDelegationSigner(name) && "opt-out" : undefined);
  });
  if (denial.outcome === "too-costly") return { status: "insecure", because: "nsec3-iterations" };
  if (denial.outcome === "opt-out") return { status: "insecure", because: "opt-out" };
  if (denial.outcome === "unproved") {
    const what = exists
      ? `that ${nameText(name)} has no records of type ${type}`
      : `that ${nameText(name)} does not exist`;
    return bogus(zone, verified.fault ?? "unproved-denial", what);
  }
  const proved = exists ? "no-type" : "no-name";
  return { status: "secure", proved, wildcard, signatures: verified.signatures };
}
