import { hash } from "node:crypto";
import type { Socket } from "node:net";
import type { TrustStore } from "../../certificate/chain";
import type { GatewayDocument } from "../../definition/facts/gateway-document";
import { Counters } from "../counters";
import { nextSnapshot, snapshotOf } from "../live/snapshot";
import type { Log } from "../log";
import type { Carrier } from "../routing/outbox";
import { Federation, type FederationOptions } from "../s2s/federation";
import type { GatewayStatus } from "../status";
import { declaredServers } from "./declared-servers";
import { insideDocument, rangeOf } from "./inside-document";
import { InsideIdentity } from "./inside-identity";

/** Streams with our own server inside. */
export interface InnerCarrier extends Carrier {
  /** Our own server has connected, or somebody who says so. */
  accept(socket: Socket): void;
  serve(document: GatewayDocument): void;
  status(): NonNullable<GatewayStatus["inside"]>;
  stop(): Promise<void>;
}

/** What the streams inside share with those to partners, and who is trusted to be our own server. */
export interface InnerCarrierOptions
  extends Pick<
    FederationOptions,
    "surroundings" | "store" | "certificates" | "dialbackSecret" | "listening" | "onStanza"
  > {
  /** With `internal.kind` `xmpp`. */
  readonly document: GatewayDocument;
  /** What ran here before, if that is known. */
  readonly previous?: GatewayDocument;
  /** For a server that the definition names neither anchors nor pins for. */
  readonly trust: TrustStore | undefined;
  readonly log: Log;
}

/**
 * The streams with our own server are a federation turned round: partners' domains are spoken for, and our domains are
 * the partners, each at the declared places. So the same machines, limits, queues and barriers serve both sides.
 */
export function innerCarrier(options: InnerCarrierOptions): InnerCarrier {
  const { surroundings, dialbackSecret, trust, log, previous } = options;
  let document = options.document;
  const before = previous?.partners.flatMap(({ domains }) => domains);
  let snapshot = snapshotOf(insideDocument(document, before) ?? NOBODY(document));
  const places = () => document.internal?.servers ?? [];
  const counters = new Counters();
  const federation = new Federation({
    ...options,
    document: snapshot.document,
    surroundings: {
      ...surroundings,
      resolver: declaredServers(places, () => new Set(document.localDomains)),
    },
    identity: new InsideIdentity(trust, surroundings.now),
    // A key that is good outside must not be good inside.
    dialbackSecret: hash("sha256", `inside ${dialbackSecret}`),
    allowPrivateTargets: [],
    // After a restart, our own server opens streams to all its users' partners at once.
    strangers: { total: 2048, perAddress: 2048 },
    unlimitedFrom: places().map(({ address }) => rangeOf(address)),
    counters,
    log: insideLog(log),
  });
  return {
    get policy() {
      return federation.policy;
    },
    send: (pair, item) => federation.send(pair, item),
    isFull: (pair) => federation.isFull(pair),
    backlog: (pair) => federation.backlog(pair),
    accept: (socket) => federation.accept(socket),
    serve(next) {
      const inside = insideDocument(next, snapshot.policy.localDomains);
      if (inside === undefined) return; // another kind waits for a new start
      document = next;
      snapshot = nextSnapshot(snapshot, inside);
      federation.apply(snapshot, { partings: () => "", revoked: () => [] });
    },
    status: () => ({ ...federation.status(), counters: counters.all() }),
    stop: () => federation.stop(),
  };
}

const NOBODY = (document: GatewayDocument): GatewayDocument => ({ ...document, localDomains: [], partners: [] });

/** Every line says which side it is about. */
function insideLog(log: Log): Log {
  const inside = { side: "inside" };
  return {
    detailed: log.detailed,
    debug: (event, fields) => log.debug(event, { ...inside, ...fields }),
    info: (event, fields) => log.info(event, { ...inside, ...fields }),
    warn: (event, fields) => log.warn(event, { ...inside, ...fields }),
    error: (event, fields) => log.error(event, { ...inside, ...fields }),
  };
}
