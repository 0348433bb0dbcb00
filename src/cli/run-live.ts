import type { GatewayDocument } from "../definition/facts/gateway-document";
import type { RunningGateway } from "../gateway/gateway";
import type { DocumentRefusal } from "../gateway/live/configuration";
import { judgeOffer, type Offer } from "../gateway/live/judge-offer";
import { digestOf, type KeptDocument, keepDocument, keptDocument } from "../gateway/live/kept-document";
import type { Log } from "../gateway/log";
import { DocumentError, readGatewayDocumentInTurns } from "../gateway/read-document";
import { CommandError, UsageError } from "./context";
import { type DocumentSource, SourceError } from "./run-document";

/** A document that can be run, with its text and origin. */
export interface RunnableDocument {
  readonly offer: Offer;
  readonly text: string;
  readonly certificateSource?: string;
}

/** What a gateway starts with. */
export interface FirstDocument extends RunnableDocument {
  /** What ran on this state before, where it was another one. */
  readonly previous?: GatewayDocument;
}

/**
 * Reads what a source holds and checks it, in turns beside the streams.
 * @throws SourceError, DocumentError
 */
export async function readSource(source: DocumentSource): Promise<RunnableDocument> {
  const { text, at, version, certificateSource } = await source.read();
  const offer = await offerOf(text, {
    digest: digestOf(text),
    source: source.name,
    ...(at === undefined ? {} : { at }),
    ...(version === undefined ? {} : { version }),
  });
  return { offer, text, ...(certificateSource === undefined ? {} : { certificateSource }) };
}

async function offerOf(text: string, origin: Omit<Offer, "document">): Promise<Offer> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SourceError(
      "source-invalid",
      `${origin.source} is no JSON: ${(error as Error).message.slice(0, 200)}`,
      "write it whole, as xmpp-edge facts prints it",
    );
  }
  return { ...origin, document: await readGatewayDocumentInTurns(value) };
}

/**
 * What to start with: what the source holds, or the last good document of the same source where that is out of reach,
 * broken or older than what ran.
 * @throws UsageError, CommandError where there is neither
 */
export async function firstDocument(source: DocumentSource, directory: string, log: Log): Promise<FirstDocument> {
  const kept = await lastGood(source, directory, log);
  let found: RunnableDocument;
  try {
    found = await readSource(source);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    if (kept === undefined) throw startError(refusal);
    return resort(kept, refusal, log);
  }
  if (kept === undefined) {
    const { internal } = found.offer.document;
    if (internal?.kind === "sip")
      throw new UsageError(
        "internal.kind sip is not built yet",
        "use xmpp or sandbox, or leave internal out: then nobody answers",
      );
    return found;
  }
  const verdict = judgeOffer(kept.offer, found.offer);
  if (verdict.take) return { ...found, previous: kept.offer.document };
  if (verdict.code === "same") return found;
  if (verdict.code !== "document-foreign") return resort(kept, verdict, log);
  // Another name or FQDN takes a new start, and this is one.
  log.warn("document-renamed", { reason: verdict.reason, source: found.offer.source });
  return { ...found, previous: kept.offer.document };
}

async function lastGood(source: DocumentSource, directory: string, log: Log): Promise<RunnableDocument | undefined> {
  const kept = await keptDocument(directory, log);
  if (kept?.source !== source.name) return undefined; // a mistyped name must not run what another one held
  const { text, ...origin } = kept;
  try {
    return { offer: await offerOf(text, origin), text };
  } catch (error) {
    log.warn("last-document-damaged", { reason: (error as Error).message }); // of another version of this program
    return undefined;
  }
}

function resort(kept: RunnableDocument, { code, reason, remedy }: DocumentRefusal, log: Log): RunnableDocument {
  const { digest, source, document } = kept.offer;
  log.error("running-last-document", { code, reason, remedy, source, digest, revision: document.revision });
  return kept;
}

/** What is said of an error that is the document's or its source's; undefined for any other. */
function refusalOf(error: unknown): DocumentRefusal | undefined {
  if (!(error instanceof SourceError || error instanceof DocumentError)) return undefined;
  return { code: error.code, reason: error.message, remedy: error.remedy };
}

function startError({ code, reason, remedy }: DocumentRefusal): CommandError {
  return code === "source-unreachable" ? new CommandError(reason, 1, remedy) : new UsageError(reason, remedy);
}

/** Keeps a gateway at what its source holds. */
export class DocumentFollower {
  #again = false;
  #reading = false;
  #unreachable = false;
  #gateway: RunningGateway | undefined;
  #kept: Promise<void> = Promise.resolve();
  #onApplied: (document: GatewayDocument) => void = () => undefined;
  readonly #watching: { close(): void };

  /** Watches from now on; what changes before `follow` is taken up then. */
  constructor(
    private readonly source: DocumentSource,
    private readonly directory: string,
    private readonly log: Log,
  ) {
    this.#watching = source.watch(() => void this.look());
  }

  /**
   * Begins to take changes up, and keeps what the gateway started with.
   * @param onApplied told of each document that has taken the place of another
   */
  async follow(
    gateway: RunningGateway,
    started: RunnableDocument,
    onApplied: (document: GatewayDocument) => void,
  ): Promise<void> {
    this.#gateway = gateway;
    this.#onApplied = onApplied;
    await this.#keep(started);
    if (this.#again) await this.look();
  }

  /** Reads the source and takes up what it holds. One reading at a time; what comes meanwhile is one more. */
  async look(): Promise<void> {
    this.#again = true;
    if (this.#gateway === undefined || this.#reading) return;
    this.#reading = true;
    try {
      while (this.#again) {
        this.#again = false;
        await this.#takeUp(this.#gateway);
      }
    } finally {
      this.#reading = false;
    }
  }

  close(): void {
    this.#again = false;
    this.#gateway = undefined;
    this.#watching.close();
  }

  async #takeUp(gateway: RunningGateway): Promise<void> {
    let found: RunnableDocument;
    try {
      found = await readSource(this.source);
    } catch (error) {
      this.#failed(gateway, error);
      return;
    }
    this.#unreachable = false;
    if (this.#gateway === undefined) return; // stopped meanwhile
    const outcome = gateway.apply(found.offer);
    if (outcome.applied) this.#onApplied(found.offer.document);
    if (outcome.applied || outcome.refusal === "same") await this.#keep(found);
  }

  /** Out of reach is said once: the source says when it is back. */
  #failed(gateway: RunningGateway, error: unknown): void {
    const refusal = refusalOf(error) ?? {
      code: "source-invalid",
      reason: (error as Error).message,
      remedy: "see what is there now; what runs stays",
    };
    const unreachable = refusal.code === "source-unreachable";
    if (!unreachable || !this.#unreachable) gateway.refused(refusal, { source: this.source.name });
    this.#unreachable = unreachable;
  }

  /** One after the other, so that the last one stays. */
  #keep({ offer: { document: _, ...origin }, text }: RunnableDocument): Promise<void> {
    const kept: KeptDocument = { ...origin, text };
    this.#kept = this.#kept
      .then(() => keepDocument(this.directory, kept))
      .catch((error: Error) =>
        this.log.error("last-document-not-kept", {
          reason: error.message,
          remedy: "make room or mend the disk: a start without the source would run an older document",
        }),
      );
    return this.#kept;
  }
}
