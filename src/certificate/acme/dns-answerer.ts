import { createHash } from "node:crypto";
import type { DnsHost } from "../../dns/host";
import type { AnswerRecord, TxtRecord } from "./acme-state";
import type { ChallengeAnswerer } from "./challenge-answerer";
import type { ChallengeDns } from "./challenge-dns";

export interface DnsAnswererOptions {
  /** Where challenge records are published. */
  readonly host: DnsHost;
  /** Where they have to show. */
  readonly dns: ChallengeDns;
}

const TTL = 60;

/** DNS-01 (RFC 8555 section 8.4): a TXT record at `_acme-challenge.NAME`, or where a CNAME there leads. */
export function dnsAnswerer({ host, dns }: DnsAnswererOptions): ChallengeAnswerer {
  return {
    type: "dns-01",
    remedy: "see that each name's _acme-challenge records reach the public DNS, and that CAA records allow this CA",
    async recordFor({ identifier }, keyAuthorization) {
      const text = createHash("sha256").update(keyAuthorization).digest("base64url");
      return { owner: await dns.owner(identifier.value), ttl: TTL, type: "TXT", text };
    },
    present: (records) => ifAny(records, (ours) => host.publish(ours)),
    shown: (records) => ifAny(records, (ours) => dns.shown(ours)),
    remove: (records) => ifAny(records, (ours) => host.remove(ours)),
    close: async () => undefined,
  };
}

/** A host is not troubled with nothing, nor with what answers in another way. */
async function ifAny(records: readonly AnswerRecord[], act: (ours: readonly TxtRecord[]) => Promise<void>) {
  const ours = records.filter(isTxt);
  if (ours.length > 0) await act(ours);
}

const isTxt = (record: AnswerRecord): record is TxtRecord => record.type === "TXT";
