import type { Queued } from "../../../src/gateway/store/store";

/** A message on its way out; `n` tells them apart. */
export function outgoing(n: number): Omit<Queued, "row" | "state"> {
  return {
    localDomain: "contoso.example",
    remoteDomain: "fabrikam.example",
    sender: "alice@contoso.example",
    recipient: "bob@fabrikam.example/desk",
    stanzaId: `m${n}`,
    xml: `<message id='m${n}'><body>number ${n}</body></message>`,
    expiresAt: 1_700_000_000_000 + n,
  };
}
