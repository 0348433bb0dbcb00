import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import { parseAddress } from "../../definition/names/address";
import type { Element } from "../../stream/xml/element";
import type { Counters } from "../counters";
import type { InternalSide } from "../internal/internal-side";
import type { Log } from "../log";
import type { LocalAccess } from "../policy/access";
import type { PartnerRates } from "../s2s/partner-rates";
import type { Store } from "../store/store";
import type { BlockedUsers } from "./blocked-users";
import type { Outbox } from "./outbox";

/** One end of a stanza, prepared. */
export interface Party {
  readonly bare: string;
  readonly full: string;
  readonly domain: string;
  /** It is a user, not the domain itself. */
  readonly hasLocal: boolean;
}
export interface Parties {
  readonly from: Party;
  readonly to: Party;
}

/** What routing needs; the policy is judged at every stanza, never remembered with a subscription. */
export interface RoutingContext {
  readonly policy: PartnerPolicy;
  /** As the policy: another one after each change of the configuration. */
  readonly access: LocalAccess;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly inner: InternalSide;
  readonly counters: Counters;
  readonly log: Log;
  readonly now: () => number;
  readonly rates: PartnerRates;
  readonly blocked: BlockedUsers;
  /** Whether a partner's user, who is not blocked, may reach a local one: it exists, may federate, the type allows it. */
  reachable(row: DocumentPartner, local: string, remote: string): boolean;
  logMessage(direction: "in" | "out", from: string, to: string, id: string | undefined, body: string): void;
}

/** Prepares an address of a stanza or of a user; undefined where it is none. */
export function partyOf(address: string | undefined): Party | undefined {
  if (address === undefined) return undefined;
  const parsed = parseAddress(address);
  if (!parsed.ok) return undefined;
  const { local, domain, resource } = parsed.address;
  const bare = local === undefined ? domain : `${local}@${domain}`;
  return { bare, full: resource === undefined ? bare : `${bare}/${resource}`, domain, hasLocal: local !== undefined };
}

/** Both ends of a stanza. */
export function partiesOf(stanza: Element): Parties | undefined {
  const from = partyOf(stanza.attrs.from);
  const to = partyOf(stanza.attrs.to);
  return from === undefined || to === undefined ? undefined : { from, to };
}
