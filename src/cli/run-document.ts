/** Where `run` has its gateway document from: a file, a definition that is compiled, or (by `run-s3`) an object. */

/** What a source holds at one moment. */
export interface SourcedDocument {
  /** JSON of the compiled gateway document, not judged yet: whoever runs it does that. */
  readonly text: string;
  /** When the source dates it, ms since the epoch (S3: Last-Modified). A file does not say. */
  readonly at?: number;
  /** How the source names this version (S3: VersionId); only told, never compared. */
  readonly version?: string;
  /** Where a definition has its certificate from (`certificate.source.kind`). */
  readonly certificateSource?: string;
}

/** A place that a gateway document comes from, at the start and at each change. */
export interface DocumentSource {
  /** An absolute path or an `s3://` URL: for logs, and to know the source again at the next start. */
  readonly name: string;
  /**
   * What is there now. Called again after each `changed`; never twice at once.
   * @throws SourceError where it cannot be had, or is no document that could be judged
   */
  read(): Promise<SourcedDocument>;
  /** Calls `changed` whenever `read` may give something else, from this call on. Holds no process open. */
  watch(changed: () => void): { close(): void };
}

/** Bytes that a document may have, wherever it comes from: 100,000 partners take about 35 MB. */
export const MAXIMUM_DOCUMENT_BYTES = 64 * 1024 * 1024;

/** A document cannot be had from its source. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  constructor(
    /** `source-unreachable`: try again later; `source-invalid`: what is there has to be changed first. */
    readonly code: "source-unreachable" | "source-invalid",
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}
