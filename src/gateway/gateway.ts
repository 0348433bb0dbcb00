import { createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { TrustStore } from "../certificate/chain";
import { PeerIdentity } from "../certificate/peer-identity";
import type { RevocationLists } from "../certificate/revocation/judge-path";
import type { GatewayDocument } from "../definition/facts/gateway-document";
import type { NameResolver } from "../dns/resolver";
import type { SecureResolver } from "../dns/resolver/secure-resolver";
import { type Admin, startAdmin } from "./admin/admin";
import { keptToken } from "./admin/kept-token";
import { reloadCertificates, warnOfMissingNames } from "./certificate-reload";
import { Counters } from "./counters";
import { type Inside, openInside } from "./internal/inside";
import { type ApplyOutcome, type DocumentRefusal, LiveConfiguration } from "./live/configuration";
import type { Offer } from "./live/judge-offer";
import { snapshotOf } from "./live/snapshot";
import type { Log } from "./log";
import { createControl } from "./operation/control";
import { processFigures } from "./operation/process-figures";
import { readiness } from "./operation/readiness";
import { Vitals } from "./operation/vitals";
import { STANZA_LIFETIME_MS } from "./routing/outbox";
import { Router } from "./routing/router";
import { MAXIMUM_UNAUTHENTICATED } from "./s2s/admission";
import { Federation, type FederationStatus } from "./s2s/federation";
import { type Credentials, OwnCertificates } from "./s2s/own-certificates";
import { PoshDocuments } from "./s2s/posh/posh-documents";
import type { GatewayStatus } from "./status";
import { serveBackups } from "./store/backup-socket";
import { openStore } from "./store/sqlite-store";

/** Where and with what a gateway runs: never the definition's business. */
export interface GatewayOptions {
  readonly document: GatewayDocument;
  /** Where the document comes from. Default: nowhere that has a name. */
  readonly origin?: Omit<Offer, "document">;
  /** What ran here before, if that is known: what has been taken away since is told to those who lost it. */
  readonly previous?: GatewayDocument;
  readonly listen: readonly { readonly address: string; readonly port: number }[];
  /** Where partners find TLS from the first byte (XEP-0368). Default: every address, the document's `directTlsPort`. */
  readonly listenDirectTls?: readonly { readonly address: string; readonly port: number }[];
  /** Where our own server behind the gateway finds it. Default: every address, the document's `internal.port`. */
  readonly listenInside?: readonly { readonly address: string; readonly port: number }[];
  readonly credentials: readonly Credentials[];
  /** PEM; without it only partners with anchors of their own can use certificates. */
  readonly trustAnchorsPem?: string;
  /** Lists of revoked certificates. Default: none. */
  readonly revocationLists?: RevocationLists;
  readonly resolver: NameResolver;
  /** For partners whose TLSA records prove them. */
  readonly secureResolver: SecureResolver;
  readonly stateDirectory: string;
  /** Left out: made at the first start and kept in the state. */
  readonly dialbackSecret?: string;
  readonly admin?: { readonly address: string; readonly port: number };
  readonly allowPrivateTargets: readonly string[];
  /** Ranges that no rate holds back: a load test, say. Default: none. */
  readonly unlimitedFrom?: readonly string[];
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly randomBytes: (bytes: number) => Buffer;
  /** Told once when the state cannot be written any more: nothing is accepted from then on. */
  readonly onFault?: (error: Error) => void;
}

export interface RunningGateway {
  readonly listening: readonly { readonly address: string; readonly port: number }[];
  /** Where TLS begins with the first byte; empty where direct TLS is off. */
  readonly listeningDirectTls: readonly { readonly address: string; readonly port: number }[];
  /** Where our own server behind the gateway finds it; empty where there is none. */
  readonly listeningInside: readonly { readonly address: string; readonly port: number }[];
  admin(): Admin | undefined;
  status(): GatewayStatus;
  /** Takes another document up while it runs, or refuses it and stays as it is. Never throws. */
  apply(offered: Offer): ApplyOutcome;
  /** Notes that what was offered could not even be read. */
  refused(refusal: DocumentRefusal, offered: Partial<Offer>): void;
  /**
   * Serves what `read` gives from the next stream on; streams that stand stay up. Whatever cannot be read or used is
   * logged, with the domains that keep what they have.
   */
  reloadCertificates(read: () => readonly Credentials[]): void;
  /** Judges again the certificates that streams stand by: lists of revoked ones have come. Those that fail close. */
  reviewCertificates(): void;
  /** Stops in order: no new connections, last barriers, streams closed, state committed. */
  stop(): Promise<void>;
}

/** A place to listen that cannot be had. */
export class ListenError extends Error {
  readonly code = "listen-failed";
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
    this.name = "ListenError";
  }
}

