import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { decode, encode, type Packet } from "dns-packet";
import type { Misbehaviour } from "./misbehaviour";

export interface FaultyServerOptions {
  readonly address: string;
  /** The real server, port 53. */
  readonly upstream: string;
  /** How it behaves about a name; sound where undefined. */
  readonly behaviour: (name: string) => Misbehaviour | undefined;
  /** Whether it listens for TCP at all. */
  readonly tcp: boolean;
}

export interface FaultyServer {
  stop(): Promise<void>;
}

const PORT = 53;
/** An upstream on the same machine that answers is quick; one that does not must not hold the lab up for ever. */
const UPSTREAM_TIMEOUT = 30_000;

/** A DNS server that puts every question to a real one, by the same transport, and hands on its answer with a change. */
export async function startFaultyServer(options: FaultyServerOptions): Promise<FaultyServer> {
  const { address, tcp } = options;
  const ended = new AbortController();
  const udp = createSocket("udp4");
  let received = 0;
  udp.on("message", (question, from) => {
    if (received++ === 0 && options.behaviour(nameIn(decode(question)))?.udp === "loses-one") return;
    overUdp(options, question, ended.signal).then(
      (answers) => {
        if (ended.signal.aborted) return;
        for (const answer of answers) udp.send(answer, from.port, from.address);
      },
      () => undefined, // the one who asked sees silence, as with any server that fails
    );
  });
  udp.bind(PORT, address);
  await once(udp, "listening");
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy()); // whoever asked has gone
    converse(options, socket, ended.signal).catch(() => socket.destroy());
  });
  if (tcp) {
    listener.listen(PORT, address);
    await once(listener, "listening");
  }
  return {
    stop: async () => {
      ended.abort();
      for (const socket of sockets) socket.destroy();
      udp.close();
      if (tcp) {
        listener.close();
        await once(listener, "close");
      }
    },
  };
}

async function overUdp(
  { upstream, behaviour }: FaultyServerOptions,
  question: Buffer,
  signal: AbortSignal,
): Promise<readonly Buffer[]> {
  const asked = decode(question);
  const how = behaviour(nameIn(asked)) ?? {};
  if (how.udp === "silent") return [];
  if (how.udp === "drop-edns" && asked.additionals?.some(({ type }) => type === "OPT") === true) return [];
  const answer = await changed(how, await askUdp(upstream, question), "udp", signal);
  if (answer === undefined) return [];
  if (how.forged !== true) return [answer];
  const forged = Buffer.from(answer);
  forged[0]! ^= 0xff;
  return [forged, answer];
}

/** @returns undefined where it says nothing */
async function changed(
  { answer, delay }: Misbehaviour,
  honest: Buffer,
  over: "udp" | "tcp",
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  if (delay !== undefined) await sleep(delay, undefined, { signal });
  if (answer === undefined) return honest;
  const said = answer(decode(honest), over);
  return said === undefined || Buffer.isBuffer(said) ? said : encode(said);
}

async function converse(options: FaultyServerOptions, socket: Socket, signal: AbortSignal): Promise<void> {
  let pending = Buffer.alloc(0);
  for await (const chunk of socket) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      await answerTcp(options, socket, pending.subarray(2, end), signal);
      pending = pending.subarray(end);
    }
  }
}

async function answerTcp(
  { upstream, behaviour }: FaultyServerOptions,
  socket: Socket,
  question: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const how = behaviour(nameIn(decode(question))) ?? {};
  if (how.tcp === "refused") socket.destroy();
  if (how.tcp === "refused" || how.tcp === "silent") return;
  const answer = await changed(how, await askTcp(upstream, question), "tcp", signal);
  if (answer === undefined) return;
  const framed = Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 0xff]), answer]);
  if (how.tcp === undefined) {
    socket.write(framed);
    return;
  }
  if (how.tcp === "drip") {
    for (const octet of framed.subarray(0, -1)) {
      socket.write(Buffer.from([octet]));
      await sleep(1000, undefined, { signal });
      if (socket.destroyed) return;
    }
    return;
  }
  for (;;) {
    if (socket.destroyed) return;
    socket.write(Buffer.alloc(1024, 0xff));
    await sleep(100, undefined, { signal });
  }
}

const nameIn = ({ questions = [] }: Packet) => (questions[0]?.name ?? ".").toLowerCase();

async function askUdp(address: string, question: Buffer): Promise<Buffer> {
  const socket: UdpSocket = createSocket("udp4");
  try {
    socket.send(question, PORT, address);
    const [answer] = await once(socket, "message", { signal: AbortSignal.timeout(UPSTREAM_TIMEOUT) });
    return answer;
  } finally {
    socket.close();
  }
}

async function askTcp(address: string, question: Buffer): Promise<Buffer> {
  const socket = connect(PORT, address);
  socket.setTimeout(UPSTREAM_TIMEOUT, () => socket.destroy(new Error("the real server gives no answer")));
  socket.write(Buffer.concat([Buffer.from([question.length >> 8, question.length & 0xff]), question]));
  let received = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) break;
    }
  } finally {
    socket.destroy();
  }
  return received.subarray(2);
}
