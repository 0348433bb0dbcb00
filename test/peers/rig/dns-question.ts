import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { encode, RECURSION_DESIRED, type RecordType } from "dns-packet";
import { PATIENCE } from "./patience";

export interface NameServer {
  readonly address: string;
  readonly port: number;
}

/** A question that wants signatures (the DO bit), as octets. */
export const dnssecQuestion = (name: string, type: RecordType, id = 1): Buffer =>
  encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: [
      {
        name: ".",
        type: "OPT",
        udpPayloadSize: 4096,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0x8000,
        flag_do: true,
        options: [],
      },
    ],
  });

export async function askOverUdp(question: Buffer, { address, port }: NameServer): Promise<Buffer> {
  const socket = createSocket("udp4");
  try {
    socket.send(question, port, address);
    const [answer] = await once(socket, "message", { signal: AbortSignal.timeout(PATIENCE) });
    return answer;
  } finally {
    socket.close();
  }
}

export async function askOverTcp(question: Buffer, { address, port }: NameServer): Promise<Buffer> {
  const socket = connect(port, address);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(question.length);
  socket.end(Buffer.concat([length, question])); // the server answers what it has read before it closes, too
  socket.setTimeout(PATIENCE, () => socket.destroy(new Error("no answer over TCP")));
  return (await buffer(socket)).subarray(2);
}
