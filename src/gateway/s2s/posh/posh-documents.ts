import { BoundedCache } from "../../../certificate/bounded-cache";
import type { PoshEvidence } from "../../../certificate/peer-evidence";
import { type PoshFingerprint, readPoshDocument } from "../../../certificate/posh";
import type { TrustStore } from "../../../certificate/trust-store";
import type { NameResolver } from "../../../dns/resolver";
import type { TargetPolicy } from "../../../dns/resolver/targets";
import { checkUrl, FetchError, fetchDocument } from "./fetch-document";

/** How often a document may be somewhere else: by HTTP or by its own word. */
const MOST_HOPS = 3;
/** For one document with all that leads to it. */
const PATIENCE_MS = 10_000;
/** What a document says is believed for so long, whatever it says itself. */
const LONGEST_MS = 24 * 60 * 60 * 1000;
/** Nor is it fetched more often, or a failure be repeated sooner. */
const SHORTEST_MS = 30_000;
const MOST_KEPT = 1_000;
/** Fetches at once. */
const MOST_AT_ONCE = 64;

/** What is fetched for one partner, and how. */
export interface PoshQuery {
  /** The domain that the document is to prove, in A-labels. */
  readonly domain: string;
  /** What is kept holds for this very row: another one may have other anchors. */
  readonly row: object;
  /** Anchors that web servers' certificates have to lead to. */
  readonly trust: TrustStore | undefined;
  /** Addresses that may be dialled. */
  readonly policy: TargetPolicy;
}

export interface PoshOptions {
  readonly resolver: NameResolver;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Where web servers are. Default: 443. */
  readonly port?: number;
  /** Milliseconds for one document. Default: 10,000. */
  readonly patience?: number;
}

interface Kept {
  readonly row: object;
  readonly evidence: Promise<PoshEvidence>;
  /** ms since the epoch; not known before the evidence is. */
  until: number;
}

/** Gives what the POSH documents of partners say. */
export interface PoshSource {
  /** Never rejects: what could not be fetched is said in the evidence. */
  of(query: PoshQuery): Promise<PoshEvidence>;
}

/**
 * The POSH documents of partners (RFC 7711), fetched over HTTPS and kept for as long as they say. Streams that ask for the
 * same one at once share one fetch.
 */
export class PoshDocuments implements PoshSource {
  readonly #options: PoshOptions;
  readonly #kept = new BoundedCache<Kept>(MOST_KEPT);
  #running = 0;

  constructor(options: PoshOptions) {
    this.#options = options;
  }

  of(query: PoshQuery): Promise<PoshEvidence> {
    const { domain, row } = query;
    const known = this.#kept.get(domain);
    if (known !== undefined && known.row === row && this.#options.now() < known.until) return known.evidence;
    if (this.#running >= MOST_AT_ONCE)
      return Promise.resolve({ domain, failed: `${MOST_AT_ONCE} documents are being fetched already` });
    const evidence = this.#fetch(query).then(({ seconds, ...found }) => {
      this.#running--;
      kept.until = this.#options.now() + Math.min(Math.max(seconds * 1000, SHORTEST_MS), LONGEST_MS);
      return { domain, ...found };
    });
    const kept: Kept = { row, evidence, until: Number.POSITIVE_INFINITY };
    this.#running++;
    this.#kept.set(domain, kept);
    return evidence;
  }

  /** @returns what was found, and for how many seconds it holds */
  async #fetch({ domain, trust, policy }: PoshQuery): Promise<Found & { readonly seconds: number }> {
    const { port = 443, patience: allowed = PATIENCE_MS } = this.#options;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), allowed).unref();
    let at: string | undefined;
    let next = `https://${domain}${port === 443 ? "" : `:${port}`}/.well-known/posh/xmpp-server.json`;
    try {
      if (trust === undefined) throw new FetchError("no trust anchors are configured: give --trust-anchors FILE");
      const surroundings = { ...this.#options, trust, policy, signal: patience.signal };
      let seconds = Number.POSITIVE_INFINITY;
      for (let hop = 0; hop <= MOST_HOPS; hop++) {
        const url = checkUrl(next);
        at = url.href;
        const fetched = await fetchDocument(url, surroundings);
        if ("movedTo" in fetched) {
          next = URL.canParse(fetched.movedTo, url.href) ? new URL(fetched.movedTo, url).href : fetched.movedTo;
          continue;
        }
        const document = readPoshDocument(fetched.text);
        seconds = Math.min(seconds, document.expires);
        if ("fingerprints" in document) return { url: at, fingerprints: document.fingerprints, seconds };
        next = document.url;
      }
      throw new FetchError(`the document is somewhere else more than ${MOST_HOPS} times`);
    } catch (error) {
      // Whatever it was, there is no proof: a stranger's web server must not end this process.
      return { failed: `${(at ?? next).slice(0, 300)}: ${(error as Error).message}`, seconds: 0 };
    } finally {
      clearTimeout(timer);
    }
  }
}

type Found = { readonly url: string; readonly fingerprints: readonly PoshFingerprint[] } | { readonly failed: string };
