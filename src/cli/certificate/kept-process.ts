/** What `--keep` needs of the process that it runs in: it may be a child of `run`, and ends with it. */

/** Set by `run` for the process that renews for it: a channel to another parent is none of our business. */
export const RENEWAL_CHILD = "XMPP_EDGE_RENEWAL_CHILD";

const isRenewalChild = () => process.connected && process.env[RENEWAL_CHILD] === "1";

/** Aborts when the `run` that started us has gone. */
export function parentGone(): AbortSignal {
  const gone = new AbortController();
  if (isRenewalChild()) process.once("disconnect", () => gone.abort());
  return gone.signal;
}

/** Lets go of the channel to `run`, which would keep this process alive. */
export function leaveParent(): void {
  if (isRenewalChild()) process.disconnect();
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
