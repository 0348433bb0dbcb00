import { canonicalAddress } from "../canonical-address";
import { type Check, type EdgeUseView, listed } from "./check";
import { addressesOf } from "./declared-addresses";

const SOURCE = "the definition: accessEdge.fqdn, accessEdge.takesOver";

/** A SIP edge, or something else that is not ours, is at the Access Edge FQDN: our addresses would take it off the air. */
export const edgeInUse: Check<EdgeUseView> = {
  id: "edge-in-use",
  severity: "fail",
  source: SOURCE,
  check: (view) =>
    view.takesOver || !isInUse(view)
      ? undefined
      : { found: occupant(view), expected: `nothing at ${view.host} but this edge` },
  remedy: ({ host }) =>
    `give the XMPP edge a name of its own, such as xmpp.${host.slice(host.indexOf(".") + 1)}, as accessEdge.fqdn; or set accessEdge.takesOver where what is there may go off the air`,
};

/** The same, and the definition says that it is meant. */
export const edgeTakenOver: Check<EdgeUseView> = {
  id: "edge-taken-over",
  severity: "info",
  source: SOURCE,
  check: (view) =>
    view.takesOver && isInUse(view)
      ? { found: occupant(view), expected: "a SIP edge that may go off the air, as accessEdge.takesOver says" }
      : undefined,
  remedy: ({ host }) => `point what still needs the SIP edge elsewhere before ${host} gets this edge's addresses`,
};

/** Where the addresses at the name are all ours, nobody else is served there, whatever the SIP records still say. */
function isInUse({ sip, aliases, published, own }: EdgeUseView): boolean {
  const others = othersAmong(published, own);
  const isOurs = published.length > 0 && others.length === 0 && aliases.length === 0;
  return !isOurs && (sip.length > 0 || others.length > 0 || aliases.length > 0);
}

function othersAmong(published: EdgeUseView["published"], own: readonly string[]) {
  const ours = new Set(own.map(canonicalAddress));
  return published.filter(({ address }) => !ours.has(address));
}

function occupant({ host, sip, aliases, published, own }: EdgeUseView): string {
  const others = othersAmong(published, own);
  const parts = [
    ...(sip.length === 0
      ? []
      : [
          `${listed(sip.map(({ owner, port }) => `${owner} (port ${port})`))} ${sip.length === 1 ? "leads" : "lead"} to ${host}`,
        ]),
    ...(aliases.length === 0 ? [] : [`${host} is an alias of ${listed(aliases)}`]),
    ...(others.length === 0
      ? []
      : [`${host} has ${others.length === 1 ? "the address" : "the addresses"} ${listed(addressesOf(others))}`]),
  ];
  return parts.join("; ");
}
