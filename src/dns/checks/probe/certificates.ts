import type { Certificate } from "../../../certificate/certificate";
import type { ChainVerdict } from "../../../certificate/chain";
import { type ChainRefusal, type TrustStore, validateChain } from "../../../certificate/chain";
import { usesOf } from "../../../certificate/check/external";
import { howNamed } from "../../../certificate/identity-names";
import { remedyFor } from "../../../certificate/refusal";
import type { EdgeProbe } from "../../probe";
import { listed } from "../check";
import { aNameOf, readChain, shownNames } from "./presented";
import { placeOf, type Sighting } from "./sighting";

const DAY = 86_400_000;
/** A certificate that is renewed when a third of its life is left has been renewed by then, whatever its life. */
const LAST_DAYS = 21;

type Told = Omit<Sighting, "probe">;

const OF_REFUSAL: Partial<Readonly<Record<ChainRefusal, string>>> = {
  "weak-key": "cert-weak",
  "weak-signature": "cert-weak",
  "oversized-key": "cert-weak",
  usage: "cert-purpose",
};
const NEW_CERTIFICATE = "xmpp-edge certificate request <definition>, and import the reply";

/** On the certificate and its chain: each chain is judged once, whoever was shown it. */
export function certificates(probes: readonly EdgeProbe[], authorities: TrustStore, now: Date): Sighting[] {
  const judged = new Map<string, JudgedChain>();
  const sightings = probes.flatMap((probe): Sighting[] => {
    const { tls, domain } = probe;
    if (tls === undefined) return [];
    const key = tls.chain.map((der) => der.toString("latin1")).join();
    const { leaf, faults } = judged.get(key) ?? judgedChain(tls.chain, authorities, now);
    judged.set(key, { leaf, faults });
    // A certificate that issued itself stands in for one that was never put in place: its names mean nothing.
    const all = leaf === undefined || leaf.selfIssued ? faults : [...faults, ...nameFault(leaf, domain)];
    return all.map((one) => ({ ...one, probe }));
  });
  return sightings.length > 0 ? sightings : differing(probes);
}

interface JudgedChain {
  readonly leaf: Certificate | undefined;
  readonly faults: readonly Told[];
}

function judgedChain(presented: readonly Buffer[], authorities: TrustStore, now: Date): JudgedChain {
  const chain = readChain(presented);
  return { leaf: chain[0], faults: chainFaults(presented, chain, authorities, now) };
}

/** What is wrong with a chain whatever domain it is for. */
function chainFaults(
  presented: readonly Buffer[],
  chain: readonly Certificate[],
  authorities: TrustStore,
  now: Date,
): Told[] {
  const [leaf] = chain;
  if (leaf === undefined)
    return [refusal({ code: "unreadable", detail: "no certificate that can be read was shown" }, chain)];
  const faults = dateFaults(leaf, now);
  const domain = aNameOf(leaf);
  if (domain === undefined) return faults;
  // Of an expired one all else is judged as of its last day: its dates are one fault, a missing issuer another.
  const asOf = faults.some(({ id }) => id === "cert-expired") ? leaf.notAfter : now;
  const early = faults.some(({ id }) => id === "cert-not-yet-valid");
  const verdict = validateChain({ presented, trust: authorities, domain, now: early ? leaf.notBefore : asOf });
  const uses = usesOf(leaf);
  if (!verdict.ok) {
    const dates = verdict.code === "expired";
    return dates && faults.some(({ id }) => id !== "cert-expiring")
      ? faults
      : [...faults, refusal(verdict, chain, now)];
  }
  if (uses === "client only")
    faults.push({
      id: "cert-purpose",
      found: `${leaf.subject} is for TLS clients alone (extKeyUsage without serverAuth)`,
      expected: () => "serverAuth among its uses",
      remedy: () => remedyFor("usage"),
    });
  return faults;
}

