import type { Finding } from "../finding";
import { type NegotiationRow, rowOf } from "../negotiation";
import type { Definition, Partner } from "../schema";

const SOURCE = "Lync Server 2013, Negotiation settings for XMPP federated partners";

/** V1–V4 and V12: the 18-row matrix, and what the Control Panel refuses to save. */
export function negotiationFindings({ partners }: Definition): Finding[] {
  return partners.flatMap((partner, index) => rowFindings(partner, index));
}

function rowFindings(partner: Partner, index: number): Finding[] {
  const row = rowOf(partner);
  const at = {
    path: ["partners", index],
    value: `TLS ${row.tls}, SASL ${row.sasl}, dialback ${row.dialback}`,
    source: `${SOURCE}, row ${row.row}`,
  };
  const name = partner.domain;
  if (!row.valid)
    return [
      { ...at, severity: "error", id: "negotiation-invalid", rule: `${name}: ${row.text}`, remedy: remedyOf(row) },
    ];
  if (row.controlPanelRefuses && !partner.allowSaslWithoutTls) {
    return [
      {
        ...at,
        severity: "error",
        id: "negotiation-sasl-without-tls",
        rule: `${name}: SASL ${row.sasl} needs TLS; Lync's Control Panel refuses to save this`,
        remedy:
          "set tlsNegotiation to Required or Optional, or saslNegotiation to NotSupported, or allowSaslWithoutTls to true",
        source: "Lync Server 2013, Create or edit XMPP partner configuration",
      },
    ];
  }
  const found: Finding[] = [];
  if (row.text !== undefined && row.textKind === "warning")
    found.push({
      ...at,
      severity: "warning",
      id: "negotiation-sasl-uncertain",
      rule: `${name}: ${row.text}`,
      remedy: "set tlsNegotiation to Required if the partner has TLS",
    });
  if (row.row === 1)
    found.push({
      ...at,
      severity: "info",
      id: "negotiation-dialback-inert",
      rule: `${name}: ${row.text}`,
      remedy: "set supportDialbackNegotiation to false to say so",
    });
  if (row.tls === "NotSupported")
    found.push({
      ...at,
      severity: "warning",
      id: "negotiation-plain",
      rule: `${name}: TCP dialback without TLS gives some trust only; everything travels readable`,
      remedy: "use TLS as soon as the partner has it",
    });
  return found;
}

function remedyOf(row: NegotiationRow): string {
  if (row.sasl === "NotSupported")
    return "set saslNegotiation to Required or Optional, or supportDialbackNegotiation to true";
  return "set tlsNegotiation to Required or Optional, or supportDialbackNegotiation to true";
}
