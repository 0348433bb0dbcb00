/** A federation with its store on loopback, and a partner's server that does what a test says. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TrustStore } from "../../../src/certificate/chain";
import type { PoshEvidence } from "../../../src/certificate/peer-evidence";
import { PeerIdentity } from "../../../src/certificate/peer-identity";
import type { DocumentPartner, GatewayDocument } from "../../../src/definition/facts/gateway-document";
import { Counters } from "../../../src/gateway/counters";
import { createLog } from "../../../src/gateway/log";
import { Federation } from "../../../src/gateway/s2s/federation";
import type { LinkItem } from "../../../src/gateway/s2s/link-queue";
import { OwnCertificates } from "../../../src/gateway/s2s/own-certificates";
import type { StateStore } from "../../../src/gateway/store/sandbox-store";
import { openStore } from "../../../src/gateway/store/sqlite-store";
import type { Element } from "../../../src/stream/xml/element";
import { documentOf, LOCAL, partnerOfRow, REMOTE } from "../documents";
import type { Lab } from "../lab";
import { type Names, namesOf } from "../names";
import { closePeers, eventually, RawPeer } from "../raw-peer";

export const PAIR = { local: LOCAL, remote: REMOTE };

/** A listener of the partner: its connections, in order. */
export class PartnerServer {
  readonly #server: Server;
  readonly #connections: RawPeer[] = [];
  #taken = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => this.#connections.push(new RawPeer(socket)));
  }

  static async listen(): Promise<PartnerServer> {
    const server = createServer();
    const listening = new PartnerServer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(listening);
    return listening;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get connections(): number {
    return this.#connections.length;
  }

  /** The next connection that the gateway opens. */
  async accepted(): Promise<RawPeer> {
    await eventually(() => this.#connections.length > this.#taken, "the gateway connects");
    return this.#connections[this.#taken++]!;
  }

  close(): void {
    this.#server.close();
  }
}

export interface FederationRig {
  readonly federation: Federation;
  readonly store: StateStore;
  readonly counters: Counters;
  readonly lines: Record<string, unknown>[];
  /** Stanzas that came in. */
  readonly stanzas: Element[];
  /** What takes them over besides. */
  onStanza: (stanza: Element) => void;
  readonly server: PartnerServer;
  readonly port: number;
}

const servers: PartnerServer[] = [];
const running: { stop(): Promise<void> }[] = [];
/** To be called after each test, with time running again. */
export async function stopFederations(): Promise<void> {
  closePeers();
  for (const one of running.splice(0)) await one.stop();
  for (const server of servers.splice(0)) server.close();
}

/** Starts a federation whose partner (row 17, TCP dialback alone, unless told otherwise) has a server of its own. */
export async function startFederation(
  lab: Lab,
  row: DocumentPartner = partnerOfRow(17),
  gateway: Partial<GatewayDocument["gateway"]> = {},
  wrap: (store: StateStore) => StateStore = (store) => store,
  now: () => number = () => Date.now(),
  names: (port: number) => Names = (port) => ({
    srv: { [REMOTE]: [{ target: "xmpp.fabrikam.example", port }] },
    addresses: { "xmpp.fabrikam.example": ["127.0.0.1"] },
  }),
  secureNames: (port: number) => Names = () => ({}),
  posh: (domain: string) => PoshEvidence = (domain) => ({ domain, failed: "there is none" }),
): Promise<FederationRig> {
  const server = await PartnerServer.listen();
  const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-federation-"));
  const lines: Record<string, unknown>[] = [];
  const log = createLog(
    (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    "debug",
    () => Date.now(),
  );
  const store = openStore(folder, { now: () => Date.now(), log });
  const counters = new Counters();
  const stanzas: Element[] = [];
  const listening: { address: string; port: number }[] = [];
  const federation = new Federation({
    document: documentOf([row], { gateway }),
    surroundings: {
      now,
      random: () => 0.5,
      randomId: (bytes) => randomBytes(bytes).toString("hex"),
      resolver: namesOf(names(server.port)),
      secureResolver: namesOf(secureNames(server.port)),
      posh: { of: async ({ domain }) => posh(domain) },
    },
    store: wrap(store),
    certificates: new OwnCertificates([lab.edge]),
    identity: new PeerIdentity(TrustStore.fromPem(lab.anchorsPem), () => Date.now()),
    log,
    counters,
    dialbackSecret: "0123456789abcdef0123456789abcdef",
    allowPrivateTargets: ["127.0.0.0/8"],
    listening: () => listening,
    onStanza: (_, stanza) => {
      stanzas.push(stanza);
      rig.onStanza(stanza);
    },
  });
  const listener = createServer((socket) => federation.accept(socket));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  listening.push({ address: "127.0.0.1", port });
  running.push({
    async stop() {
      listener.close();
      await federation.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
  const rig: FederationRig = {
    federation,
    store,
    counters,
    lines,
    stanzas,
    onStanza: () => undefined,
    server,
    port,
  };
  return rig;
}

/** What came back to the sender of an item. */
export interface Returned {
  readonly condition: string;
  readonly text: string;
}

/** A stanza with what becomes of it. */
export function item(body: string, more: Partial<LinkItem> = {}): LinkItem & { readonly returned: Returned[] } {
  const xml = `<message from='alice@${LOCAL}' to='ann@${REMOTE}' id='${body}'><body>${body}</body></message>`;
  const returned: Returned[] = [];
  return {
    xml,
    bytes: xml.length,
    expiresAt: Date.now() + 60_000,
    giveBack: (condition, text) => void returned.push({ condition, text }),
    returned,
    ...more,
  };
}

/** The partner's side of a stream that we open, by TCP dialback, up to where stanzas come. */
export async function acceptDialback(server: PartnerServer): Promise<RawPeer> {
  const connection = await server.accepted();
  await connection.until(/<stream:stream [^>]*>/);
  connection.write(
    `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='peer-id' from='${REMOTE}' to='${LOCAL}' version='1.0'>` +
      "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>",
  );
  await connection.until(/<db:result [^>]*>[0-9a-f]{64}<\/db:result>/);
  connection.write(`<db:result from='${REMOTE}' to='${LOCAL}' type='valid'/>`);
  return connection;
}

/**
 * The partner's side of a stream that we open, by TLS and SASL EXTERNAL, up to the features after them.
 * @param features of the authenticated stream
 */
export async function acceptExternal(server: PartnerServer, lab: Lab, features: string, secure = ""): Promise<RawPeer> {
  const connection = await server.accepted();
  const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='peer-id' from='${REMOTE}' to='${LOCAL}' version='1.0'>`;
  await connection.until(/<stream:stream [^>]*>/);
  connection.write(
    `${header}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>`,
  );
  await connection.until(/<starttls [^>]*\/>/);
  connection.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await connection.secureAsServer(lab.partner);
  await connection.until(/<stream:stream [^>]*>/);
  connection.write(
    `${header}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>${secure}</stream:features>`,
  );
  await connection.until(/<auth [^>]*mechanism='EXTERNAL'[^>]*>[^<]*<\/auth>/);
  connection.write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
  await connection.until(/<stream:stream [^>]*>/);
  connection.write(`${header}<stream:features>${features}</stream:features>`);
  return connection;
}

/** A stream of the partner to us, by TCP dialback that its own server confirms. */
export async function connectDialback({ port, server }: FederationRig): Promise<RawPeer> {
  const connection = await RawPeer.connect(port);
  connection.write(
    `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' from='${REMOTE}' to='${LOCAL}' version='1.0'>`,
  );
  const [, id] = await connection.until(/ id='([0-9a-f]{32})'/);
  await connection.until(/<\/stream:features>/);
  connection.write(`<db:result from='${REMOTE}' to='${LOCAL}'>the-key</db:result>`);
  const verifier = await server.accepted();
  await verifier.until(/<stream:stream [^>]*>/);
  verifier.write(
    `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='verify-id' version='1.0'>` +
      "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>",
  );
  await verifier.until(new RegExp(`<db:verify from='${LOCAL}' to='${REMOTE}' id='${id}'>the-key</db:verify>`));
  verifier.write(`<db:verify from='${REMOTE}' to='${LOCAL}' id='${id}' type='valid'/>`);
  await connection.until(/<db:result [^>]*type='valid'/);
  verifier.end();
  return connection;
}

/** Reads the next ping on a stream and answers it on another. */
export async function answerPing(stream: RawPeer, back: RawPeer, type = "result"): Promise<void> {
  const [, id] = await stream.until(/<iq [^>]*id='(ping-[0-9a-f]+)'[^>]*><ping /);
  back.write(`<iq type='${type}' id='${id}' from='${REMOTE}' to='${LOCAL}'/>`);
}