function dateFaults(leaf: Certificate, now: Date): Told[] {
  const left = leaf.notAfter.getTime() - now.getTime();
  const dates = `${leaf.subject} is valid from ${leaf.notBefore.toISOString()} to ${leaf.notAfter.toISOString()}`;
  const renew = `renew it: ${NEW_CERTIFICATE}`;
  if (left < 0)
    return [
      {
        id: "cert-expired",
        found: dates,
        expected: () => `a certificate that is valid at ${now.toISOString()}`,
        remedy: () => renew,
      },
    ];
  if (leaf.notBefore > now)
    return [
      {
        id: "cert-not-yet-valid",
        found: dates,
        expected: () => `a certificate that is valid at ${now.toISOString()}`,
        remedy: () =>
          "set the clocks of the host, the CA and this machine right, or put the certificate in place when it has begun",
      },
    ];
  const due = Math.min(LAST_DAYS * DAY, (leaf.notAfter.getTime() - leaf.notBefore.getTime()) / 3);
  if (left >= due) return [];
  return [
    {
      id: "cert-expiring",
      found: `${leaf.subject} expires on ${leaf.notAfter.toISOString()}, in ${Math.floor(left / DAY)} days`,
      expected: () => `a renewal ${Math.floor(due / DAY)} days before`,
      remedy: () => renew,
    },
  ];
}

function refusal(
  { code, detail }: Pick<Exclude<ChainVerdict, { ok: true }>, "code" | "detail">,
  chain: readonly Certificate[],
  now?: Date,
): Told {
  const told = (id: string, remedy: string = remedyFor(code)): Told => ({
    id,
    found: detail,
    expected: () => "a chain that every partner accepts",
    remedy: () => remedy,
  });
  if (code === "expired") {
    const early = now !== undefined && chain.some(({ notBefore }) => notBefore > now);
    return told(early ? "cert-not-yet-valid" : "cert-expired");
  }
  if (code !== "untrusted") return told(OF_REFUSAL[code] ?? "cert-chain");
  const [leaf, ...others] = chain;
  const issuerSent = others.some(({ subjectKey }) => subjectKey === leaf?.issuerKey);
  if (leaf !== undefined && !leaf.selfIssued && !issuerSent)
    return {
      ...told(
        "cert-chain",
        "put the certificate in place together with its intermediates: xmpp-edge certificate import <definition> <file with all of them> --assign; if the root itself issued it, name that by --trust-anchors",
      ),
      found: `its own certificate comes without the one that issued it, ${leaf.issuer}, which is no root that is trusted here`,
    };
  return told(
    "cert-untrusted",
    "have it issued by a CA that the partners trust; where they trust this one, name its root by --trust-anchors",
  );
}

function nameFault(leaf: Certificate, domain: string): Told[] {
  const named = howNamed(leaf.extensions, domain);
  if (named === "exactly") return [];
  const wildcard = named === "by wildcard";
  return [
    {
      id: "cert-name",
      ...(wildcard && { verdict: "warn" as const }),
      found: wildcard
        ? `only a wildcard names it, among ${shownNames(leaf)}`
        : `the certificate names ${shownNames(leaf)}`,
      expected: (about) => `a dNSName for ${about}`,
      remedy: () => `have it issued with every local domain among its dNSNames: ${NEW_CERTIFICATE}`,
      ofDomain: true,
    },
  ];
}

/** One host of a pool was forgotten when the certificate was renewed. */
function differing(probes: readonly EdgeProbe[]): Sighting[] {
  const byDomain = new Map<string, EdgeProbe[]>();
  for (const probe of probes)
    if (probe.tls?.chain[0] !== undefined) {
      const key = `${probe.host} ${probe.domain}`;
      byDomain.set(key, [...(byDomain.get(key) ?? []), probe]);
    }
  return [...byDomain.values()].flatMap((same): Sighting[] => {
    const leaves = new Map<string, string[]>();
    for (const probe of same) {
      const leaf = probe.tls!.chain[0]!.toString("latin1");
      leaves.set(leaf, [...(leaves.get(leaf) ?? []), placeOf(probe)]);
    }
    if (leaves.size < 2) return [];
    const found = [...leaves.values()].map((places) => listed(places)).join(" / ");
    return same.map((probe) => ({
      probe,
      id: "cert-differs",
      found: `the addresses show ${leaves.size} different certificates: ${found}`,
      expected: () => "one certificate at every address",
      remedy: () => "put the newest certificate in place on every host: xmpp-edge certificate assign",
    }));
  });
}
