import type { Socket } from "node:net";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { forbiddenInWords } from "../../dns/resolver/forbidden-targets";
import { findOtherHost, findTargets } from "../../dns/resolver/targets";
import { dial } from "./dial";
import type { OutboundEnd } from "./outbound-end";
import type { OtherHost } from "./outbound-state";
import type { Pair } from "./pair";
import type { StreamHost } from "./stream-host";

export type Reached =
  | { readonly ok: true; readonly socket: Socket; readonly directTls: boolean }
  | { readonly ok: false; readonly end: OutboundEnd };

/**
 * Finds a partner's server and connects to it.
 * @param via where the partner has said that it is; default: as the DNS says
 */
export async function reachPartner(
  { remote }: Pair,
  row: DocumentPartner,
  host: Pick<StreamHost, "surroundings" | "targetPolicy" | "log">,
  signal: AbortSignal,
  via?: OtherHost,
): Promise<Reached> {
  const { resolver, random } = host.surroundings;
  const policy = host.targetPolicy(row);
  const found = await (via === undefined
    ? findTargets(remote, row.proxyFqdn, resolver, policy, random, signal)
    : findOtherHost(remote, via, resolver, policy, signal));
  if (!found.ok) {
    const code = found.why === "absent" ? "dns-absent" : found.why === "failed" ? "dns-failed" : "target-forbidden";
    return { ok: false, end: { code, text: found.text, ...(found.why === "forbidden" && { remedy: found.remedy }) } };
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
