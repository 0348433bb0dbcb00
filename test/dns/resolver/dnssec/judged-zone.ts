import { judgeAnswer } from "../../../../src/dns/resolver/dnssec/judge-answer";
import { VerificationBudget } from "../../../../src/dns/resolver/dnssec/verification-budget";
import type { WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import { secureZone } from "./secure-zone";
import { NOW, type SignOptions, signed, wire, zoneKey } from "./signer";

/** One zone, its key, and what we make of answers for it. */
export const ZONE = "contoso.example";
export const key = zoneKey();
const trust = secureZone(ZONE, key);
export const by = (one: WireRecord, options: SignOptions = {}) => signed([one], ZONE, key, options);
export const at = (label: string) => (label === "" ? ZONE : `${label}.${ZONE}`);

export interface Heard {
  readonly answers?: readonly WireRecord[];
  readonly authorities?: readonly WireRecord[];
  readonly exists?: boolean;
}

function judged(name: string, type: number, { answers = [], authorities = [], exists = true }: Heard) {
  const question = { name: wire(name), type };
  return judgeAnswer(question, { exists, answers, authorities }, trust, { now: NOW, budget: new VerificationBudget() });
}

/** The verdict in a word or two. */
export function outcome(...given: Parameters<typeof judged>): string {
  const found = judged(...given);
  if (found.status === "secure") return found.wildcard ? `${found.proved}, wildcard` : found.proved;
  if (found.status === "insecure") return `insecure: ${found.because}`;
  return found.status === "bogus" ? found.fault : found.status;
}
