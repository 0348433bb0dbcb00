import type { Progress } from "../context";

/** What is over sooner needs no announcement. */
const QUIET_MS = 2000;

/** Announces a slow step on a terminal, and how it ended. */
export function startProgress(label: string, terminal: boolean, write: (text: string) => void): Progress {
  if (!terminal) return { done: () => undefined };
  let shown = false;
  const started = performance.now();
  const timer = setTimeout(() => {
    shown = true;
    write(`${label} …\n`);
  }, QUIET_MS);
  timer.unref();
  return {
    done(note = "done") {
      clearTimeout(timer);
      if (shown) write(`${label}: ${note} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
    },
  };
}
