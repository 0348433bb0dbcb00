import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Attack, AttackOrder } from "./orders";

/** A stranger has at most this many addresses here. */
const ADDRESSES = 250;
const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const JUNK = Buffer.alloc(64 * 1024, "\u00fe<&>");
const DEEP = Buffer.from("<a>".repeat(20_000));
/** A little less than a partner's stanza may be. */
const LARGE = 260_000;

/** The gateway has closed, reset or refused: what an attacker has to live with. */
export class BrokenOff extends Error {}

/** What an attacker does to a gateway, each thing once. */
export class Attempts {
  #number = 0;

  constructor(private readonly order: AttackOrder) {}

  readonly of: Readonly<Record<Attack, () => Promise<void>>> = {
    connections: async () => void (await this.#open()).destroy(),
    handshakes: async () => void (await this.#handshake()).destroy(),
    "broken handshakes": async () => {
      const socket = await this.#starttls();
      socket.end(Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1]), Buffer.alloc(511, 7)]));
      await ended(socket);
    },
    "half-open connections": async () => {
      const socket = await this.#open();
      socket.write("<?xml version='1.0'?><stream:stream xmlns='jabber:server' ");
      await ended(socket);
    },
    "slow writers": async () => {
      const socket = await this.#open();
      const text = this.#header();
      let at = 0;
      const timer = setInterval(() => socket.write(text.charAt(at++ % text.length)), 50);
      await ended(socket);
      clearInterval(timer);
    },
    "junk before TLS": async () => {
      const socket = await this.#open();
      pour(socket, JUNK);
      await ended(socket);
    },
    "deep XML before TLS": async () => {
      const socket = await this.#open();
      socket.write(this.#header());
      pour(socket, DEEP);
      await ended(socket);
    },
    "stanzas before authentication": async () => {
      const socket = await this.#open();
      socket.write(this.#header());
      pour(socket, this.#stanzas(50));
      await ended(socket);
    },
    "junk after TLS": async () => {
      const tls = await this.#handshake();
      tls.write(this.#header());
      pour(tls, JUNK);
      await ended(tls);
    },
    "dialback keys": async () => {
      const { domain, byDialback } = this.order;
      const tls = await this.#handshake(byDialback);
      tls.write(this.#header(byDialback));
      const key = `<db:result from='${byDialback}' to='${domain}'>${"ab".repeat(32)}</db:result>`;
      pour(tls, Buffer.from(key.repeat(50)));
      await ended(tls);
    },
    "streams of a partner": async () => void (await this.#authenticated()).destroy(),
    "stanzas of a partner": async () => {
      const tls = await this.#authenticated();
      pour(tls, this.#stanzas(100));
      await ended(tls, 60_000);
    },
    "large stanzas of a partner": async () => {
      const tls = await this.#authenticated();
      pour(tls, Buffer.from(this.#stanza("x".repeat(LARGE))));
      await ended(tls, 60_000);
    },
    "a partner that takes no answers": async () => {
      const tls = await this.#authenticated();
      pour(tls, this.#stanzas(100));
      await ended(tls, 60_000);
    },
    "a partner that reads nothing": async () => {
      const tls = await this.#authenticated();
      tls.pause();
      pour(tls, this.#stanzas(100));
      await new Promise((resolve) => tls.once("close", resolve));
    },
  };

  /** A connection from the next of the attacker's addresses. */
  #open(): Promise<Socket> {
    const localAddress = `127.66.0.${1 + (this.#number++ % ADDRESSES)}`;
    const { address, port } = this.order;
    return new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, localAddress });
      socket.once("connect", () => resolve(socket));
      socket.on("error", (error) => reject(new BrokenOff(error.message)));
    });
  }

  async #starttls(from?: string): Promise<Socket> {
    const socket = await this.#open();
    socket.write(this.#header(from));
    await read(socket, /<\/stream:features>/);
    socket.write(STARTTLS);
    await read(socket, /<proceed/);
    return socket;
  }

  /** Whoever it says it is, it shows the partner's certificate. */
  async #handshake(from?: string): Promise<Socket> {
    const socket = await this.#starttls(from);
    const { domain, partner } = this.order;
    const { certPem: cert, keyPem: key } = partner;
    const tls = connectTls({ socket, rejectUnauthorized: false, servername: domain, cert, key });
    return new Promise((resolve, reject) => {
      tls.once("secureConnect", () => resolve(tls));
      tls.on("error", (error) => reject(new BrokenOff(error.message)));
      tls.once("close", () => reject(new BrokenOff("closed")));
    });
  }

  /** A stream as the partner that the attacker is. */
  async #authenticated(): Promise<Socket> {
    const tls = await this.#handshake();
    tls.write(this.#header());
    await read(tls, /EXTERNAL.*<\/stream:features>/s);
    const identity = Buffer.from(this.order.partner.domain).toString("base64");
    tls.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>${identity}</auth>`);
    await read(tls, /<success/);
    tls.write(this.#header());
    await read(tls, /<stream:features/);
    return tls;
  }

  #header(from = this.order.partner.domain): string {
    return (
      "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' " +
      `xmlns:db='jabber:server:dialback' from='${from}' to='${this.order.domain}' version='1.0'>`
    );
  }

  #stanza(more = ""): string {
    const { partner, domain } = this.order;
    return `<iq type='get' id='a' from='mallory@${partner.domain}' to='${domain}'><ping xmlns='urn:xmpp:ping'>${more}</ping></iq>`;
  }
  #stanzas(count: number): Buffer {
    return Buffer.from(this.#stanza().repeat(count));
  }
}

/** Until the other end has closed, or that many ms; what comes is read and forgotten. */
function ended(socket: Socket, patience = 5_000): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), patience);
    socket.resume();
    if (socket.destroyed) settle();
    else socket.once("close", settle);
    function settle() {
      clearTimeout(timer);
      resolve();
    }
  });
}

function read(socket: Socket, pattern: RegExp): Promise<void> {
  let text = "";
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!pattern.test(text)) return;
      socket.off("data", onData);
      resolve();
    };
    socket.on("data", onData);
    socket.once("close", () => reject(new BrokenOff("closed")));
    if (socket.destroyed) reject(new BrokenOff("closed"));
  });
}

/** Writes as long as the other end takes it. */
function pour(socket: Socket, bytes: Buffer): void {
  const write = () => {
    while (!socket.destroyed && socket.writable && socket.write(bytes));
  };
  socket.on("drain", write);
  write();
}
