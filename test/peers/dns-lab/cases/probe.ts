import { TrustStore } from "../../../../src/certificate/trust-store";
import type { EdgeInput } from "../../../../src/definition";
import { CLIENT_AUTH, rsa, SERVER_AUTH } from "../../../certificate/authority";
import { type ChainManner, edgeChain } from "../edge-pair";
import { inNetwork } from "../network";
import type { LabCase, Served, Site, SitePlace } from "../world";
import { DIALBACK_NAMESPACE, FAILURE, headerOf, type Manner, STARTTLS, serveXmpp, streamError } from "../xmpp-server";

/** Seconds for one connection: where silence is the fault, and where it would be the machine's. */
const SHORT = 2;
const LONG = 30;

type Row = Partial<NonNullable<EdgeInput["partners"]>[number]>;
const TLS_DIALBACK: Row = { saslNegotiation: "Optional" };

interface Edge extends Manner, ChainManner {
  /** The partner's row that the edge is looked at by. */
  readonly row?: Row;
  /** A label below the zone that makes the local domain. */
  readonly below?: string;
  /** Names of the certificate. Default: the edge and the domain. */
  readonly names?: (place: SitePlace) => readonly string[];
  /** Nobody listens at the IPv6 address. */
  readonly withoutIpv6?: true;
  /** How the second address differs. */
  readonly second?: Manner & ChainManner;
  readonly patience?: number;
  /** Instead of listening. */
  readonly instead?: (place: SitePlace) => void;
}

/** An edge that a partner is to come to. Where it does not listen, or is slow, it has its IPv4 address alone. */
function edge({
  row = TLS_DIALBACK,
  patience = LONG,
  below,
  names,
  second,
  instead,
  withoutIpv6,
  ...manner
}: Edge = {}): Site {
  const local = ({ domain }: SitePlace) => (below === undefined ? domain : `${below}.${domain}`);
  return {
    definition: (place) => ({
      partners: [{ domain: "partner.example", ...row }],
      domains: [{ name: local(place) }],
      ...(instead !== undefined && { accessEdge: { fqdn: place.edge, addresses: [place.edge4], port: 5269 } }),
    }),
    serve: async (place): Promise<Served> => {
      const named = names?.(place) ?? [place.edge, local(place)];
      const chain = await edgeChain(named, manner);
      const other = second?.leaf === undefined ? chain : await edgeChain(named, second);
      const trustAnchors = TrustStore.fromPem(`${chain.anchorsPem}\n${other.anchorsPem}`);
      const verify = {
        probe: { trustAnchors, timeout: patience },
        partners: "none",
      } as const;
      if (instead !== undefined) {
        instead(place);
        return { verify, close: async () => undefined };
      }
      const addresses = second === undefined && withoutIpv6 !== true ? [place.edge4, place.edge6] : [place.edge4];
      const first = await serveXmpp(addresses, local(place), chain, manner);
      if (second === undefined) return { verify, close: () => first.close() };
      const again = await serveXmpp([place.edge6], local(place), other, second);
      return { verify, close: async () => void (await Promise.all([first.close(), again.close()])) };
    },
  };
}

const NOBODY = () => undefined;
/** Packets to the address end at a card that nobody has. */
const swallow = ({ edge4 }: SitePlace) =>
  inNetwork([
    `ip route add ${edge4}/32 dev lab0 table local`,
    `ip neigh add ${edge4} lladdr 02:00:00:00:00:99 nud permanent dev lab0`,
  ]);
const forbid = ({ edge4 }: SitePlace) => inNetwork([`ip route add unreachable ${edge4}/32 table local`]);
const SASL_ALONE: Row = { supportDialbackNegotiation: false };
const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
const lax = { ciphers: "DEFAULT:@SECLEVEL=0" } as const;
const many = (place: SitePlace) => [...Array.from({ length: 90 }, (_, i) => `d${i}.${place.domain}`), place.domain];

