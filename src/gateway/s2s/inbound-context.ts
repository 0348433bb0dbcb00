import type { IdentityVerdict } from "../../certificate/peer-identity";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { InboundContext } from "./inbound-state";
import type { StreamHost } from "./stream-host";

/**
 * What an inbound stream's machine may ask the gateway.
 * @param judge what the peer has shown on its present connection
 */
export function inboundContext(
  host: StreamHost,
  judge: (row: DocumentPartner, remote: string) => IdentityVerdict,
): InboundContext {
  return {
    get policy() {
      return host.policy();
    },
    certificate: ({ local, remote }) => {
      const row = host.policy().row(local, remote);
      return row === undefined ? { ok: false, reason: "no partner" } : judge(row, remote);
    },
    admits: (row) => host.admission.admits(row, "in"),
    understandsErrors: (remote) => host.understandsErrors(remote),
    isOwnKey: (pair, streamId, key) => host.isOwnKey(pair, streamId, key),
    hasSession: (pair, id) => host.sessions.has(pair, id),
  };
}
