import { connect } from "node:net";
import type { SeenStatus } from "./edge-metrics";

/** A port of the gateway on this host. */
export interface GatewayPlace {
  readonly address: string;
  readonly port: number;
}

/** ms that the gateway has to answer. */
const PATIENCE = 10_000;
const LONGEST_ANSWER = 16_384;
const LONGEST_STATUS = 64 * 1024 * 1024;

/**
 * Whether the gateway answers a stream as it would a partner's: connects, sends a header, and waits for ours and the
 * features. A gateway that hangs, sheds or refuses everybody does not.
 * @param domain a local domain
 */
export function acceptsStreams(place: GatewayPlace, domain: string, patience = PATIENCE): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: reachable(place.address), port: place.port });
    let answer = "";
    const end = (accepts: boolean) => {
      clearTimeout(timer);
      if (accepts) socket.end("</stream:stream>");
      setTimeout(() => socket.destroy(), accepts ? 1_000 : 0).unref();
      resolve(accepts);
    };
    const timer = setTimeout(() => end(false), patience);
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
    socket.on("connect", () =>
      socket.write(
        `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`,
      ),
    );
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
      if (/<stream:stream\b[^>]*>\s*<stream:features\b/.test(answer)) end(true);
      else if (answer.length > LONGEST_ANSWER || answer.includes("<stream:error")) end(false);
    });
  });
}

/** The gateway's status by its admin port; undefined where it does not answer. */
export async function gatewayStatus({ address, port }: GatewayPlace): Promise<SeenStatus | undefined> {
  const host = reachable(address);
  try {
    const response = await fetch(`http://${host.includes(":") ? `[${host}]` : host}:${port}/status`, {
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (!response.ok || Number(response.headers.get("content-length") ?? 0) > LONGEST_STATUS) return undefined;
    return (await response.json()) as SeenStatus;
  } catch {
    return undefined; // whatever it was, nothing is known: `Accepting` tells
  }
}

/** Where a listener on a wildcard is reached from this host. */
const reachable = (address: string) => ({ "::": "::1", "0.0.0.0": "127.0.0.1" })[address] ?? address;
