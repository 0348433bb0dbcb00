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
  /** Partners' users who are blocked now, and were not. */
  readonly blocked: readonly string[];
  /** Our users who may still believe to see contacts that tell them nothing any more. */
  readonly blind: BlindUsers;
}

/** Whose contacts go out of sight: all of those denied federation, everybody's in some domains, some contacts. */
export interface BlindUsers {
  /** Whose contacts have to be looked at. */
  readonly users: readonly string[];
  readonly denied: ReadonlySet<string>;
  readonly domains: ReadonlySet<string>;
  /** Contacts who are out of sight themselves: blocked. */
  readonly blocked: ReadonlySet<string>;
  /** Contacts who are in sight again: blocked no more. */
  readonly unblocked: ReadonlySet<string>;
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
  const blocked = newlyBlocked(before, after);
  const unblocked = new Set(
    newlyBlocked(after, before).filter((user) => after.policy.partner(domainOf(user)) !== undefined),
  );
  const everybody = out.size + blocked.length + unblocked.size > 0;
  const blind = everybody ? served : served.filter((user) => denied.has(user));
  return {
    domains,
    users,
    blocked,
    blind: { users: blind, denied, domains: out, blocked: new Set(blocked), unblocked },
  };
}

/** Whom one snapshot blocks and the other does not. */
function newlyBlocked(without: Snapshot, within: Snapshot): string[] {
  return within.document.partners.flatMap((row) =>
    without.policy.partner(row.domain) === row
      ? []
      : (row.blockedUsers ?? []).filter((user) => !without.policy.blocks(user)),
  );
}

const domainOf = (bare: string) => bare.slice(bare.indexOf("@") + 1);

/** Whether a partner type shows less of our users than another: their notes, or themselves. */
export function isLower(before: Parameters<typeof seesNotes>[0], after: Parameters<typeof seesNotes>[0]): boolean {
  return (seesNotes(before) && !seesNotes(after)) || (mayReach(before, false) && !mayReach(after, false));
}

function usersOf({ internal, localDomains }: GatewayDocument, known: readonly string[]): readonly string[] {
  if (internal === undefined) return [];
  const served = new Set(localDomains);
  const ofServer = known.filter((user) => served.has(domainOf(user)));
  return [...internal.users, ...localDomains.map(echoOf), ...ofServer];
}
