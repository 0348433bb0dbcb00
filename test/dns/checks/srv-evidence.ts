import type { Answer } from "dns-packet";
import { EDGE } from "../contoso-zone";
import { type Heard, type SaidHow, said, soa } from "./evidence";

// What one name server says of SRV records, for the checks on them.

export const ZONE = "contoso.example";
export const SERVER = "192.0.2.1";

/** A record set at an owner; with `labels`, under a signature that says how many labels its owner has. */
export function at(owner: string, sets: readonly object[], labels?: number, how: SaidHow = {}): Heard {
  const question = { name: owner, type: "SRV" } as const;
  const records = sets.map(
    (data): Answer => ({
      type: "SRV",
      name: owner,
      ttl: "ttl" in data ? (data.ttl as number) : 300,
      data: { priority: 0, weight: 0, port: 5269, target: EDGE, ...data },
    }),
  );
  const signature = { typeCovered: "SRV", algorithm: 13, originalTTL: 300, expiration: 2e9, inception: 1e9 } as const;
  const signed: Answer[] =
    labels === undefined
      ? []
      : [
          {
            type: "RRSIG",
            name: owner,
            ttl: 300,
            data: { ...signature, labels, keyTag: 1, signersName: ZONE, signature: Buffer.alloc(64) },
          },
        ];
  return { question, zone: ZONE, from: { [SERVER]: said(question, [...records, ...signed], how) } };
}
export const nothingAt = (owner: string): Heard => {
  const question = { name: owner, type: "SRV" } as const;
  const absent = said(question, [], { code: "NXDOMAIN", authorities: [soa(ZONE)] });
  return { question, zone: ZONE, from: { [SERVER]: absent } };
};
