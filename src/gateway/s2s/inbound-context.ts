import type { InboundContext } from "./inbound-state";
import type { StreamHost } from "./stream-host";

/**
 * What an inbound stream's machine may ask the gateway.
 * @param presented the chain that the peer has shown on its present connection, leaf first, DER
 */
export function inboundContext(host: StreamHost, presented: () => readonly Buffer[]): InboundContext {
  return {
    get policy() {
      return host.policy();
    },
    certificate: ({ local, remote }) => {
      const row = host.policy().row(local, remote);
      return row === undefined ? { ok: false, reason: "no partner" } : host.identity.judge(row, remote, presented());
    },
    admits: (row) => host.admission.admits(row, "in"),
    understandsErrors: (remote) => host.understandsErrors(remote),
    isOwnKey: (pair, streamId, key) => host.isOwnKey(pair, streamId, key),
    hasSession: (pair, id) => host.sessions.has(pair, id),
  };
}
