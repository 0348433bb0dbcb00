import type { Socket } from "node:net";
import type { Partner } from "./partner";
import { attribute, StanzaCutter } from "./stanzas";

/**
 * Reads the connection on which partners' messages arrive inside; each counts for the partner that sent it.
 *
 * @param other takes what is no message
 */
export function readDeliveries(
  socket: Socket,
  partners: ReadonlyMap<string, Partner>,
  { other, onFault }: { readonly other?: (stanza: string) => void; readonly onFault: (error: Error) => void },
): void {
  const cutter = new StanzaCutter();
  socket.on("data", (chunk: Buffer) => {
    const now = performance.now();
    const read = new Map<Partner, number[]>();
    cutter.feed(chunk.toString("latin1"), (stanza) => {
      other?.(stanza);
      if (!stanza.startsWith("<message ")) return;
      const domain = /@([^/]*)/.exec(attribute(stanza, "from") ?? "")?.[1];
      const partner = partners.get(domain ?? "");
      if (partner === undefined) {
        onFault(new Error(`a message of nobody arrived: ${stanza.slice(0, 400)}`));
        return;
      }
      const latencies = read.get(partner) ?? [];
      read.set(partner, latencies);
      partner.read(stanza, now, latencies);
    });
    for (const [partner, latencies] of read) partner.report(latencies);
  });
  socket.resume();
}
