import type { PartnerType } from "../../definition/facts/gateway-document";

/**
 * Whether a partner's user may write to one of ours or see its presence (DESIGN, "Trust"): of a PublicUnverified
 * partner only those whom our user has as a contact. Sending a message is not adding.
 */
export function mayReach(type: PartnerType, isContact: boolean): boolean {
  return type !== "PublicUnverified" || isContact;
}

/** Whether a partner's users see status notes. */
export function seesNotes(type: PartnerType): boolean {
  return type === "Federated";
}
