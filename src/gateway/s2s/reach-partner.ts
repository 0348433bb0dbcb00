import type { Socket } from "node:net";
import { type ProofEvidence, type TlsaEvidence, tlsaOwner } from "../../certificate/peer-evidence";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { forbiddenInWords } from "../../dns/resolver/forbidden-targets";
import type { SecureResolver } from "../../dns/resolver/secure-resolver";
import { findOtherHost, findTargets, type Target } from "../../dns/resolver/targets";
import { tlsaOf } from "../../dns/resolver/tlsa";
import { dial } from "./dial";
import { poshOf } from "./domain-proof";
import type { OutboundEnd } from "./outbound-end";
import type { OtherHost } from "./outbound-state";
import type { Pair } from "./pair";
import type { StreamHost } from "./stream-host";
import { DANE_REMEDY, resolverFor } from "./tlsa-lookup";

export type Reached =
  | {
      readonly ok: true;
      readonly socket: Socket;
      readonly directTls: boolean;
      /** What proves the server's certificate, where the row wants such proof. */
      readonly proof: ProofEvidence;
    }
  | { readonly ok: false; readonly end: OutboundEnd };

/**
 * Finds a partner's server and connects to it.
 * @param via where the partner has said that it is; default: as the DNS says
 */
export async function reachPartner(
  { remote }: Pair,
  row: DocumentPartner,
  host: Pick<StreamHost, "surroundings" | "identity" | "targetPolicy" | "log">,
  signal: AbortSignal,
  via?: OtherHost,
): Promise<Reached> {
  const { random } = host.surroundings;
  const resolver = resolverFor(row, host.surroundings);
  const policy = host.targetPolicy(row);
  const fetched = row.proofType === "posh" ? poshOf(remote, row, host) : undefined;
  const found = await (via === undefined
    ? findTargets(remote, row.proxyFqdn, resolver, policy, random, signal)
    : findOtherHost(remote, via, resolver, policy, signal));
  if (!found.ok) {
    const code = found.why === "absent" ? "dns-absent" : found.why === "failed" ? "dns-failed" : "target-forbidden";
    const remedy = found.why === "forbidden" ? found.remedy : row.proofType === "dane" ? DANE_REMEDY : undefined;
    return { ok: false, end: { code, text: found.text, ...(remedy !== undefined && { remedy }) } };
  }
  if (found.forbidden.length > 0 && !signal.aborted)
    host.log.warn("targets-forbidden", {
      remote,
      addresses: forbiddenInWords(found.forbidden),
      dialled: found.targets.length,
    });
  const usable = await provedTargets(remote, row, found.targets, host.surroundings.secureResolver, signal);
  if (!usable.ok) return usable;
  const posh = await fetched; // before anybody waits for us
  const dialled = await dial(usable.targets, signal);
  if (!dialled.ok) return { ok: false, end: { code: "connect-failed", text: dialled.text } };
  const { socket, target } = dialled;
  const tlsa = usable.tlsaOf(target);
  const proof = { ...(tlsa !== undefined && { tlsa }), ...(posh !== undefined && { posh }) };
  return { ok: true, socket, directTls: target.directTls === true, proof };
}

type Usable =
  | { readonly ok: true; readonly targets: readonly Target[]; tlsaOf(target: Target): TlsaEvidence | undefined }
  | { readonly ok: false; readonly end: OutboundEnd };

/** Where TLSA records are to prove the partner, nobody is dialled of whom there are none (RFC 7673 section 3). */
async function provedTargets(
  domain: string,
  row: DocumentPartner,
  targets: readonly Target[],
  resolver: SecureResolver,
  signal: AbortSignal,
): Promise<Usable> {
  if (row.proofType !== "dane") return { ok: true, targets, tlsaOf: () => undefined };
  const places = new Map(targets.map((target) => [tlsaOwner(target), target]));
  const found = await Promise.all([...places.values()].map((place) => tlsaOf(place, resolver, signal)));
  const endpoints = new Map(found.flatMap((one) => (one.ok ? [[tlsaOwner(one.endpoint), one.endpoint] as const] : [])));
  if (endpoints.size > 0)
    return {
      ok: true,
      targets: targets.filter((target) => endpoints.has(tlsaOwner(target))),
      tlsaOf: (target) => ({
        domain,
        endpoints: [endpoints.get(tlsaOwner(target))].filter((one) => one !== undefined),
      }),
    };
  const reasons = found.flatMap((one) => (one.ok ? [] : [one]));
  // What is proved absent will not be there in a moment either.
  const code = reasons.every(({ absent }) => absent) ? "certificate-refused" : "dns-failed";
  return { ok: false, end: { code, text: `dane: ${reasons.map(({ text }) => text).join("; ")}`, remedy: DANE_REMEDY } };
}
