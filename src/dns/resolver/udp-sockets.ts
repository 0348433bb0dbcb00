import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { isIP } from "node:net";
import { formatServerAddress, type ServerAddress } from "./server-address";
import type { Transport, TransportEvents } from "./transport";

/** Sockets to one server: a question takes one at random. */
const TO_ONE_SERVER = 4;
/** Questions that one socket serves: then its port, which somebody may have seen, is given up. */
const QUESTIONS = 48;
/** Sockets kept while no question is on its way over them. */
const MAX_IDLE = 128;

/** Where the name of a message's first question begins. */
const QUESTION_AT = 12;

/**
 * UDP sockets that questions share, for whoever asks thousands. What RFC 5452 section 9.2 wants stands: each socket is
 * connected to one server, so the system drops what comes from elsewhere; its port is the system's random choice; a
 * question goes over one of several, and has an id that no other has that is on its way over the same one.
 */
export class UdpSockets {
  readonly #toServer = new Map<string, SharedSocket[]>();
  readonly #idle = new Set<SharedSocket>();
  #closed = false;

  readonly transport: Transport = (server, query, events) => {
    const socket = this.#socketFor(server, query.readUInt16BE(0));
    this.#idle.delete(socket);
    return socket.ask(query, events);
  };

  /** Ends all of them. Questions on their way get no answer any more. */
  close(): void {
    this.#closed = true;
    for (const sockets of [...this.#toServer.values()]) for (const socket of [...sockets]) socket.close();
  }

  #socketFor(server: ServerAddress, id: number): SharedSocket {
    const key = formatServerAddress(server);
    const sockets = this.#toServer.get(key) ?? [];
    this.#toServer.set(key, sockets);
    const fit = sockets.filter((socket) => !socket.hasUsed(id));
    if (sockets.length >= TO_ONE_SERVER && fit.length > 0) return fit[randomInt(fit.length)]!;
    const socket = new SharedSocket(server, {
      idle: () => this.#rest(socket),
      retired: () => {
        sockets.splice(sockets.indexOf(socket), 1);
        this.#idle.delete(socket);
        if (sockets.length === 0) this.#toServer.delete(key);
      },
    });
    sockets.push(socket);
    return socket;
  }

  #rest(socket: SharedSocket): void {
    this.#idle.add(socket);
    const [longest] = this.#idle;
    if (this.#closed) socket.close();
    else if (this.#idle.size > MAX_IDLE) longest?.close();
  }
}

interface Turns {
  /** No question is on its way over it. */
  idle(): void;
  /** It takes no further question. */
  retired(): void;
}

class SharedSocket {
  readonly #socket: Socket;
  /** By id: those on their way. */
  readonly #waiting = new Map<number, { readonly query: Buffer; readonly events: TransportEvents }>();
  /** Ids of all questions that went over it: a late answer is none that somebody forged. */
  readonly #used = new Set<number>();
  /** Until it is connected. */
  #unsent: Buffer[] | undefined = [];
  #retired = false;
  #open = true;

  constructor(
    server: ServerAddress,
    private readonly turns: Turns,
  ) {
    this.#socket = createSocket(isIP(server.address) === 6 ? "udp6" : "udp4");
    this.#socket.on("error", this.#fail);
    this.#socket.on("message", (bytes) => this.#received(bytes));
    this.#socket.connect(server.port, server.address, (error?: Error | null) => {
      if (error !== undefined && error !== null) return this.#fail(error);
      const unsent = this.#unsent ?? [];
      this.#unsent = undefined;
      if (this.#open) for (const query of unsent) this.#socket.send(query, this.#sent);
    });
  }

  hasUsed(id: number): boolean {
    return this.#used.has(id);
  }

  ask(query: Buffer, events: TransportEvents): { close(): void } {
    const id = query.readUInt16BE(0);
    const waiting = { query, events };
    this.#waiting.set(id, waiting);
    this.#used.add(id);
    if (this.#unsent !== undefined) this.#unsent.push(query);
    else this.#socket.send(query, this.#sent);
    if (this.#used.size >= QUESTIONS) this.#retire();
    return {
      close: () => {
        if (this.#waiting.get(id) !== waiting) return;
        this.#waiting.delete(id);
        this.#afterOne();
      },
    };
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#waiting.clear();
    this.#retire();
    this.#socket.close();
  }

  #afterOne(): void {
    if (this.#waiting.size > 0) return;
    if (this.#retired) this.close();
    else this.turns.idle();
  }

  #retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.turns.retired();
  }

  #received(bytes: Buffer): void {
    if (!this.#open) return;
    const asked = bytes.length >= 2 ? this.#waiting.get(bytes.readUInt16BE(0)) : undefined;
    if (asked !== undefined) {
      asked.events.message(bytes);
      return;
    }
    if (bytes.length >= 2 && this.#used.has(bytes.readUInt16BE(0))) return;
    for (const { query, events } of [...this.#waiting.values()]) if (mayAnswer(bytes, query)) events.stray?.();
  }

  readonly #sent = (error: Error | null) => {
    if (error !== null) this.#fail(error);
  };

  /** The system tells of one server: what is on its way to it by this socket fails as a whole. */
  readonly #fail = (error: Error) => {
    if (!this.#open) return;
    const waiting = [...this.#waiting.values()];
    this.close();
    for (const { events } of waiting) events.error(error);
  };
}

/** Whether a message with another id is about the query: it repeats its question, or nobody can tell. */
function mayAnswer(bytes: Buffer, query: Buffer): boolean {
  const length = nameLength(query) + 4;
  if (bytes.length < QUESTION_AT + length || bytes.readUInt16BE(4) !== 1) return true;
  const [said, asked] = [bytes, query].map((one) => one.toString("latin1", QUESTION_AT, QUESTION_AT + length));
  return said!.toLowerCase() === asked!.toLowerCase();
}

/** Octets of the name in a query of our own: no pointers. */
function nameLength(query: Buffer): number {
  let at = QUESTION_AT;
  while (query[at]! > 0) at += query[at]! + 1;
  return at + 1 - QUESTION_AT;
}
