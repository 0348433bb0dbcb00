/** Whether a chain is good to be served for an edge: everything that is wrong with it, at once. */
import type { Certificate } from "../certificate";
import { validateChain } from "../chain";
import { matchesDomain } from "../domain-match";
import { dnsNames } from "../identity-names";
import type { ChainRefusal } from "../refusal";
import type { TrustStore } from "../trust-store";
import type { ArrangedChain } from "./arrange-chain";

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const MAXIMUM_SHOWN = 10;

/** Something about a chain: `refused` keeps it out, `note` is good to know. */
export interface ChainFinding {
  readonly severity: "refused" | "note";
  readonly code:
    | ChainRefusal
    | "names-missing"
    | "issuer-missing"
    | "not-for-servers"
    | "root-not-trusted"
    | "names-extra"
    | "not-for-clients";
  /** What was found. */
  readonly detail: string;
  readonly remedy: string;
}

/** What a chain has to be good for. */
export interface Expectation {
  /** dNSNames that it has to have, in A-labels; `*.` may lead. */
  readonly names: readonly string[];
  readonly trust: TrustStore;
  readonly now: Date;
}

/** Judges names, dates, chain, usage and strength. That the key is ours has been seen before. */
export function judgeChain(chain: ArrangedChain, expected: Expectation): ChainFinding[] {
  return [...nameFindings(chain.leaf, expected.names), ...usageFindings(chain.leaf), ...pathFindings(chain, expected)];
}

function nameFindings(leaf: Certificate, expected: readonly string[]): ChainFinding[] {
  const names = dnsNames(leaf.extensions);
  const has = (name: string) =>
    names.includes(name) || (!name.startsWith("*.") && names.some((one) => matchesDomain(one, name)));
  const missing = expected.filter((name) => !has(name));
  const extra = names.filter((name) => !expected.includes(name));
  const found: ChainFinding[] = [];
  if (missing.length > 0)
    found.push({
      severity: "refused",
      code: "names-missing",
      detail: `it does not name ${listed(missing)}`,
      remedy: "have it issued with every name of the definition, or take the domains out of the definition",
    });
  if (extra.length > 0)
    found.push({
      severity: "note",
      code: "names-extra",
      detail: `it also names ${listed(extra)}`,
      remedy: "nothing, unless the definition should have these names",
    });
  return found;
}

function usageFindings({ extensions }: Certificate): ChainFinding[] {
  const purposes = extensions.extendedKeyUsage;
  if (purposes === undefined) return [];
  if (!purposes.includes(SERVER_AUTH))
    return [
      {
        severity: "refused",
        code: "not-for-servers",
        detail: "its extended key usage does not have serverAuth",
        remedy: "have it issued for TLS servers",
      },
    ];
  if (purposes.includes(CLIENT_AUTH)) return [];
  return [
    {
      severity: "note",
      code: "not-for-clients",
      detail: "its extended key usage has serverAuth alone, as public CAs issue them",
      remedy: "nothing; partners that insist on clientAuth need TLS with dialback",
    },
  ];
}

function pathFindings(chain: ArrangedChain, { names, trust, now }: Expectation): ChainFinding[] {
  // The name is judged above for all of them; here one that the leaf has will do.
  const own = dnsNames(chain.leaf.extensions);
  const domain = names.find((name) => own.includes(name) && !name.startsWith("*.")) ?? ownHost(own);
  const presented = chain.served.map((one) => one.der);
  const verdict = validateChain({ presented, trust, domain, now });
  if (verdict.ok) return [];
  const { code, detail, remedy } = verdict;
  if (code === "wrong-name" && domain === "") return []; // no dNSName at all: said by the names
  if (code !== "untrusted") return [{ severity: "refused", code, detail, remedy }];
  if (chain.missing !== undefined)
    return [
      {
        severity: "refused",
        code: "issuer-missing",
        detail: `the certificate of its issuer is missing: ${chain.missing.name}`,
        remedy:
          chain.missing.urls.length > 0
            ? `import it along, or let it be fetched from ${chain.missing.urls[0]} by --fetch-issuers`
            : "get it from the CA and import it along; if it is the root of your own CA, give it by --trust-anchors",
      },
    ];
  return [
    {
      severity: "refused",
      code: "root-not-trusted",
      detail,
      remedy: "if this is your own CA, give its root by --trust-anchors; partners need it among theirs, too",
    },
  ];
}

/** A name of the certificate's own that can be looked for: a wildcard stands for any label. */
function ownHost(names: readonly string[]): string {
  const name = names[0] ?? "";
  return name.startsWith("*.") ? `any${name.slice(1)}` : name;
}

function listed(names: readonly string[]): string {
  const more = names.length > MAXIMUM_SHOWN ? ` and ${names.length - MAXIMUM_SHOWN} more` : "";
  return (
    names
      .slice(0, MAXIMUM_SHOWN)
      .map((name) => name.slice(0, 80))
      .join(", ") + more
  );
}
