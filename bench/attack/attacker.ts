/** An attacker at one core's speed: does one thing to the gateway, over and over, until told to stop. */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { AttackOrder, AttackReport } from "./orders";

/** Attempts under way at a time. */
const AT_ONCE = 64;
/** A stranger has at most this many addresses here. */
const ADDRESSES = 250;
const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

const header = ({ domain, partner }: AttackOrder) =>
  `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' from='${partner.domain}' to='${domain}' version='1.0'>`;

let order: AttackOrder;
let number = 0;
const report: AttackReport = { attempts: 0, refused: 0 };

/** A connection from the next of the attacker's addresses. */
function open(): Promise<Socket> {
  const localAddress = `127.66.0.${1 + (number++ % ADDRESSES)}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: order.address, port: order.port, localAddress });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Until the other end has closed, or that many ms. */
function ended(socket: Socket, patience = 5_000): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), patience);
    socket.resume();
    socket.on("error", () => undefined);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
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
    socket.once("close", () => reject(new Error("closed")));
    socket.once("error", reject);
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

async function starttls(socket: Socket): Promise<void> {
  socket.write(header(order));
  await read(socket, /<\/stream:features>/);
  socket.write(STARTTLS);
  await read(socket, /<proceed/);
}

const JUNK = Buffer.alloc(64 * 1024, "\u00fe<&>");
const DEEP = Buffer.from("<a>".repeat(20_000));

/** What it can do, once. */
const ATTACKS: Readonly<Record<string, () => Promise<void>>> = {
  async connections() {
    (await open()).destroy();
  },
  async handshakes() {
    const socket = await open();
    await starttls(socket);
    const tls = connectTls({ socket, rejectUnauthorized: false, servername: order.domain });
    tls.on("error", () => undefined);
    await new Promise<void>((resolve) => {
      tls.once("secureConnect", resolve);
      tls.once("close", () => resolve());
    });
    tls.destroy();
    socket.destroy();
  },
  async "broken handshakes"() {
    const socket = await open();
    await starttls(socket);
    socket.end(Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1]), Buffer.alloc(511, 7)]));
    await ended(socket);
  },
  async "half-open connections"() {
    const socket = await open();
    socket.write("<?xml version='1.0'?><stream:stream xmlns='jabber:server' ");
    await ended(socket);
  },
  async "slow writers"() {
    const socket = await open();
    const text = header(order);
    let at = 0;
    const timer = setInterval(() => socket.write(text.charAt(at++ % text.length)), 50);
    await ended(socket);
    clearInterval(timer);
  },
  async "junk before TLS"() {
    const socket = await open();
    pour(socket, JUNK);
    await ended(socket);
  },
  async "deep XML before TLS"() {
    const socket = await open();
    socket.write(header(order));
    pour(socket, DEEP);
    await ended(socket);
  },
  async "stanzas before authentication"() {
    const socket = await open();
    socket.write(header(order));
    pour(socket, Buffer.from(stanza().repeat(50)));
    await ended(socket);
  },
  "streams of a partner": async () => {
    const tls = await authenticated();
    tls.destroy();
  },
  "stanzas of a partner": async () => {
    const tls = await authenticated();
    tls.resume();
    pour(tls, Buffer.from(stanza().repeat(100)));
    await ended(tls, 60_000);
  },
  "a partner that reads nothing": async () => {
    const tls = await authenticated();
    tls.pause();
    pour(tls, Buffer.from(stanza().repeat(100)));
    await new Promise((resolve) => tls.once("close", resolve));
  },
};
/** Few are enough of those, or the partner's limit of streams is what is measured. */
const FEW = new Set(["stanzas of a partner", "a partner that reads nothing"]);

const stanza = () =>
  `<iq type='get' id='a' from='mallory@${order.partner.domain}' to='${order.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`;

/** A stream as the partner that the attacker is, or has taken over. */
async function authenticated(): Promise<Socket> {
  const socket = await open();
  await starttls(socket);
  const { domain, certPem, keyPem } = order.partner;
  const tls = connectTls({ socket, rejectUnauthorized: false, servername: order.domain, cert: certPem, key: keyPem });
  await new Promise((resolve, reject) => {
    tls.once("secureConnect", resolve);
    tls.once("error", reject);
    tls.once("close", () => reject(new Error("closed")));
  });
  tls.write(header(order));
  await read(tls, /EXTERNAL.*<\/stream:features>/s);
  tls.write(
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>${Buffer.from(domain).toString("base64")}</auth>`,
  );
  await read(tls, /<success/);
  tls.write(header(order));
  await read(tls, /<stream:features/);
  return tls;
}

async function loop(attack: () => Promise<void>): Promise<void> {
  for (;;) {
    report.attempts++;
    try {
      await attack();
    } catch {
      report.refused++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

process.once("message", (message) => {
  order = message as AttackOrder;
  const attack = ATTACKS[order.attack];
  if (attack === undefined) throw new Error(`no attack is called ${order.attack}`);
  for (let index = 0; index < (FEW.has(order.attack) ? 4 : AT_ONCE); index++) void loop(attack);
  process.on("message", () => process.send?.(report));
});
process.once("disconnect", () => process.exit());
// Whatever the gateway does to it, it goes on.
process.on("uncaughtException", () => undefined);
