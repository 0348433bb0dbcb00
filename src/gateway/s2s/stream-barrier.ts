import { pingNamespace, serverNamespace } from "../../stream/namespaces";
import { REQUEST } from "../../stream/stream-management";
import { elementText } from "../../stream/wire-address";
import { xml } from "../../stream/xml/element";
import { AcknowledgementBarrier } from "./acknowledgement-barrier";
import type { WrittenItem } from "./link-queue";
import type { Management } from "./outbound-state";
import type { OutboundStream } from "./outbound-stream";
import { PingBarrier } from "./ping-barrier";

export type StreamBarrier = PingBarrier<WrittenItem> | AcknowledgementBarrier<WrittenItem>;

/**
 * The barrier of a stream that has come up.
 * @param management the peer acknowledges what it has handled (XEP-0198); undefined: it is pinged
 * @param randomId unguessable hex text of that many bytes
 */
export function barrierOf(
  stream: OutboundStream,
  management: Management | undefined,
  randomId: (bytes: number) => string,
): StreamBarrier {
  if (management !== undefined) {
    const { resumption, resumed = 0 } = management;
    const silent = "stanzas are not acknowledged";
    return new AcknowledgementBarrier(
      {
        request: () => {
          if (stream.ready) stream.write(REQUEST);
          return stream.ready;
        },
        onSilence: () => {
          if (resumption === undefined) stream.close({ condition: "connection-timeout", text: silent });
          else stream.leave(silent);
        },
      },
      resumed,
    );
  }
  return new PingBarrier({
    ping: () => (stream.ready ? writePing(stream, `ping-${randomId(8)}`) : undefined),
    onSilence: () => stream.close({ condition: "connection-timeout", text: "pings are not answered" }),
  });
}

/** XEP-0199, from our domain to theirs. */
function writePing(stream: OutboundStream, id: string): string {
  const { local, remote } = stream.pair;
  const ping = xml("ping", pingNamespace);
  stream.write(elementText(xml("iq", serverNamespace, { type: "get", id, from: local, to: remote }, ping)));
  return id;
}
