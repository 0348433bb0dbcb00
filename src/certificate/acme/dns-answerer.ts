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
    present: (records) => host.publish(records.filter(isTxt)),
    shown: (records) => dns.shown(records.filter(isTxt)),
    remove: (records) => host.remove(records.filter(isTxt)),
  };
}

const isTxt = (record: AnswerRecord): record is TxtRecord => record.type === "TXT";
