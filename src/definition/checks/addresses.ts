import { addressKind } from "../address-kind";
import type { Finding } from "../finding";
import type { Definition } from "../schema";

/** The declared public addresses can be dialled by partners; the port is the one they expect. */
export function addressFindings({ accessEdge, domains, dns }: Definition): Finding[] {
  const found: Finding[] = [];
  const seen = new Set<string>();
  accessEdge.addresses.forEach((address, index) => {
    const at = { path: ["accessEdge", "addresses", index], value: address };
    if (seen.has(address.toLowerCase()))
      found.push({
        ...at,
        severity: "error",
        id: "address-duplicate",
        rule: "an address stands once",
        remedy: "remove the second",
      });
    seen.add(address.toLowerCase());
    const kind = addressKind(address);
    if (kind === "global") return;
    if (kind === "documentation")
      found.push({
        ...at,
        severity: "info",
        id: "address-documentation",
        rule: "is reserved for documentation (RFC 5737, RFC 3849)",
        remedy: "write the edge's own address before publishing",
      });
    else if (kind === "private")
      found.push({
        ...at,
        severity: "warning",
        id: "address-private",
        rule: "is private (RFC 6890): partners on the internet cannot reach it",
        remedy: "declare the public address",
      });
    else
      found.push({
        ...at,
        severity: "error",
        id: "address-unusable",
        rule: `is a ${kind} address: nobody else can reach it`,
        remedy: "declare the public address",
      });
  });
  if (accessEdge.port !== 5269)
    found.push({
      severity: "warning",
      id: "port-unusual",
      path: ["accessEdge", "port"],
      value: accessEdge.port,
      rule: "XMPP federation listens on 5269; others are for local runs",
      remedy: "leave port out",
      source: "RFC 6120 section 14.7",
    });
  const names = new Set<string>();
  domains.forEach((domain, index) => {
    if (names.has(domain.name))
      found.push({
        severity: "error",
        id: "domain-duplicate",
        path: ["domains", index, "name"],
        value: domain.name,
        rule: "a local domain stands once",
        remedy: "remove the second",
      });
    names.add(domain.name);
  });
  if (dns.cutOver && dns.legacyGateway === undefined)
    found.push({
      severity: "error",
      id: "cut-over-without-legacy",
      path: ["dns", "cutOver"],
      value: true,
      rule: "a cut-over needs the old gateway's name",
      remedy: "add legacyGateway, or set cutOver to false",
    });
  return found;
}