/** What partners meet at the Access Edge. */
export const PROBE_CASES: readonly LabCase[] = [
  { id: "tcp-refused", about: "edge", fault: edge({ instead: NOBODY }), sound: edge() },
  { id: "tcp-timeout", about: "edge", fault: edge({ instead: swallow, patience: SHORT }), sound: edge({ delay: 300 }) },
  {
    id: "address-ipv6-dead",
    about: "edge",
    fault: edge({ withoutIpv6: true }),
    sound: edge({ second: { delay: 200 } }),
  },
  {
    id: "tcp-unreachable",
    about: "edge",
    fault: edge({ instead: forbid }),
    sound: edge({ header: (domain) => headerOf(domain).replace(/^<.*?>/, "") }),
  },
  {
    id: "stream-timeout",
    about: "edge",
    fault: edge({ talk: NOBODY, patience: SHORT }),
    sound: edge({ header: (domain) => `${headerOf(domain)}\n \n` }),
  },
  {
    id: "stream-closed",
    about: "edge",
    fault: edge({ talk: (socket) => void socket.end() }),
    // Whoever shows no certificate is turned away inside TLS: the row has SASL EXTERNAL alone.
    sound: edge({ row: SASL_ALONE, inside: "</stream:stream>" }),
  },
  {
    id: "stream-not-xmpp",
    variant: "mail",
    about: "edge",
    fault: edge({ talk: (socket) => void socket.write("220 mail.example ESMTP\r\n") }),
    sound: edge({
      header: (domain) => headerOf(domain).replace("<?xml version='1.0'?>", "<?xml version='1.0' encoding='UTF-8'?>\n"),
    }),
  },
  {
    id: "stream-not-xmpp",
    variant: "clients",
    about: "edge",
    fault: edge({ header: (domain) => headerOf(domain).replace("jabber:server", "jabber:client") }),
    sound: edge({ header: (domain) => headerOf(domain, " version='1.0' xmlns:c='jabber:client'") }),
  },
  {
    id: "stream-error",
    about: "domain",
    found: /host-unknown/,
    fault: edge({
      talk: (socket) => void socket.once("data", () => socket.end(headerOf("x") + streamError("host-unknown"))),
    }),
    sound: edge({ row: SASL_ALONE, inside: streamError("not-authorized") }),
  },
  {
    id: "stream-version",
    about: "edge",
    fault: edge({ header: (domain) => headerOf(domain, "") }),
    sound: edge({ header: (domain) => headerOf(domain, " version='1.1'") }),
  },
  {
    id: "stream-from",
    about: "domain",
    fault: edge({ header: () => headerOf("other.example") }),
    sound: edge({ header: (domain) => headerOf(domain.toUpperCase()) }),
  },
  {
    id: "starttls-missing",
    about: "edge",
    fault: edge({ features: "" }),
    sound: edge({ row: { tlsNegotiation: "NotSupported", saslNegotiation: "NotSupported" }, features: "" }),
  },
  {
    id: "starttls-failed",
    about: "edge",
    fault: edge({ answer: FAILURE }),
    sound: edge({ answer: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>" }),
  },
  {
    id: "starttls-optional",
    about: "edge",
    fault: edge({ features: STARTTLS }),
    sound: edge({ features: STARTTLS, row: { tlsNegotiation: "Optional", saslNegotiation: "Optional" } }),
  },
  {
    id: "tls-version",
    about: "edge",
    fault: edge({ tls: old }),
    sound: edge({ tls: { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } }),
  },
  {
    id: "tls-timeout",
    about: "edge",
    fault: edge({ silentInTls: true, patience: SHORT }),
    sound: edge({ delay: 200 }),
  },
  { id: "cert-chain", about: "edge", fault: edge({ sent: [] }), sound: edge({ sent: ["root", "issuing"] }) },
  {
    id: "cert-untrusted",
    about: "edge",
    fault: edge({ otherRoot: "stranger", sent: ["issuing", "root"] }),
    sound: edge({ otherRoot: "trusted" }),
  },
  {
    id: "cert-name",
    variant: "other",
    about: "domain",
    fault: edge({ names: (place) => [place.edge] }),
    sound: edge({ names: many }),
  },
  {
    id: "cert-name",
    variant: "wildcard",
    verdict: "warn",
    fault: edge({ below: "im", names: (place) => [`*.${place.domain}`] }),
    sound: edge({ below: "im", names: (place) => [`*.${place.domain}`, `im.${place.domain}`] }),
  },
  {
    id: "cert-expired",
    about: "edge",
    fault: edge({ leaf: { from: -60, to: -1 } }),
    sound: edge({ leaf: { from: -3, to: 3 } }),
  },
  {
    id: "cert-not-yet-valid",
    about: "edge",
    fault: edge({ leaf: { from: 1 } }),
    sound: edge({ leaf: { from: -0.01 } }),
  },
  {
    id: "cert-expiring",
    about: "edge",
    fault: edge({ leaf: { from: -70, to: 20 } }),
    sound: edge({ leaf: { from: -67, to: 23 } }),
  },
  {
    id: "cert-weak",
    about: "edge",
    fault: edge({ leaf: { keys: rsa(1024) }, tls: lax }),
    sound: edge({ leaf: { keys: rsa(2048) } }),
  },
  {
    id: "cert-purpose",
    about: "edge",
    fault: edge({ leaf: { purposes: [CLIENT_AUTH] } }),
    sound: edge({ leaf: { purposes: [CLIENT_AUTH, SERVER_AUTH] } }),
  },
  { id: "cert-differs", about: "edge", fault: edge({ second: { leaf: { to: 59 } } }), sound: edge({ second: {} }) },
  {
    id: "auth-none",
    about: "edge",
    fault: edge({ inside: "<stream:features/>" }),
    // Servers from before the feature declare the namespace alone (XEP-0220 section 2.2).
    sound: edge({
      inside: "<stream:features/>",
      header: (domain) => headerOf(domain, ` version='1.0'${DIALBACK_NAMESPACE}`),
    }),
  },
];
