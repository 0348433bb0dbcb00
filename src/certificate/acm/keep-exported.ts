import { runsOut, waitAfterFailure } from "../acme/renewal-timing";
import { type ExportOptions, exportIfNew } from "./export-certificate";

/** What is told of a certificate's life. Times in ISO 8601, UTC. */
export type ExportEvent =
  | { readonly event: "obtained"; readonly id: string; readonly names: number; readonly notAfter: string }
  | {
      readonly event: "failed";
      readonly code: string;
      readonly reason: string;
      readonly remedy: string;
      readonly failures: number;
      readonly nextAttempt: string;
    }
  /** The alarm: ACM should have renewed it long ago. */
  | { readonly event: "runs-out"; readonly notAfter: string; readonly daysLeft: number };

export interface KeepExportedOptions extends ExportOptions {
  readonly random: () => number;
  /** Waits so many milliseconds, or until the signal aborts. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ExportEvent) => void;
}

const DAY = 86_400_000;
/** ACM renews weeks before the end: twice a day is often enough, and no event has to reach us. */
const BETWEEN = DAY / 2;

/** Looks at ACM for as long as it runs, and takes what is new. Ends when the signal aborts. */
export async function keepExported(options: KeepExportedOptions): Promise<void> {
  const { store, now, random, sleep, signal, onEvent } = options;
  for (let failures = 0; !signal.aborted; ) {
    let wait = BETWEEN * (0.9 + 0.2 * random());
    try {
      const obtained = await exportIfNew(options);
      failures = 0;
      if (obtained !== undefined)
        onEvent({ event: "obtained", id: obtained.id, names: obtained.names.length, notAfter: obtained.notAfter });
    } catch (error) {
      if (signal.aborted) return;
      const { code, remedy, message } = error as { code?: string; remedy?: string; message: string };
      if (code === undefined || remedy === undefined) throw error; // a fault of ours: whoever started us sees it
      const live = store.live();
      const remaining = live === undefined ? 0 : Date.parse(live.notAfter) - now();
      wait = waitAfterFailure(++failures, { remaining, random });
      const nextAttempt = new Date(now() + wait).toISOString();
      onEvent({ event: "failed", code, reason: message, remedy, failures, nextAttempt });
    }
    const live = store.live();
    if (live !== undefined) {
      const [notBefore, notAfter] = [Date.parse(live.notBefore), Date.parse(live.notAfter)];
      if (runsOut({ notBefore, notAfter }, now()))
        onEvent({ event: "runs-out", notAfter: live.notAfter, daysLeft: Math.floor((notAfter - now()) / DAY) });
    }
    await sleep(wait);
  }
}
