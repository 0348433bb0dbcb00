import type { PoshEvidence, ProofEvidence } from "../../certificate/peer-evidence";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { StreamHost } from "./stream-host";
import { tlsaOfDomain } from "./tlsa-lookup";

type ProofHost = Pick<StreamHost, "surroundings" | "identity" | "targetPolicy">;

/** What its row says proves a partner that has connected to us; nothing where a path to anchors does. Never rejects. */
export async function proofOfDomain(
  domain: string,
  row: DocumentPartner,
  host: ProofHost,
  signal: AbortSignal,
): Promise<ProofEvidence> {
  switch (row.proofType) {
    case "dane":
      return { tlsa: await tlsaOfDomain(domain, row, host.surroundings, signal) };
    case "posh":
      return { posh: await poshOf(domain, row, host) };
    default:
      return {};
  }
}

/** What a partner's POSH document says. The web server may be wherever the XMPP server may be. Never rejects. */
export const poshOf = (
  domain: string,
  row: DocumentPartner,
  { surroundings, identity, targetPolicy }: ProofHost,
): Promise<PoshEvidence> =>
  surroundings.posh.of({ domain, row, trust: identity.trustFor(row), policy: targetPolicy(row) });
