import type { ChildProcess } from "node:child_process";
import type { Log } from "../gateway/log";
import { objectPlace } from "../host/document-object";
import type { ObjectReport } from "../host/watch-object";
import { UsageError } from "./context";
import { onceEnded, startOwnProcess } from "./run-child";
import { type DocumentSource, type SourcedDocument, SourceError } from "./run-document";

/** ms after which the fetching process is started anew: doubled each time until it has told something. */
const RESTART = { least: 1_000, most: 60_000 } as const;

/** Starts the fetching process. */
type StartFetching = (location: string) => ChildProcess;

/**
 * The document as an object in S3, fetched and watched by a process beside ours. While S3 cannot be reached what was
 * read stays; that is logged once, and once more when it is over.
 * @throws UsageError where the location is no `s3://BUCKET/KEY`
 */
export function s3Source(location: string, log: Log, start: StartFetching = fetchingProcess): DocumentSource {
  if (objectPlace(location) === undefined)
    throw new UsageError(
      `${location} names no object`,
      "give s3://BUCKET/KEY, such as s3://edge-1/gateway-document.json",
    );
  return new S3Source(location, log, start);
}

class S3Source implements DocumentSource {
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #delay: number = RESTART.least;
  #closed = false;
  #known: (SourcedDocument & { readonly etag: string }) | undefined;
  /** Whether `known` was given to a reader already. */
  #given = false;
  #failure: SourceError | undefined;
  #waiting: ((report: "told" | SourceError) => void)[] = [];
  #changed: () => void = () => undefined;

  constructor(
    readonly name: string,
    private readonly log: Log,
    private readonly start: StartFetching,
  ) {}

  async read(): Promise<SourcedDocument> {
    if (this.#known === undefined || this.#given) {
      const told = new Promise<"told" | SourceError>((resolve) => this.#waiting.push(resolve));
      this.#lookNow();
      this.#hold(true);
      const report = await told;
      if (report !== "told") throw report;
    }
    if (this.#known === undefined) throw this.#failure ?? ended(this.name);
    this.#given = true;
    const { etag: _, ...document } = this.#known;
    return document;
  }

  watch(changed: () => void): { close(): void } {
    this.#changed = changed;
    this.#child ??= this.#spawn();
    return {
      close: () => {
        this.#closed = true;
        clearTimeout(this.#restart);
        this.#child?.kill("SIGTERM");
      },
    };
  }

  #lookNow(): void {
    if (this.#child === undefined && this.#restart === undefined) this.#child = this.#spawn();
    else if (this.#child?.connected) this.#child.send("look", () => undefined);
    else this.#tell(ended(this.name));
  }

  #spawn(): ChildProcess {
    const child = this.start(this.name);
    child.on("message", (report) => this.#receive(report as ObjectReport));
    child.on("error", (error) => this.log.error("document-fetch-failed", { reason: error.message }));
    onceEnded(child, (reason) => {
      this.#child = undefined;
      if (this.#closed) return;
      this.#tell(ended(this.name));
      this.log.error("document-fetch-ended", {
        source: this.name,
        reason,
        restartSeconds: this.#delay / 1000,
      });
      this.#restart = setTimeout(() => {
        this.#restart = undefined;
        this.#child = this.#spawn();
      }, this.#delay);
      this.#restart.unref();
      this.#delay = Math.min(this.#delay * 2, RESTART.most);
    });
    this.#hold(this.#waiting.length > 0, child);
    return child;
  }

  /** The fetching process keeps ours alive only while somebody waits for what it tells. */
  #hold(alive: boolean, child = this.#child): void {
    const how = alive ? "ref" : "unref";
    child?.[how]();
    child?.channel?.[how]();
  }

  #receive(report: ObjectReport): void {
    this.#delay = RESTART.least;
    if (report.kind === "failed") {
      this.#failed(new SourceError(report.code, report.message, report.remedy));
      return;
    }
    const mended = this.#failure?.code === "source-invalid";
    this.#reached();
    this.#failure = undefined;
    const isNew = report.kind === "document" && report.etag !== this.#known?.etag;
    const isOther = report.kind === "document" && report.version !== this.#known?.version;
    if (report.kind === "document" && (isNew || isOther)) {
      const { kind: _, ...document } = report;
      this.#known = document;
      this.#given = false;
    }
    const somebodyWaits = this.#waiting.length > 0;
    this.#tell("told");
    if ((isNew || isOther || mended) && !somebodyWaits) this.#changed();
  }

  /** Out of reach is logged here; an object that is there and no document is for the reader to refuse, once. */
  #failed(failure: SourceError): void {
    const { code, message: reason, remedy } = failure;
    const before = this.#failure?.code;
    const somebodyWaits = this.#waiting.length > 0;
    if (code === "source-invalid") this.#reached();
    else if (before !== code) this.log.error("document-unreachable", { source: this.name, reason, remedy });
    this.#failure = failure;
    this.#tell(failure);
    if (code === "source-invalid" && before !== code && !somebodyWaits) this.#changed();
  }

  /** S3 answered. */
  #reached(): void {
    if (this.#failure?.code === "source-unreachable") this.log.info("document-reachable", { source: this.name });
  }

  #tell(report: "told" | SourceError): void {
    for (const resolve of this.#waiting.splice(0)) resolve(report);
    this.#hold(false);
  }
}

const ended = (name: string) =>
  new SourceError(
    "source-unreachable",
    `${name} cannot be fetched: the process that fetches it has ended`,
    "see its last words in the log; it is started again",
  );

function fetchingProcess(location: string): ChildProcess {
  return startOwnProcess(["host", "fetch-document", location], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
  });
}
