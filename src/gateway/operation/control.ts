import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import { formatAddress, parseAddress } from "../../definition/names/address";
import { prepareDomain } from "../../definition/names/domain";
import type { Pair } from "../s2s/pair";
import type { PartnerPings, PingOutcome } from "./partner-ping";
import { MAXIMUM_TRACES, type TraceLine, type Traces } from "./traces";

/** A request of an operator that is not carried out. */
export interface ControlRefusal {
  readonly refused: "jid-malformed" | "item-not-found" | "policy-violation" | "resource-constraint";
  readonly text: string;
  readonly remedy: string;
}

/** A ping that was carried out, and between whom. */
export type PingReport = PingOutcome & { readonly from: string; readonly to: string; readonly partner: string };

/** What an operator may ask of a running gateway beyond looking at it. */
export interface Control {
  /** The primary domain of a partner, where one more may watch it. */
  traceable(domain: string): string | ControlRefusal;
  /** Tells of a partner's streams until the result is called. */
  trace(partner: string, onLine: (line: TraceLine) => void): () => void;
  /**
   * Pings a partner's user from one of our domains.
   * @param from one of our domains; default: the first that may talk to that partner
   * @param patience ms
   */
  ping(to: string, from: string | undefined, patience: number): Promise<PingReport | ControlRefusal>;
}

export interface ControlParts {
  readonly policy: () => PartnerPolicy;
  readonly traces: Traces;
  readonly pings: PartnerPings;
}

export function createControl({ policy, traces, pings }: ControlParts): Control {
  return {
    traceable(domain) {
      const prepared = prepareDomain(domain);
      const partner = prepared.ok ? policy().partner(prepared.domain) : undefined;
      if (partner === undefined) return unlisted(domain);
      if (!traces.full) return partner.domain;
      return {
        refused: "resource-constraint",
        text: `${MAXIMUM_TRACES} traces run already`,
        remedy: "end one of them first",
      };
    },

    trace: (partner, onLine) => traces.watch(partner, onLine),

    async ping(to, from, patience) {
      const parsed = parseAddress(to);
      if (!parsed.ok || parsed.address.local === undefined)
        return { refused: "jid-malformed", text: `${quoted(to)} is no user's address`, remedy: "give user@partner" };
      const { local, domain } = parsed.address;
      const pair = pairFor(policy(), domain, from);
      if ("refused" in pair) return pair;
      if (pings.full)
        return { refused: "resource-constraint", text: "too many pings are under way", remedy: "wait for one to end" };
      const address = formatAddress({ local, domain });
      const outcome = await pings.ask(pair, address, patience);
      const partner = policy().partner(domain)?.domain ?? domain;
      return { ...outcome, from: pair.local, to: address, partner };
    },
  };
}

/** The domain pair that a ping goes over, by the policy of this moment. */
function pairFor(policy: PartnerPolicy, remote: string, from: string | undefined): Pair | ControlRefusal {
  if (policy.localDomains.has(remote))
    return {
      refused: "policy-violation",
      text: `${remote} is one of our own domains`,
      remedy: "give a user of a partner",
    };
  const partner = policy.partner(remote);
  if (partner === undefined) return unlisted(remote);
  const asked = from === undefined ? undefined : prepareDomain(from);
  if (asked !== undefined && (!asked.ok || !policy.localDomains.has(asked.domain)))
    return {
      refused: "item-not-found",
      text: `${quoted(from ?? "")} is none of our domains`,
      remedy: `give one of ${[...policy.localDomains].slice(0, 10).join(", ")}`,
    };
  const candidates = asked?.ok ? [asked.domain] : [...policy.localDomains];
  const local = candidates.find((candidate) => policy.row(candidate, remote) !== undefined);
  if (local !== undefined) return { local, remote };
  return {
    refused: "policy-violation",
    text: `the row of ${partner.domain} does not let ${candidates.join(", ")} talk to it`,
    remedy: "add the domain to localDomains of that partner's row",
  };
}

function unlisted(domain: string): ControlRefusal {
  return {
    refused: "item-not-found",
    text: `${quoted(domain)} is no partner of this gateway`,
    remedy: "add it to the definition's partners, or see xmpp-edge status for who is one",
  };
}

const quoted = (text: string) => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
