import { pingNamespace, serverNamespace } from "../../stream/namespaces";
import { elementText } from "../../stream/wire-address";
import { xml } from "../../stream/xml/element";
import { AcknowledgementBarrier, type ManagedStream } from "./acknowledgement-barrier";
import type { WrittenItem } from "./link-queue";
import type { LinkStream } from "./link-stream";
import type { Management } from "./outbound-state";
import { type BarrierStream, PingBarrier } from "./ping-barrier";
import { ReturnBarrier } from "./return-barrier";

export type StreamBarrier = PingBarrier<WrittenItem> | AcknowledgementBarrier<WrittenItem> | ReturnBarrier<WrittenItem>;

/**
 * The barrier of a stream that has come up.
 * @param management the peer acknowledges what it has handled (XEP-0198); undefined: it is pinged
 * @param randomId unguessable hex text of that many bytes
 */
export function barrierOf(
  stream: LinkStream,
  management: Management | undefined,
  randomId: (bytes: number) => string,
): StreamBarrier {
  const { resumption, resumed = 0 } = management ?? {};
  const silence = (text: string) => {
    if (resumption === undefined) stream.close({ condition: "connection-timeout", text });
    else stream.leave(text);
  };
  const asking: ManagedStream = {
    request: () => {
      if (stream.ready) stream.request();
      return stream.ready;
    },
    onSilence: () => silence("stanzas are not acknowledged"),
  };
  const pinging: BarrierStream = {
    ping: () => (stream.ready ? writePing(stream, `ping-${randomId(8)}`) : undefined),
    onSilence: () => silence("pings are not answered"),
  };
  if (management !== undefined) {
    stream.countFromNow();
    return new AcknowledgementBarrier(asking, resumed);
  }
  if (!stream.shared) return new PingBarrier(pinging); // it is we who ask for stream management there
  return new ReturnBarrier({ ...asking, ...pinging }, () => stream.countFromNow());
}

/** XEP-0199, from our domain to theirs. */
function writePing(stream: LinkStream, id: string): string {
  const { local, remote } = stream.pair;
  const ping = xml("ping", pingNamespace);
  stream.write(elementText(xml("iq", serverNamespace, { type: "get", id, from: local, to: remote }, ping)));
  return id;
}
