import type { Evidence } from "../../evidence";
import { type Delegation, delegationFor, delegationsOf } from "../../resolver/dnssec/delegation";
import { signaturesOver } from "../../resolver/dnssec/signature";
import { type SigningKey, signingKeys } from "../../resolver/dnssec/signing-key";
import { VerificationBudget } from "../../resolver/dnssec/verification-budget";
import { nameFromText } from "../../resolver/dnssec/wire-name";
import { recordSet, type SignedAnswer, TYPE } from "../../resolver/dnssec/wire-record";
import { trustByKeys } from "../../resolver/dnssec/zone-trust";
import { heard, questionKey } from "../../survey";

/** What the zone's servers say of its keys: each answer that has any. */
export function keyAnswers({ survey }: Evidence, zone: string): SignedAnswer[] {
  const observations = survey.atNameServers.get(questionKey({ name: zone, type: "DNSKEY" }))?.observations ?? [];
  return observations.flatMap(({ said }) => {
    if (said.status === "failed" || !said.authoritative) return [];
    const answer = heard(said);
    return "answers" in answer && keysIn(answer, zone).length > 0 ? [answer] : [];
  });
}

/** Keys with a signature over them: without one nobody is meant to rely on the keys. */
function keysIn({ answers }: SignedAnswer, zone: string): SigningKey[] {
  const name = nameFromText(zone);
  const set = recordSet(answers, name, TYPE.DNSKEY);
  return set === undefined || signaturesOver(answers, name, TYPE.DNSKEY).length === 0 ? [] : signingKeys(set.records);
}

/** Keys that are tried; a zone may hold hundreds. */
const MAX_TRIED = 8;
/** Usual for a DS; the parent decides. */
const TTL = 3600;

export const delegationLine = (zone: string, { tag, algorithm, digestType, digest }: Delegation): string =>
  `${zone}. ${TTL} IN DS ${tag} ${algorithm} ${digestType} ${digest.toString("hex").toUpperCase()}`;

/** The DS line to publish at the parent, by which the zone's keys hold now; undefined where none would make them. */
export function neededDelegation(evidence: Evidence, zone: string): string | undefined {
  const name = nameFromText(zone);
  const now = Math.floor(evidence.now / 1000);
  for (const answer of keyAnswers(evidence, zone)) {
    const keys = keysIn(answer, zone).filter(({ revoked }) => !revoked);
    const ordered = keys.toSorted((one, other) => Number(other.entry) - Number(one.entry)).slice(0, MAX_TRIED);
    const holds = ordered.map(delegationFor).find((delegation) => {
      const judging = { now, budget: new VerificationBudget() };
      return trustByKeys(name, [delegation], answer, judging).status === "secure";
    });
    if (holds !== undefined) return delegationLine(zone, holds);
  }
  return undefined;
}

/** The DS lines that the parent's servers give, bounded. */
export function publishedDelegations({ survey }: Evidence, zone: string): string[] {
  const name = nameFromText(zone);
  const observations = survey.atNameServers.get(questionKey({ name: zone, type: "DS" }))?.observations ?? [];
  const lines = observations.flatMap(({ said }) => {
    const answer = heard(said);
    const set = "answers" in answer ? recordSet(answer.answers, name, TYPE.DS) : undefined;
    return delegationsOf(set?.records ?? []).map((delegation) => delegationLine(zone, delegation));
  });
  return [...new Set(lines)].slice(0, MAX_TRIED);
}
