import type { Socket } from "node:net";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { forbiddenInWords } from "../../dns/resolver/forbidden-targets";
import { findTargets } from "../../dns/resolver/targets";
import { dial } from "./dial";
import type { OutboundEnd } from "./outbound-end";
import type { Pair } from "./pair";
import type { StreamHost } from "./stream-host";

export type Reached =
  | { readonly ok: true; readonly socket: Socket; readonly directTls: boolean }
  | { readonly ok: false; readonly end: OutboundEnd };

/** Finds a partner's server by the DNS and connects to it. */
export async function reachPartner(
  { remote }: Pair,
  row: DocumentPartner,
  host: Pick<StreamHost, "surroundings" | "targetPolicy" | "log">,
  signal: AbortSignal,
): Promise<Reached> {
  const { resolver, random } = host.surroundings;
  const found = await findTargets(remote, row.proxyFqdn, resolver, host.targetPolicy(row), random, signal);
  if (!found.ok) {
    const code = found.why === "absent" ? "dns-absent" : found.why === "failed" ? "dns-failed" : "target-forbidden";
    return { ok: false, end: { code, text: found.text } };
  }
  if (found.forbidden.length > 0 && !signal.aborted)
    host.log.warn("targets-forbidden", {
      remote,
      addresses: forbiddenInWords(found.forbidden),
      dialled: found.targets.length,
    });
  const dialled = await dial(found.targets, signal);
  if (!dialled.ok) return { ok: false, end: { code: "connect-failed", text: dialled.text } };
  return { ok: true, socket: dialled.socket, directTls: dialled.target.directTls === true };
}
