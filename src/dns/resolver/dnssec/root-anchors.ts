import type { TrustAnchor } from "./trust-chain";

/**
 * The root zone's key signing keys of 2017 and 2024, as IANA publishes their DS (root-anchors.xml); compared with
 * Debian's dns-root-data on 2026-11-22.
 */
export const ROOT_ANCHORS: readonly TrustAnchor[] = [
  {
    zone: ".",
    delegations: [
      {
        tag: 20326,
        algorithm: 8,
        digestType: 2,
        digest: Buffer.from("e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d", "hex"),
      },
      {
        tag: 38696,
        algorithm: 8,
        digestType: 2,
        digest: Buffer.from("683d2d0acb8c9b712a1948b27f741219298d0a450d612c483af444a4c0fb2b16", "hex"),
      },
    ],
  },
];
