import { type AddressKind, addressKind } from "../../../definition/address-kind";
import type { Evidence } from "../../evidence";
import { formatServerAddress } from "../../resolver";
import { listed } from "../check";
import type { Found } from "../family";
import { meantAddresses, type PublishedAt } from "./published-at";

const KINDS: Readonly<Record<Exclude<AddressKind, "global">, string>> = {
  private: "private",
  loopback: "this machine's own (loopback)",
  "link-local": "of one link alone",
  documentation: "for documentation alone",
  multicast: "for groups (multicast)",
  reserved: "reserved",
};

/** Partners come over the internet, where such an address leads nowhere, or into their own network. */
export function* notPublic(host: string, evidence: Evidence): Iterable<Found> {
  const { expected, survey } = evidence;
  const port = expected.facts.accessEdge?.port ?? 5269;
  const declared = expected.records.some((one) => "address" in one && one.owner === host);
  const byKind = new Map<Exclude<AddressKind, "global">, PublishedAt[]>();
  for (const one of meantAddresses(host, expected, survey)) {
    const kind = addressKind(one.address);
    if (kind === "global") continue;
    // What a definition declares out of these ranges is an example; `check` says so.
    if (kind === "documentation" && declared) continue;
    byKind.set(kind, [...(byKind.get(kind) ?? []), one]);
  }
  for (const [kind, addresses] of byKind)
    yield {
      id: "address-private",
      ...(expected.allowPrivate && { verdict: "info" }),
      domain: host,
      subject: `${host} A, AAAA`,
      server: [...new Set(addresses.flatMap(({ servers }) => servers))].join(", "),
      found: `${listed(addresses.map(({ address }) => address))}: ${KINDS[kind]}`,
      expected: "an address that partners reach over the internet",
      remedy:
        "declare and publish the public address; in a closed network say by --allow-private that this one is meant",
      onlyAt: addresses.map(({ address }) => formatServerAddress({ address, port })),
    };
}
