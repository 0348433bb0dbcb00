import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decode, encode, type Packet } from "dns-packet";
import { askOverTcp } from "./dns-question";

export interface TamperingRelayOptions {
  readonly address: string;
  readonly port: number;
  readonly upstream: { readonly address: string; readonly port: number };
  /** Changes what the honest server answers. */
  readonly tamper: (answer: Packet) => Packet;
}

export interface TamperingRelay {
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A name server, over UDP alone, that hands on an honest one's answers with a change. */
export async function startTamperingRelay(options: TamperingRelayOptions): Promise<TamperingRelay> {
  const { address, port, upstream, tamper } = options;
  const socket = createSocket("udp4");
  socket.on("message", (question, from) => {
    askOverTcp(question, upstream).then(
      (answer) => socket.send(encode(tamper(decode(answer))), from.port, from.address),
      () => undefined, // the one who asked sees silence, as with any server that fails
    );
  });
  socket.bind(port, address);
  await once(socket, "listening");
  return {
    address,
    port,
    stop: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}
