import type { DocumentObject, FetchedObject, ObjectError } from "./document-object";

/** What the watching process tells, one for each look. */
export type ObjectReport =
  | ({ readonly kind: "document" } & FetchedObject)
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "failed";
      readonly code: ObjectError["code"];
      readonly message: string;
      readonly remedy: string;
    };

/** ms between two looks: a change is seen within 30 s, also where one look fails. */
export const LOOK_INTERVAL = 10_000;

export interface WatchOptions {
  readonly object: DocumentObject;
  readonly report: (report: ObjectReport) => void;
  /** Waits until it is time for the next look, or somebody wants one. */
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Looks at an object for as long as it runs, and reports each look. */
export async function watchObject({ object, report, wait, signal }: WatchOptions): Promise<void> {
  let etag: string | undefined;
  while (!signal.aborted) {
    try {
      const found = await object.fetch(etag);
      etag = found?.etag ?? etag;
      report(found === undefined ? { kind: "unchanged" } : { kind: "document", ...found });
    } catch (error) {
      const { code, message, remedy } = error as ObjectError;
      if (code === undefined || remedy === undefined) throw error; // a fault of ours: whoever started us sees it
      report({ kind: "failed", code, message, remedy });
    }
    await wait(LOOK_INTERVAL);
  }
}
