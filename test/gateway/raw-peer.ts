/** The other end of a connection, which writes what it likes and keeps all that it reads. */
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, TLSSocket } from "node:tls";
import type { LabCertificate } from "../../src/certificate/lab-ca";
import { LOCAL, REMOTE } from "./documents";

const PATIENCE_MS = 60_000;
/** The real ones: tests hold the gateway's clock, not the network's. */
const { setTimeout, clearTimeout } = globalThis;

const open = new Set<RawPeer>();
/** To be called after each test, before the gateways are stopped. */
export function closePeers(): void {
  for (const peer of open) peer.destroy();
}

export interface HeaderParts {
  readonly from?: string | null;
  readonly to?: string | null;
  readonly version?: string | null;
  readonly xmlns?: string;
  readonly streams?: string;
  readonly id?: string;
}

/** A stream header; null leaves an attribute out. */
export function streamHeader(parts: HeaderParts = {}): string {
  const { from = REMOTE, to = LOCAL, version = "1.0", id, xmlns = "jabber:server" } = parts;
  const { streams = "http://etherx.jabber.org/streams" } = parts;
  const attributes = Object.entries({ from, to, version, id })
    .flatMap(([name, value]) => (value === null || value === undefined ? [] : [` ${name}='${value}'`]))
    .join("");
  return `<?xml version='1.0'?><stream:stream xmlns='${xmlns}' xmlns:stream='${streams}' xmlns:db='jabber:server:dialback'${attributes}>`;
}

export const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
export const external = (domain = REMOTE) =>
  `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>${Buffer.from(domain).toString("base64")}</auth>`;
export const chat = (body: string, from = `ann@${REMOTE}`, to = `alice@${LOCAL}`) =>
  `<message from='${from}' to='${to}' type='chat' id='m-${body}'><body>${body}</body></message>`;

export class RawPeer {
  #socket: Socket;
  /** What was read and not taken by `until` yet. */
  #unread = "";
  #closed = false;
  #waiting: (() => void)[] = [];
  /** All that was read. */
  text = "";

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true); // or what is written waits for an acknowledgement, longer than a test that holds the clock
    open.add(this);
    this.#listen(socket);
  }

  static async connect(port: number, localAddress?: string): Promise<RawPeer> {
    const socket = connect({ host: "127.0.0.1", port, ...(localAddress === undefined ? {} : { localAddress }) });
    const peer = new RawPeer(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return peer;
  }

  get socket(): Socket {
    return this.#socket;
  }
  get isClosed(): boolean {
    return this.#closed;
  }

  write(data: string | Buffer): this {
    this.#socket.write(data);
    return this;
  }

  /** Waits until what was read matches, and takes it up to the end of the match. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#unread);
      if (found !== null) {
        this.#unread = this.#unread.slice(found.index + found[0].length);
        return found;
      }
      if (this.#closed) throw new Error(`closed before ${pattern} came; read: ${this.#unread.slice(-500)}`);
      await this.#change(`${pattern}; read: ${this.#unread.slice(-500)}`);
    }
  }

  /** Waits until the other end has closed, and gives all that was read. */
  async closed(): Promise<string> {
    while (!this.#closed) await this.#change(`the close; read: ${this.text.slice(-500)}`);
    return this.text;
  }

  /** Becomes the client of TLS. */
  async secure(certificate: LabCertificate | undefined, options: ConnectionOptions = {}): Promise<TLSSocket> {
    this.#socket.removeAllListeners("data");
    const socket = connectTls({
      socket: this.#socket,
      servername: LOCAL,
      rejectUnauthorized: false,
      ...(certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.keyPem }),
      ...options,
    });
    this.#socket = socket;
    this.#listen(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("closed during the TLS handshake")));
    });
    return socket;
  }

  /** Becomes the server of TLS, for a client that has just been told to proceed. */
  async secureAsServer({ certificatePem, keyPem }: LabCertificate): Promise<void> {
    this.#socket.removeAllListeners("data");
    const socket = new TLSSocket(this.#socket, {
      isServer: true,
      cert: certificatePem,
      key: keyPem,
      requestCert: true,
      rejectUnauthorized: false,
    });
    this.#socket = socket;
    this.#listen(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("secure", resolve);
      socket.once("close", () => reject(new Error("closed during the TLS handshake")));
    });
  }

  /** From the connection to the features after TLS. */
  async openSecure(certificate: LabCertificate | undefined, parts: HeaderParts = {}): Promise<this> {
    this.write(streamHeader(parts));
    await this.until(/<stream:features>.*<\/stream:features>/s);
    this.write(STARTTLS);
    await this.until(/<proceed[^>]*\/>/);
    await this.secure(certificate);
    this.write(streamHeader(parts));
    return this;
  }

  /** From the connection to an authenticated stream, by EXTERNAL. */
  async authenticate(certificate: LabCertificate, domain = REMOTE): Promise<this> {
    await this.openSecure(certificate, { from: domain });
    await this.until(/EXTERNAL.*<\/stream:features>/s);
    this.write(external(domain));
    await this.until(/<success[^>]*\/>/);
    this.write(streamHeader({ from: domain }));
    await this.until(/<stream:features\/>|<stream:features>.*<\/stream:features>/s);
    return this;
  }

  end(): void {
    this.#socket.end();
  }
  destroy(): void {
    this.#socket.destroy();
    open.delete(this);
  }

  #listen(socket: Socket): void {
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString("utf8");
      this.text += text;
      this.#unread += text;
      this.#wake();
    });
    socket.on("error", () => undefined); // what a test waits for is the close
    socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #change(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** Waits until something holds. */
export async function eventually(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
