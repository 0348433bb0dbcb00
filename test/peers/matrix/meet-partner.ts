import type { Company } from "../rig/company";
import type { XmppClient } from "../rig/xmpp-client";
import { type MatrixPartner, METHODS, type PartnerResult } from "./cells";
import { tellStory } from "./story";

/** The partner as the definition has it. */
export function definitionRow({ domain, partnerType, method }: MatrixPartner) {
  const { tls, sasl, dialback } = METHODS[method];
  return { domain, partnerType, tlsNegotiation: tls, saslNegotiation: sasl, supportDialbackNegotiation: dialback };
}

/** All that is sent between one of ours and one of theirs, who then leaves, and over which streams. */
export async function meetPartner(
  company: Company,
  ours: XmppClient,
  theirs: XmppClient,
  partner: MatrixPartner,
): Promise<PartnerResult> {
  const cells = await tellStory(ours, theirs, partner);
  const streams = await company.federation.gateway.streams(partner.domain);
  await theirs.close();
  const methods = new Set(streams.map(({ direction, method }) => `${direction} ${method}`));
  return { ...partner, cells, streams: [...methods].sort().join(", ") };
}

/** As Promise.all, but none is still under way when one has failed. */
export async function allOf<T>(running: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(running);
  return ended.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}
