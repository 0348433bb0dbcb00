import type { Partner } from "./schema";

/** How far a negotiation (TLS, SASL) goes with a partner. Lync: `New-CsXmppAllowedPartner -TlsNegotiation`. */
export type Negotiation = "Required" | "Optional" | "NotSupported";

/** A way to prove who the other server is, best first. XEP-0178 (SASL EXTERNAL), XEP-0220 (dialback). */
export type Method = "sasl-over-tls" | "tls-dialback" | "tcp-dialback";

/** The settings of a partner that decide which methods may be used. */
export interface NegotiationSettings {
  readonly tls: Negotiation;
  readonly sasl: Negotiation;
  readonly dialback: boolean;
}

/** One row of Lync's table "Negotiation settings for XMPP federated partners". */
export interface NegotiationRow extends NegotiationSettings {
  /** The row's number in Lync's table, 1 to 18. */
  readonly row: number;
  /** In order of preference; empty for an invalid row. */
  readonly methods: readonly Method[];
  readonly valid: boolean;
  /** Lync's Control Panel refuses to save SASL without TLS, valid row or not. */
  readonly controlPanelRefuses: boolean;
  /** The table's own warning or note. */
  readonly text?: string;
  /** `warning` where the table warns, `info` where it only explains (rows 1, 13, 15 and 17). */
  readonly textKind?: "warning" | "info";
}

const SASL_WITHOUT_CERTAIN_TLS =
  "SASL requires TLS. Allowing TLS to be optional may result in failed session negotiations.";
const DIALBACK_INERT = "Dialback will not operate if both SASL and TLS are required.";
const SASL_NEEDS_TLS =
  "SASL requires TLS and TLS is not available, so SASL cannot succeed; dialback is false, so TCP dialback cannot be used.";
const NOTHING_ENABLED = "SASL or dialback must be enabled.";

/** The words for a method, as Lync's table has them. */
export const METHOD_NAMES: Readonly<Record<Method, string>> = {
  "sasl-over-tls": "SASL over TLS",
  "tls-dialback": "TLS dialback",
  "tcp-dialback": "TCP dialback",
};

/**
 * The methods that the settings allow, best first. The closed form of all 18 rows of Lync's table
 * (JJ552456); where its "common methods" table disagrees (TCP dialback with TLS required), the row wins.
 */
export function methodsOf({ tls, sasl, dialback }: NegotiationSettings): Method[] {
  const methods: Method[] = [];
  if (tls !== "NotSupported" && sasl !== "NotSupported") methods.push("sasl-over-tls");
  if (dialback && tls !== "NotSupported" && !(tls === "Required" && sasl === "Required")) methods.push("tls-dialback");
  if (dialback && tls !== "Required") methods.push("tcp-dialback");
  return methods;
}

const TLS_ORDER: readonly Negotiation[] = ["Required", "Optional", "NotSupported"];

/** The row of Lync's table for these settings: number, methods, validity and the table's words. */
export function negotiationRow(settings: NegotiationSettings): NegotiationRow {
  const { tls, sasl, dialback } = settings;
  const methods = methodsOf(settings);
  // The table runs through SASL, then TLS, then dialback.
  const row = TLS_ORDER.indexOf(sasl) * 6 + TLS_ORDER.indexOf(tls) * 2 + (dialback ? 1 : 2);
  const text = textOf(settings, methods);
  return {
    row,
    tls,
    sasl,
    dialback,
    methods,
    valid: methods.length > 0,
    controlPanelRefuses: sasl !== "NotSupported" && tls === "NotSupported",
    ...text,
  };
}

function textOf(
  { tls, sasl, dialback }: NegotiationSettings,
  methods: readonly Method[],
): Pick<NegotiationRow, "text" | "textKind"> {
  if (tls === "NotSupported" && sasl === "Required" && !dialback) return { text: SASL_NEEDS_TLS, textKind: "warning" };
  if (sasl !== "NotSupported" && tls !== "Required") return { text: SASL_WITHOUT_CERTAIN_TLS, textKind: "warning" };
  if (methods.length === 0) return { text: NOTHING_ENABLED, textKind: "warning" };
  if (tls === "Required" && sasl === "Required" && dialback) return { text: DIALBACK_INERT, textKind: "info" };
  if (sasl === "NotSupported" && tls === "Required")
    return { text: "The configuration allows for TLS dialback.", textKind: "info" };
  if (sasl === "NotSupported" && tls === "Optional")
    return { text: "Whether TCP or TLS dialback is used depends on the other end's choices.", textKind: "info" };
  if (sasl === "NotSupported") return { text: "TCP dialback is the only method available.", textKind: "info" };
  return {};
}

/** How STARTTLS is announced to a partner (RFC 6120 section 5.3). */
export type StartTlsOffer = "required" | "optional" | "absent";

/** Announced unless TLS is NotSupported, and `<required/>` when no method works without it. */
export function startTlsOffer({
  tls,
  methods,
}: {
  readonly tls: Negotiation;
  readonly methods: readonly Method[];
}): StartTlsOffer {
  if (tls === "NotSupported") return "absent";
  return methods.includes("tcp-dialback") ? "optional" : "required";
}

/** The row that a partner's settings select. */
export function rowOf(
  partner: Pick<Partner, "tlsNegotiation" | "saslNegotiation" | "supportDialbackNegotiation">,
): NegotiationRow {
  return negotiationRow({
    tls: partner.tlsNegotiation,
    sasl: partner.saslNegotiation,
    dialback: partner.supportDialbackNegotiation,
  });
}

/** All 18 rows, in the table's order. */
export function negotiationTable(): NegotiationRow[] {
  return TLS_ORDER.flatMap((sasl) =>
    TLS_ORDER.flatMap((tls) => [true, false].map((dialback) => negotiationRow({ tls, sasl, dialback }))),
  );
}

/** The best method both ends allow; undefined where the link cannot come up. */
export function bestCommonMethod(ours: readonly Method[], theirs: readonly Method[]): Method | undefined {
  return ours.find((method) => theirs.includes(method));
}
