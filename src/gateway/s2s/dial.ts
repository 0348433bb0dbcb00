import { isIPv6, type Socket } from "node:net";
import type { Target } from "../../dns/resolver/targets";
import { connectTo } from "./connect";

/** An address that has not answered by then gets company (RFC 8305 section 5, "Connection Attempt Delay"). */
export const ATTEMPT_DELAY_MS = 250;

export type Dialled =
  | { readonly ok: true; readonly socket: Socket; readonly target: Target }
  | { readonly ok: false; readonly text: string };

/**
 * Connects to the first target that answers. They are tried in order, the next one as soon as one fails or has been
 * silent for a moment, so that a dead address, or IPv6 that leads nowhere, costs a quarter of a second and not the
 * whole patience (RFC 8305, "Happy Eyeballs"). Those that lose are closed.
 * @param signal gives it up
 * @param connect to one address; default: over TCP
 */
export function dial(targets: readonly Target[], signal: AbortSignal, connect = connectTo): Promise<Dialled> {
  return new Promise((resolve) => {
    const order = interleaved(targets);
    const dialling = new Set<Socket>();
    const failures: string[] = [];
    let begun = 0;
    let over = false;
    let turn: NodeJS.Timeout | undefined;
    const settle = (result: Dialled) => {
      over = true;
      clearTimeout(turn);
      signal.removeEventListener("abort", giveUp);
      for (const socket of dialling) if (!result.ok || socket !== result.socket) socket.destroy();
      resolve(result);
    };
    const giveUp = () => settle({ ok: false, text: "given up" });
    const tryNext = () => {
      clearTimeout(turn);
      const target = order[begun++];
      if (target === undefined) return;
      turn = setTimeout(tryNext, ATTEMPT_DELAY_MS).unref();
      let own: Socket | undefined;
      const dialled = (socket: Socket) => {
        own = socket;
        dialling.add(socket);
      };
      void connect(target, dialled).then((outcome) => {
        if (typeof outcome !== "string") {
          if (over) outcome.destroy();
          else settle({ ok: true, socket: outcome, target });
          return;
        }
        if (over) return;
        if (own !== undefined) dialling.delete(own);
        failures.push(`${target.host} [${target.address}]:${target.port} ${outcome}`);
        if (failures.length === order.length) settle({ ok: false, text: failures.join("; ") });
        else tryNext();
      });
    };
    if (signal.aborted) giveUp();
    else {
      signal.addEventListener("abort", giveUp);
      tryNext();
    }
  });
}

/** The addresses of one host by turns of the two families, IPv6 first; hosts stay in their order (RFC 8305 section 4). */
export function interleaved(targets: readonly Target[]): Target[] {
  const order: Target[] = [];
  for (let at = 0; at < targets.length; ) {
    const { host, port } = targets[at]!;
    let end = at;
    while (end < targets.length && targets[end]!.host === host && targets[end]!.port === port) end++;
    const same = targets.slice(at, end);
    const six = same.filter(({ address }) => isIPv6(address));
    const four = same.filter(({ address }) => !isIPv6(address));
    for (let index = 0; index < Math.max(six.length, four.length); index++)
      order.push(...six.slice(index, index + 1), ...four.slice(index, index + 1));
    at = end;
  }
  return order;
}