/** Starts a gateway; resolves when it serves. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { document, log, now } = options;
  const certificates = new OwnCertificates(options.credentials);
  warnOfMissingNames(certificates, document.localDomains, log);
  const trust = options.trustAnchorsPem === undefined ? undefined : TrustStore.fromPem(options.trustAnchorsPem);
  const counters = new Counters();
  const store = openStore(options.stateDirectory, {
    now,
    log,
    ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
  });
  const vitals = new Vitals({ store, now, monotonic: () => performance.now() });
  const backups = serveBackups(store, options.stateDirectory, log);
  const listening: { address: string; port: number }[] = [];
  const listeningDirectTls: { address: string; port: number }[] = [];
  const listeningInside: { address: string; port: number }[] = [];
  const servers: Server[] = [];
  let ready = false;
  let router: Router | undefined;
  const shared = {
    document,
    surroundings: {
      now,
      random: options.random,
      randomId: (bytes: number) => options.randomBytes(bytes).toString("hex"),
      resolver: options.resolver,
      secureResolver: options.secureResolver,
      posh: new PoshDocuments({ resolver: options.resolver, now }),
    },
    store,
    certificates,
    log,
    dialbackSecret: options.dialbackSecret ?? keptSecret(store, options.randomBytes),
    listening: () => [...listening, ...listeningDirectTls, ...listeningInside].flatMap(boundPlaces),
  };
  const warned = new Map<string, string>(); // of listed partners
  const federation = new Federation({
    ...shared,
    identity: new PeerIdentity(trust, now, {
      ...(options.revocationLists && { lists: options.revocationLists }),
      warn: (remote, reason) => {
        if (warned.get(remote) === reason) return; // streams are judged again and again
        warned.set(remote, reason);
        log.warn("certificate-warning", { remote, reason });
      },
    }),
    counters,
    addressMemory: store,
    allowPrivateTargets: options.allowPrivateTargets,
    unlimitedFrom: options.unlimitedFrom ?? [],
    onStanza: (pair, stanza) => router?.receive(pair, stanza),
  });
  let inside: Inside | undefined;
  router = new Router({
    document,
    federation,
    store,
    inner: (side) => {
      const { previous } = options;
      inside = openInside({ ...shared, trust, ...(previous === undefined ? {} : { previous }) }, side);
      return inside.side;
    },
    log,
    counters,
    now,
    randomId: (bytes) => options.randomBytes(bytes).toString("hex"),
  });
  const serving = router;
  const live = new LiveConfiguration(
    {
      federation,
      router: serving,
      inside,
      listening: () => listening,
      onApplied: (next, before) => {
        for (const server of servers) server.maxConnections = connectionsOf(next);
        if (next.localDomains.join() !== before.localDomains.join())
          warnOfMissingNames(certificates, next.localDomains, log);
      },
      log,
      counters,
      now,
    },
    { digest: "", source: "none", ...options.origin, document },
  );
  const served = () =>
    live.document.localDomains.flatMap((domain) => {
      const certificate = certificates.servedFor(domain);
      return certificate === undefined ? [] : [{ domain, ...certificate }];
    });
  const judged = (faults: readonly string[]) =>
    readiness({
      serving: ready,
      listening: listening.length,
      localDomains: live.document.localDomains,
      certificates: served(),
      faults,
      now: now(),
    });
  const status = (): GatewayStatus => ({
    name: document.name,
    ...judged(vitals.faults),
    listening: [...listening, ...listeningDirectTls].map(({ address, port }) =>
      address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`,
    ),
    configuration: live.status(),
    certificates: served(),
    ...withAges(federation.status(), now()),
    counters: counters.all(),
    blockedUsers: serving.blockedUsers(),
    ...(inside?.carrier === undefined ? {} : { inside: inside.carrier.status() }),
  });
  let admin: Admin | undefined;
  const running: RunningGateway = {
    listening,
    listeningDirectTls,
    listeningInside,
    admin: () => admin,
    status,
    apply: (offered) => live.apply(offered),
    refused: (refusal, offered) => live.refused(refusal, offered),
    reloadCertificates: (read) => reloadCertificates(certificates, read, live.document.localDomains, log),
    reviewCertificates: () => {
      for (const revoked of federation.reviewCertificates()) log.warn("stream-revoked", { ...revoked });
    },
    async stop() {
      ready = false;
      vitals.stop();
      for (const server of servers) server.close(); // no new connections; those that stand are the federation's
      // Each part is stopped whatever became of the one before: a broken state must not keep the others open.
      const parts = [
        () => federation.stop(),
        async () => admin?.close(),
        async () => router?.stop(),
        () => backups.close(),
        () => store.close(),
      ];
      for (const stop of parts)
        await stop().catch((error: Error) => log.error("stop-failed", { reason: error.message }));
    },
  };
  try {
    const serve = async (place: GatewayOptions["listen"][number], accept: (socket: Socket) => void) => {
      const server = createServer(accept);
      server.maxConnections = connectionsOf(document);
      servers.push(server);
      return listen(server, place, log);
    };
    for (const place of options.listen) listening.push(await serve(place, (socket) => federation.accept(socket)));
    for (const place of directTlsPlaces(options))
      listeningDirectTls.push(await serve(place, (socket) => federation.accept(socket, true)));
    const { carrier, sandbox } = inside ?? {};
    for (const place of carrier === undefined ? [] : placesInside(options))
      listeningInside.push(await serve(place, (socket) => carrier?.accept(socket)));
    if (options.admin !== undefined)
      admin = await startAdmin({
        ...options.admin,
        status,
        counters,
        health: () => vitals.health(),
        readiness: async () => judged((await vitals.health()).faults),
        process: () => processFigures(vitals),
        control: {
          operator: createControl({
            policy: () => federation.policy,
            traces: federation.traces,
            pings: federation.pings,
          }),
          token: keptToken(options.stateDirectory, "admin.token", options.randomBytes),
        },
        log,
        ...(sandbox === undefined
          ? {}
          : { sandbox, token: keptToken(options.stateDirectory, "sandbox.token", options.randomBytes) }),
      });
    router.recover();
    inside?.recover();
    if (options.previous !== undefined) void router.review(snapshotOf(options.previous));
    ready = true;
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

function directTlsPlaces({ listenDirectTls, document }: GatewayOptions): GatewayOptions["listen"] {
  const { directTlsPort } = document.accessEdge;
  return listenDirectTls ?? (directTlsPort === undefined ? [] : [{ address: "::", port: directTlsPort }]);
}

function placesInside({ listenInside, document }: GatewayOptions): NonNullable<GatewayOptions["listenInside"]> {
  const { port } = document.internal ?? {};
  return listenInside ?? (port === undefined ? [] : [{ address: "::", port }]);
}

/** With the time that the oldest stanza of each queue has waited. */
function withAges(
  { queues, ...rest }: FederationStatus,
  now: number,
): Omit<FederationStatus, "queues"> & Pick<GatewayStatus, "queues"> {
  const age = (firstExpiry: number) => Math.max(0, Math.round((now + STANZA_LIFETIME_MS - firstExpiry) / 1000));
  return { ...rest, queues: queues.map(({ firstExpiry, ...queue }) => ({ ...queue, oldest: age(firstExpiry) })) };
}

