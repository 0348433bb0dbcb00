/** What the sources of certificates cost, and what they refuse: said before anybody asks them. */
import type { Definition } from "../../definition";

export type SourceKind = Definition["certificate"]["source"]["kind"];

/** What is to be known about one source, in sentences. */
export interface SourceTerms {
  readonly cost: string;
  readonly refuses: readonly string[];
}

/** ACM's price of an exportable certificate in USD, for each issue, as its provider's documentation named it in 2025. */
const ACM_USD = { name: 15, wildcard: 149 } as const;
const DOMAIN_VALIDATED = "organisation, unit, country, state and locality: it validates domains only";

/** @param names every dNSName of the certificate */
export function sourceTerms(kind: SourceKind, names: readonly string[]): SourceTerms {
  switch (kind) {
    case "request":
      return {
        cost: "whatever your CA asks; somebody carries the request there and the reply back, each time",
        refuses: [
          "public CAs: lives above 200 days since March 2026 (47 from March 2029), clientAuth, most over 100 names",
        ],
      };
    case "acme":
      return {
        cost: "nothing at most CAs; no hand on it",
        refuses: [DOMAIN_VALIDATED, "more than 100 names at most CAs"],
      };
    case "acm": {
      const wildcards = names.filter((name) => name.startsWith("*.")).length;
      const usd = wildcards * ACM_USD.wildcard + (names.length - wildcards) * ACM_USD.name;
      return {
        cost: `about ${usd} USD for each issue and renewal, at the prices of 2025 (${ACM_USD.name} a name, ${ACM_USD.wildcard} a wildcard)`,
        refuses: [DOMAIN_VALIDATED, "RSA keys of other than 2048 bits", "a friendly name"],
      };
    }
    case "imported":
      return { cost: "nothing here; whoever made key and certificate renews them", refuses: [] };
    case "lab":
      return {
        cost: "nothing; no partner outside a laboratory accepts it",
        refuses: ["organisation, unit, country, state and locality", "keys of other than ECDSA P-256"],
      };
  }
}
