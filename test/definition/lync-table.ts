import type { Method, Negotiation } from "../../src/definition";

/** What Lync's table says of a row; the table is written out here, not computed. */
export interface TableRow {
  readonly row: number;
  readonly tls: Negotiation;
  readonly sasl: Negotiation;
  readonly dialback: boolean;
  readonly methods: readonly Method[];
  readonly text?: string;
  /** `error`: not a valid configuration; `warning`: the table warns; `info`: it only explains. */
  readonly kind?: "error" | "warning" | "info";
  readonly controlPanelRefuses?: true;
}

const W1 = "SASL requires TLS. Allowing TLS to be optional may result in failed session negotiations.";
const NEITHER = "SASL or dialback must be enabled.";
const [R, O, N] = ["Required", "Optional", "NotSupported"] as const;
const [SASL, TLS, TCP] = ["sasl-over-tls", "tls-dialback", "tcp-dialback"] as const;

/** Lync Server 2013, "Negotiation settings for XMPP federated partners" (JJ552456), all 18 rows in its order. */
export const LYNC_TABLE: readonly TableRow[] = [
  {
    row: 1,
    tls: R,
    sasl: R,
    dialback: true,
    methods: [SASL],
    kind: "info",
    text: "Dialback will not operate if both SASL and TLS are required.",
  },
  { row: 2, tls: R, sasl: R, dialback: false, methods: [SASL] },
  { row: 3, tls: O, sasl: R, dialback: true, methods: [SASL, TLS, TCP], kind: "warning", text: W1 },
  { row: 4, tls: O, sasl: R, dialback: false, methods: [SASL], kind: "warning", text: W1 },
  { row: 5, tls: N, sasl: R, dialback: true, methods: [TCP], kind: "warning", text: W1, controlPanelRefuses: true },
  {
    row: 6,
    tls: N,
    sasl: R,
    dialback: false,
    methods: [],
    kind: "error",
    text: "SASL requires TLS and TLS is not available, so SASL cannot succeed; dialback is false, so TCP dialback cannot be used.",
    controlPanelRefuses: true,
  },
  { row: 7, tls: R, sasl: O, dialback: true, methods: [SASL, TLS] },
  { row: 8, tls: R, sasl: O, dialback: false, methods: [SASL] },
  { row: 9, tls: O, sasl: O, dialback: true, methods: [SASL, TLS, TCP], kind: "warning", text: W1 },
  { row: 10, tls: O, sasl: O, dialback: false, methods: [SASL], kind: "warning", text: W1 },
  { row: 11, tls: N, sasl: O, dialback: true, methods: [TCP], kind: "warning", text: W1, controlPanelRefuses: true },
  { row: 12, tls: N, sasl: O, dialback: false, methods: [], kind: "error", text: W1, controlPanelRefuses: true },
  {
    row: 13,
    tls: R,
    sasl: N,
    dialback: true,
    methods: [TLS],
    kind: "info",
    text: "The configuration allows for TLS dialback.",
  },
  { row: 14, tls: R, sasl: N, dialback: false, methods: [], kind: "error", text: NEITHER },
  {
    row: 15,
    tls: O,
    sasl: N,
    dialback: true,
    methods: [TLS, TCP],
    kind: "info",
    text: "Whether TCP or TLS dialback is used depends on the other end's choices.",
  },
  { row: 16, tls: O, sasl: N, dialback: false, methods: [], kind: "error", text: NEITHER },
  {
    row: 17,
    tls: N,
    sasl: N,
    dialback: true,
    methods: [TCP],
    kind: "info",
    text: "TCP dialback is the only method available.",
  },
  { row: 18, tls: N, sasl: N, dialback: false, methods: [], kind: "error", text: NEITHER },
];

/** The partner that a row describes. */
export const partnerOf = ({ tls, sasl, dialback }: TableRow, domain = "fabrikam.example") => ({
  domain,
  partnerType: "Federated" as const,
  tlsNegotiation: tls,
  saslNegotiation: sasl,
  supportDialbackNegotiation: dialback,
});
