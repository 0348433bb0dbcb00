/** How one server proved to another who it is: the three methods that a partner's row can allow. */
export type FederationMethod = "external" | "tls-dialback" | "tcp-dialback";

/** A stream between servers that one Prosody has seen authenticated, as its log at debug level tells it. */
export interface LoggedStream {
  readonly direction: "incoming" | "outgoing";
  /** Which of its own domains. */
  readonly local: string;
  readonly partner: string;
  readonly method: FederationMethod;
}

interface OpenStream {
  encrypted: boolean;
  external: boolean;
  dialback: boolean;
}

/** The line that ends a stream's set-up. */
export function completedStream({ direction, local, partner }: Omit<LoggedStream, "method">): RegExp {
  const [from, to] = (direction === "incoming" ? [partner, local] : [local, partner]).map((name) =>
    name.replaceAll(".", "\\."),
  );
  return new RegExp(`${direction === "incoming" ? "Incoming" : "Outgoing"} s2s connection ${from}->${to} complete`);
}

/** Every stream that was authenticated, in order. Lines of one stream share its name, such as s2sin5593be2ca500. */
export function authenticatedStreams(log: readonly string[]): LoggedStream[] {
  const open = new Map<string, OpenStream>();
  const streams: LoggedStream[] = [];
  for (const line of log) {
    const name = /\bs2s(?:in|out)[0-9a-f]{6,}\b/.exec(line)?.[0];
    if (name === undefined) continue;
    const stream = open.get(name) ?? { encrypted: false, external: false, dialback: false };
    open.set(name, stream);
    stream.encrypted ||= /Stream encrypted/.test(line);
    // RFC 6120 6.4.6: sent to whom came to us, received from whom we went to
    stream.external ||= /(Sending|Received)\[s2s(in|out)_unauthed\]: <success/.test(line);
    stream.dialback ||= /(Received\[s2sin\w*\]|Sending\[s2sout\w*\]): <(db:)?result /.test(line);
    const completed = /(Incoming|Outgoing) s2s connection (\S+)->(\S+) complete/.exec(line);
    if (completed === null) continue;
    open.delete(name); // the next stream may bear the same name: it is a memory address
    const [, way, from, to] = completed as unknown as [string, string, string, string];
    const incoming = way === "Incoming";
    streams.push({
      direction: incoming ? "incoming" : "outgoing",
      local: incoming ? to : from,
      partner: incoming ? from : to,
      method: method(stream, line),
    });
  }
  return streams;
}

function method({ encrypted, external, dialback }: OpenStream, line: string): FederationMethod {
  if (external && encrypted) return "external";
  if (dialback && !external) return encrypted ? "tls-dialback" : "tcp-dialback";
  throw new Error(`the log does not tell how this stream was authenticated: ${line}`);
}
