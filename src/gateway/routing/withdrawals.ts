import type { StanzaCondition } from "../../stream/stanza-error";
import type { Snapshot } from "../live/snapshot";
import type { Withdrawal } from "../s2s/link-queue";
import type { Pair } from "../s2s/pair";
import { BLOCKED_TEXT } from "./blocked-users";
import { isLower } from "./entitlement-change";

/** What the sender of a message is told who may federate no more. */
const ACCESS_LOST = "this user may not use XMPP federation any more (access policy)";

/** Why something that waits may not be sent under the policy of now. */
export interface Barred {
  readonly condition: StanzaCondition;
  readonly text: string;
}

/**
 * Why what a local user says may not be sent any more to a partner's user; undefined where it may.
 * @param mayFederate whether there is such a local user, who may federate
 */
export function barred(
  { policy }: Pick<Snapshot, "policy">,
  mayFederate: boolean,
  hearer: string | undefined,
): Barred | undefined {
  if (!mayFederate) return { condition: "forbidden", text: ACCESS_LOST };
  if (hearer !== undefined && policy.blocks(hearer)) return { condition: "not-acceptable", text: BLOCKED_TEXT };
  return undefined;
}

/**
 * What of a pair's queue another snapshot takes back: what those say who may federate no more, what is said to those who
 * are blocked now, and availability that may not be seen as it was.
 */
export function withdrawals(
  before: Snapshot,
  next: Snapshot,
  pair: Pair,
  mayFederate: (user: string) => boolean,
): Withdrawal[] {
  const old = before.policy.row(pair.local, pair.remote);
  const row = next.policy.row(pair.local, pair.remote);
  const lowered = old !== undefined && row !== undefined && isLower(old.partnerType, row.partnerType);
  const denied: Withdrawal = {
    condition: "forbidden",
    text: ACCESS_LOST,
    item: ({ speaker, shows }) =>
      speaker !== undefined &&
      ((lowered && shows === true) || (before.access.allowed(speaker) && !mayFederate(speaker))),
  };
  if (row?.blockedUsers === undefined) return [denied];
  const blocked: Withdrawal = {
    condition: "not-acceptable",
    text: BLOCKED_TEXT,
    item: ({ speaker, hearer }) => speaker !== undefined && hearer !== undefined && next.policy.blocks(hearer),
  };
  return [denied, blocked];
}
