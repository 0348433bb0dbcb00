/** What `--keep` needs of the process that it runs in: it may be a child of `run`, and ends with it. */

/** Aborts when the process that started us, with a channel to it, has gone. */
export function parentGone(): AbortSignal {
  const gone = new AbortController();
  if (process.connected) process.once("disconnect", () => gone.abort());
  return gone.signal;
}

export function leaveParent(): void {
  if (process.connected) process.disconnect();
}

/** Waits, or ends at once when the signal aborts. */
export function abortableSleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}
