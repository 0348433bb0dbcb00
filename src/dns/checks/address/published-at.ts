import { canonicalAddress } from "../../canonical-address";
import type { Expected } from "../../expected";
import { readAnswer } from "../../resolver";
import { messageOf, questionKey, type Survey } from "../../survey";
import { formatVantage } from "../../vantage";

/** Aliases at the Access Edge FQDN are a fault of their own: nothing behind one is looked at. */
const NO_ALIASES = 0;

/** An address that the zone of the Access Edge FQDN gives, and who gives it. */
export interface PublishedAt {
  readonly address: string;
  readonly type: "A" | "AAAA";
  readonly servers: readonly string[];
}

/**
 * The published addresses of an edge that are meant: declared, or, where they are allocated at deploy, any. What
 * nobody declared is told by other checks.
 */
export function meantAddresses(host: string, { records }: Expected, survey: Survey): PublishedAt[] {
  const declared = new Set(
    records.flatMap((one) => ("address" in one && one.owner === host ? [canonicalAddress(one.address)] : [])),
  );
  const found = new Map<string, { type: "A" | "AAAA"; servers: Set<string> }>();
  for (const type of ["A", "AAAA"] as const) {
    const question = { name: host, type };
    for (const { server, said } of survey.atNameServers.get(questionKey(question))?.observations ?? []) {
      if (said.status === "failed" || !said.authoritative) continue;
      const answer = readAnswer(messageOf(said), question, NO_ALIASES);
      for (const record of answer.status === "found" ? answer.records : []) {
        if (record.type !== type) continue;
        const address = canonicalAddress(record.address);
        if (declared.size > 0 && !declared.has(address)) continue;
        const known = found.get(address) ?? { type, servers: new Set<string>() };
        found.set(address, known);
        known.servers.add(formatVantage({ kind: "name-server", server }));
      }
    }
  }
  return [...found].map(([address, { type, servers }]) => ({ address, type, servers: [...servers] }));
}