/** Connections to accept: every stream that the limit admits, and strangers beside them. */
function connectionsOf({ gateway }: GatewayDocument): number {
  return gateway.connectionLimit + 2 * MAXIMUM_UNAUTHENTICATED;
}

/** Every address that a listener can be reached at: a wildcard stands for all of this machine's. */
function boundPlaces({ address, port }: { address: string; port: number }): { address: string; port: number }[] {
  if (address !== "::" && address !== "0.0.0.0") return [{ address, port }];
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.map((one) => ({ address: one.address, port }));
}

function keptSecret(store: ReturnType<typeof openStore>, randomBytes: (bytes: number) => Buffer): string {
  const kept = store.setting("dialback-secret");
  if (kept !== undefined) return kept;
  const made = randomBytes(32).toString("hex");
  store.putSetting("dialback-secret", made);
  return made;
}

function listen(
  server: Server,
  { address, port }: { address: string; port: number },
  log: Log,
): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const place = `${address}:${port}`;
      if (error.code === "EADDRINUSE")
        reject(
          new ListenError(
            `${place} is taken by another program`,
            "stop that program, or listen elsewhere by --listen ADDRESS:PORT",
          ),
        );
      else if (error.code === "EADDRNOTAVAIL")
        reject(
          new ListenError(
            `this machine does not have the address ${address}`,
            "give an address of this machine by --listen ADDRESS:PORT",
          ),
        );
      else if (error.code === "EACCES")
        reject(
          new ListenError(`${place} needs more rights`, "choose a port from 1024 on, or run with the right to bind it"),
        );
      else reject(new ListenError(`cannot listen on ${place}: ${error.message}`, "check --listen ADDRESS:PORT"));
    });
    server.listen({ host: address, port, exclusive: true }, () => {
      server.removeAllListeners("error");
      // Out of file descriptors, for instance: this connection is lost, the listener is not.
      server.on("error", (error: NodeJS.ErrnoException) => log.error("accept-failed", { reason: error.message }));
      const bound = server.address();
      resolve(
        typeof bound === "object" && bound !== null ? { address: bound.address, port: bound.port } : { address, port },
      );
    });
  });
}
