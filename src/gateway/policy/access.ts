import type { GatewayDocument } from "../../definition/facts/gateway-document";

/** Whether local users may use XMPP federation at all (Lync's external access policies, compiled). */
export interface LocalAccess {
  allowed(address: string): boolean;
}

/** The access of a document. O(1) in users. */
export function localAccess({ access }: Pick<GatewayDocument, "access">): LocalAccess {
  const exceptions = new Map(access.users.map((user) => [user.address, user.allowed]));
  return { allowed: (address) => exceptions.get(address) ?? access.everyone.allowed };
}
