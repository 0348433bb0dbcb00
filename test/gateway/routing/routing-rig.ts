/** A router between a store, an inner side that notes what it gets, and a carrier that keeps what leaves. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DocumentPartner, GatewayDocument } from "../../../src/definition/facts/gateway-document";
import { type PartnerPolicy, partnerPolicy } from "../../../src/definition/facts/partner-policy";
import { Counters } from "../../../src/gateway/counters";
import type {
  Availability,
  FederationSide,
  InboundMessage,
  InboundPresence,
  SubscriptionNotice,
} from "../../../src/gateway/internal/internal-side";
import { createLog } from "../../../src/gateway/log";
import { Router } from "../../../src/gateway/routing/router";
import type { LinkItem } from "../../../src/gateway/s2s/link-queue";
import type { StateStore } from "../../../src/gateway/store/sandbox-store";
import { openStore } from "../../../src/gateway/store/sqlite-store";
import { type Element, xml } from "../../../src/stream/xml/element";
import { StreamParser } from "../../../src/stream/xml/parser";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";

export const ALICE = `alice@${LOCAL}`;
export const ANN = `ann@${REMOTE}`;
export const PAIR = { local: LOCAL, remote: REMOTE };

export interface RoutingRig {
  readonly router: Router;
  readonly side: FederationSide;
  readonly store: StateStore;
  readonly counters: Counters;
  readonly lines: Record<string, unknown>[];
  /** What the inner side got. */
  readonly delivered: InboundMessage[];
  readonly presences: InboundPresence[];
  readonly notices: SubscriptionNotice[];
  readonly typing: string[];
  readonly availabilities: Map<string, Availability>;
  /** Whole stanzas that the inner side got, where it is a server. */
  readonly relayed: Element[];
  /** Whom the inner side knows. */
  readonly users: Set<string>;
  /** What left, with its means to give it back; `sent` reads the stanzas. */
  readonly items: LinkItem[];
  sent(): Element[];
  full: boolean;
  policy: PartnerPolicy;
  /** Time, ms since the epoch. */
  readonly clock: { now: number };
  receive(stanza: Element): void;
}

const open: { stop(): Promise<void> }[] = [];
/** To be called after each test. */
export async function closeRouters(): Promise<void> {
  for (const one of open.splice(0)) await one.stop();
}

/** Makes a router for the users alice and bob with one partner. */
export function createRouter(
  partnerSettings: Partial<DocumentPartner> = {},
  more: Parameters<typeof documentOf>[1] = {},
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-router-")),
): RoutingRig {
  const document: GatewayDocument = documentOf([partner(partnerSettings)], more);
  const clock = { now: 1_700_000_000_000 };
  const lines: Record<string, unknown>[] = [];
  const log = createLog(
    (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    "debug",
    () => clock.now,
  );
  const store = openStore(folder, { now: () => clock.now, log });
  const counters = new Counters();
  let side: FederationSide | undefined;
  const rig: Omit<RoutingRig, "router" | "side"> & { router?: Router; side?: FederationSide } = {
    store,
    counters,
    lines,
    delivered: [],
    presences: [],
    notices: [],
    typing: [],
    relayed: [],
    availabilities: new Map(),
    users: new Set(document.internal?.kind === "xmpp" ? [ALICE] : document.internal?.users),
    items: [],
    sent: () => rig.items.map(({ xml: text }) => parse(text)),
    full: false,
    policy: partnerPolicy(document),
    clock,
    receive: (stanza) => rig.router!.receive(PAIR, stanza),
  };
  rig.router = new Router({
    document,
    federation: {
      get policy() {
        return rig.policy;
      },
      send: (_, item) => void rig.items.push(item),
      isFull: () => rig.full,
      backlog: () => 0,
    },
    store,
    inner: (federation) => {
      side = federation;
      return {
        hasUser: (address) => rig.users.has(address),
        deliver: (message) => void rig.delivered.push(message),
        subscribe: (notice) => void rig.notices.push(notice),
        presence: (presence) => void rig.presences.push(presence),
        typing: (from, to, state) => void rig.typing.push(`${from} ${to} ${state}`),
        availability: (address) => rig.availabilities.get(address) ?? { available: false },
        close: async () => undefined,
        ...(document.internal?.kind === "xmpp" ? { relay: (stanza: Element) => void rig.relayed.push(stanza) } : {}),
      };
    },
    log,
    counters,
    now: () => clock.now,
    randomId: () => "made-id",
  });
  rig.side = side!;
  open.push({
    async stop() {
      await rig.router!.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
  return rig as RoutingRig;
}

/** A stanza of the partner's Ann to Alice. */
export function stanza(
  name: "message" | "presence" | "iq",
  attrs: Readonly<Record<string, string | undefined>> = {},
  ...children: Element[]
): Element {
  return xml(name, "jabber:server", { from: `${ANN}/phone`, to: ALICE, ...attrs }, ...children);
}
export const body = (text: string) => xml("body", "jabber:server", {}, text);

/** The stanza of a text that left. */
function parse(text: string): Element {
  let found: Element | undefined;
  const parser = new StreamParser(
    {
      onStream: () => undefined,
      onStanza: (element) => {
        found = element;
      },
      onEnd: () => undefined,
    },
    { maxStanzaBytes: 1_000_000 },
  );
  parser.feed(
    Buffer.from(`<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>${text}`),
  );
  return found!;
}
