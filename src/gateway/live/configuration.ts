import type { Change } from "../../definition/diff/change";
import { documentDiff } from "../../definition/diff/document-diff";
import type { GatewayDocument } from "../../definition/facts/gateway-document";
import type { Counters } from "../counters";
import type { Inside } from "../internal/inside";
import type { Log } from "../log";
import type { Router } from "../routing/router";
import type { Federation, RevokedStream } from "../s2s/federation";
import type { ConfigurationStatus } from "../status";
import { judgeOffer, type Offer } from "./judge-offer";
import { nextSnapshot, type Snapshot } from "./snapshot";

/** Why a document does not take the place of the one that runs. */
export interface DocumentRefusal {
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
}

export type ApplyOutcome =
  | { readonly applied: true; readonly changes: readonly Change[]; readonly closed: readonly RevokedStream[] }
  /** `same`: there is nothing to do. */
  | { readonly applied: false; readonly refusal: DocumentRefusal | "same" };

/** What a change of the configuration reaches. */
export interface ConfiguredParts {
  readonly federation: Federation;
  readonly router: Router;
  readonly inside: Pick<Inside, "serve"> | undefined;
  readonly listening: () => readonly { readonly port: number }[];
  /** Told of each document that has been taken up. */
  readonly onApplied: (document: GatewayDocument, before: GatewayDocument) => void;
  readonly log: Log;
  readonly counters: Counters;
  readonly now: () => number;
}

/** Entries of a list in one line of the log. */
const LISTED = 20;
const LONGEST_ENTRY = 300;

/** The configuration of a running gateway: which document runs, and how another one takes its place. */
export class LiveConfiguration {
  readonly #parts: ConfiguredParts;
  /** What the process was started with: some of it stays so. */
  readonly #started: GatewayDocument;
  #running: Offer;
  #snapshot: Snapshot;
  #appliedAt: number;
  #refused: (DocumentRefusal & { readonly at: number }) | undefined;

  constructor(parts: ConfiguredParts, started: Offer) {
    this.#parts = parts;
    this.#started = started.document;
    this.#running = started;
    this.#snapshot = parts.federation.snapshot;
    this.#appliedAt = parts.now();
  }

  get document(): GatewayDocument {
    return this.#snapshot.document;
  }

  status(): ConfigurationStatus {
    const { digest, source, at, version, document } = this.#running;
    return {
      source,
      digest,
      ...(document.revision === undefined ? {} : { revision: document.revision }),
      ...(at === undefined ? {} : { at: isoTime(at) }),
      ...(version === undefined ? {} : { version }),
      appliedAt: isoTime(this.#appliedAt),
      waitingForRestart: this.#waitingForRestart(),
      ...(this.#refused === undefined ? {} : { refused: { ...this.#refused, at: isoTime(this.#refused.at) } }),
    };
  }

  /** Takes a document up, whole and at once, or refuses it and stays with the one that runs. */
  apply(offered: Offer): ApplyOutcome {
    const verdict = judgeOffer(this.#running, offered);
    if (!verdict.take && verdict.code === "same") {
      this.#running = { ...this.#running, ...offered, document: this.#running.document }; // dated anew, perhaps
      this.#refused = undefined;
      return { applied: false, refusal: "same" };
    }
    if (!verdict.take) {
      this.refused(verdict, offered);
      return { applied: false, refusal: verdict };
    }
    const { federation, router, inside, onApplied, log, now } = this.#parts;
    const since = performance.now();
    const before = this.#snapshot;
    const next = nextSnapshot(before, offered.document);
    const changes = documentDiff(before.document, next.document);
    inside?.serve(next.document);
    const closed = federation.apply(next, router.apply(next));
    const replaced = this.#running;
    this.#snapshot = next;
    this.#running = { ...offered, document: next.document };
    this.#appliedAt = now();
    this.#refused = undefined;
    this.#parts.counters.add('documents_total{result="applied"}');
    this.#audit(replaced, changes, closed, performance.now() - since);
    const waiting = this.#waitingForRestart();
    if (waiting.length > 0)
      log.warn("restart-needed", { waiting, remedy: "start the gateway again: the rest of the document runs already" });
    onApplied(next.document, before.document);
    void router.review(before);
    return { applied: true, changes, closed };
  }

  /** Says that a document was not taken, and why; what runs stays. */
  refused({ code, reason, remedy }: DocumentRefusal, offered: Partial<Offer>): void {
    this.#refused = { code, reason, remedy, at: this.#parts.now() };
    this.#parts.counters.add('documents_total{result="refused"}');
    this.#parts.log.error("document-refused", {
      code,
      reason,
      remedy,
      source: offered.source,
      digest: offered.digest,
      revision: offered.document?.revision,
      running: this.#running.digest,
    });
  }

  #audit(replaced: Offer, changes: readonly Change[], closed: readonly RevokedStream[], milliseconds: number): void {
    const { source, digest, at, version, document } = this.#running;
    const effects = (effect: Change["effect"]) => changes.filter((change) => change.effect === effect).length;
    this.#parts.log.info("document-applied", {
      source,
      digest,
      revision: document.revision,
      version,
      at: at === undefined ? undefined : isoTime(at),
      replacedDigest: replaced.digest,
      replacedRevision: replaced.document.revision,
      changes: changes.length,
      grants: effects("grants"),
      revokes: effects("revokes"),
      changed: listed(changes.map(({ text }) => text)),
      closed: closed.length,
      streams: listed(
        closed.map(
          ({ direction, local, remote, condition, reason }) =>
            `${direction} ${local} ${remote} ${condition}: ${reason}`,
        ),
      ),
      milliseconds: Math.round(milliseconds),
    });
  }

  /** Parts of the running document that this process cannot take up while it lives. */
  #waitingForRestart(): string[] {
    const { port } = this.#started.accessEdge;
    const listens = this.#parts.listening().some((place) => place.port === port);
    return documentDiff(bare(this.#started), bare(this.#snapshot.document))
      .filter(({ restart, subject }) => restart === true && (subject !== "accessEdge.port" || listens))
      .map(({ subject }) => subject);
  }
}

/** Without the long lists, none of which waits for a restart. */
const bare = (document: GatewayDocument): GatewayDocument => ({ ...document, partners: [], localDomains: [] });

function listed(entries: readonly string[]): string[] {
  const shown = entries.slice(0, LISTED).map((entry) => entry.slice(0, LONGEST_ENTRY));
  return entries.length > LISTED ? [...shown, `and ${entries.length - LISTED} more`] : shown;
}

const isoTime = (at: number) => new Date(at).toISOString();
