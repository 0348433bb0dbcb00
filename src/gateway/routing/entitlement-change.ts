import type { GatewayDocument } from "../../definition/facts/gateway-document";
import { echoOf } from "../internal/echo";
import type { Snapshot } from "../live/snapshot";
import { mayReach, seesNotes } from "../policy/trust";

/** Whose view of our users has to be judged again after a change of the configuration. */
export interface EntitlementChange {
  /** Partner domains that are trusted less than before, or in fewer of our domains. */
  readonly domains: readonly string[];
  /** Local users who are gone, or may not federate any more. */
  readonly users: readonly string[];
  /** Our users who may still believe to see contacts that tell them nothing any more. */
  readonly blind: BlindUsers;
}

/** Whose contacts are out of sight: all of those denied federation, and everybody's in some partner domains. */
export interface BlindUsers {
  /** Whose contacts have to be looked at. */
  readonly users: readonly string[];
  readonly denied: ReadonlySet<string>;
  readonly domains: ReadonlySet<string>;
}

/**
 * What a change takes away. Whatever it gives needs nothing: it is judged at every stanza.
 * @param known users of an inner server that contacts or watchers are kept for; the documents name none
 */
export function entitlementChange(before: Snapshot, after: Snapshot, known: readonly string[] = []): EntitlementChange {
  const domains: string[] = [];
  const out = new Set<string>();
  for (const row of before.document.partners) {
    for (const domain of row.domains) {
      const now = after.policy.partner(domain);
      if (now === row) continue;
      const fewer = before.document.localDomains.some(
        (local) => before.policy.row(local, domain) !== undefined && after.policy.row(local, domain) === undefined,
      );
      if (fewer) out.add(domain);
      if (fewer || (now !== undefined && isLower(row.partnerType, now.partnerType))) domains.push(domain);
    }
  }
  const present = new Set(usersOf(after.document, known));
  const users = usersOf(before.document, known).filter(
    (user) => !present.has(user) || (before.access.allowed(user) && !after.access.allowed(user)),
  );
  const served = [...(after.document.internal?.users ?? []), ...known];
  const denied = new Set(users);
  const blind = out.size > 0 ? served : served.filter((user) => denied.has(user));
  return { domains, users, blind: { users: blind, denied, domains: out } };
}

/** Whether a partner type shows less of our users than another: their notes, or themselves. */
export function isLower(before: Parameters<typeof seesNotes>[0], after: Parameters<typeof seesNotes>[0]): boolean {
  return (seesNotes(before) && !seesNotes(after)) || (mayReach(before, false) && !mayReach(after, false));
}

function usersOf({ internal, localDomains }: GatewayDocument, known: readonly string[]): readonly string[] {
  if (internal === undefined) return [];
  const served = new Set(localDomains);
  const ofServer = known.filter((user) => served.has(user.slice(user.indexOf("@") + 1)));
  return [...internal.users, ...localDomains.map(echoOf), ...ofServer];
}
