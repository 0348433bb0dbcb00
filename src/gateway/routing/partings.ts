import { elementText } from "../../stream/wire-address";
import type { Pair } from "../s2s/pair";
import { endWatching } from "./entitlement-review";
import { subscription, unavailable } from "./presence";
import type { RoutingContext } from "./routing-context";

/** Watchers that are told before a stream closes: it must not take the process from the others' streams. */
export const MAXIMUM_PARTINGS = 2_000;

/**
 * The last words to a partner with whom a domain of ours federates no more: our users' presence is withdrawn and the
 * subscriptions to it end (RFC 6121 section 3.2). Written while the stream still stands; never throws.
 */
export function partingsOf(context: RoutingContext, { local, remote }: Pair): string {
  try {
    const watchers = context.store.watchersFrom(remote).filter((one) => one.local.endsWith(`@${local}`));
    const told = watchers.slice(0, MAXIMUM_PARTINGS);
    if (told.length < watchers.length)
      context.log.warn("partings-cut", { local, remote, told: told.length, untold: watchers.length - told.length });
    return told
      .map((watcher) => {
        endWatching(context, watcher);
        return (
          elementText(unavailable(watcher.local, watcher.remote)) +
          elementText(subscription(watcher.local, watcher.remote, "unsubscribed"))
        );
      })
      .join("");
  } catch (error) {
    context.log.error("partings-failed", { local, remote, reason: (error as Error).message });
    return "";
  }
}
