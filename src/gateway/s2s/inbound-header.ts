import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { prepareDomain } from "../../definition/names/domain";
import type { ServerHeader } from "../../stream/header";
import type { StreamError } from "../../stream/stream-error";
import type { InboundContext, InboundEffect, InboundState, InboundStep } from "./inbound-state";
import type { Pair } from "./pair";
import { inboundFeatures } from "./stream-features";

/** Judges a peer's header, at first and after TLS or SASL: who it is, whether it may, and what it is offered. */
export function onHeader(state: InboundState, header: ServerHeader, context: InboundContext): InboundStep {
  const restarted = state.secure || state.pairs.size > 0;
  const to = header.to === undefined ? undefined : prepareDomain(header.to);
  const from = header.from === undefined ? undefined : prepareDomain(header.from);
  const local = to?.ok ? to.domain : undefined;
  const remote = from?.ok ? from.domain : undefined;
  const answer: InboundEffect = { do: "open", from: local, to: remote, versioned: header.versioned };
  const refuse = (condition: StreamError["condition"], text: string): InboundStep => ({
    state: { ...state, phase: "closed" },
    effects: [
      answer,
      {
        do: "log",
        event: "stream-refused",
        reason: `${condition}: ${text}`,
        ...(remote === undefined ? {} : { remote }),
      },
      { do: "close", error: { condition, text } },
    ],
  });
  if (to === undefined) return refuse("improper-addressing", "the stream header needs a to");
  if (!to.ok) return refuse("improper-addressing", `to is no domain: ${to.reason}`);
  if (!context.policy.localDomains.has(to.domain)) return refuse("host-unknown", "this domain is not served here");
  if (from !== undefined && !from.ok) return refuse("improper-addressing", `from is no domain: ${from.reason}`);
  if (remote !== undefined && context.policy.localDomains.has(remote))
    return refuse("not-authorized", "from is a domain of ours");
  const row = remote === undefined ? undefined : context.policy.row(to.domain, remote);
  if (remote !== undefined && row === undefined)
    return refuse("policy-violation", "this domain is not an allowed partner");
  if (restarted) {
    if (remote === undefined) return refuse("improper-addressing", "the stream header needs a from");
    if ((state.local !== undefined && state.local !== local) || (state.remote !== undefined && state.remote !== remote))
      return refuse("improper-addressing", "to and from must not change when a stream is restarted");
  }
  const next: InboundState = {
    ...state,
    phase: "open",
    local: to.domain,
    versioned: header.versioned,
    ...(remote === undefined ? {} : { remote }),
  };
  if (!header.versioned) {
    // Without version there are no features, so TCP dialback is all that is left; the row may come with db:result.
    if (row !== undefined && !row.methods.includes("tcp-dialback"))
      return refuse("unsupported-version", "this partner needs features, so version 1.0");
    if (state.secure) return refuse("unsupported-version", "version 1.0 is needed after TLS");
    return { state: next, effects: [answer] };
  }
  return state.secure && state.pairs.size === 0 && remote !== undefined && row !== undefined
    ? afterTls(next, { local: to.domain, remote }, row, answer, context)
    : {
        state: next,
        effects: [
          answer,
          {
            do: "features",
            features: inboundFeatures({
              row,
              secure: state.secure,
              certified: false,
              authenticated: state.pairs.size > 0,
            }),
          },
        ],
      };
}

/** The header after TLS names the peer: now its certificate can be judged. */
function afterTls(
  state: InboundState,
  pair: Pair,
  row: DocumentPartner,
  answer: InboundEffect,
  context: InboundContext,
): InboundStep {
  const verdict = context.certificate(pair);
  const next: InboundState = {
    ...state,
    certified: verdict.ok,
    ...(verdict.ok ? {} : { certificateFault: verdict.reason }),
  };
  const usable = (verdict.ok && row.methods.includes("sasl-over-tls")) || row.methods.includes("tls-dialback");
  if (!usable) {
    const text = verdict.ok ? "this partner's row has no method over TLS" : `certificate refused: ${verdict.reason}`;
    return {
      state: { ...next, phase: "closed" },
      effects: [
        answer,
        { do: "log", event: "certificate-refused", reason: text, remote: pair.remote },
        { do: "close", error: { condition: verdict.ok ? "policy-violation" : "not-authorized", text } },
      ],
    };
  }
  const effects: InboundEffect[] = [answer];
  if (!verdict.ok)
    effects.push({ do: "log", event: "certificate-refused", reason: verdict.reason, remote: pair.remote });
  effects.push({
    do: "features",
    features: inboundFeatures({ row, secure: true, certified: verdict.ok, authenticated: false }),
  });
  return { state: next, effects };
}
