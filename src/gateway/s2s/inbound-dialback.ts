import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { prepareDomain } from "../../definition/names/domain";
import type { Method } from "../../definition/negotiation";
import type { StreamCondition } from "../../stream/stream-error";
import { type Element, textOf } from "../../stream/xml/element";
import { isUsableStreamId } from "./dialback-key";
import {
  type DialbackAnswer,
  type DialbackResult,
  fail,
  type InboundContext,
  type InboundEffect,
  type InboundState,
  type InboundStep,
  withPair,
} from "./inbound-state";
import { type Pair, pairKey } from "./pair";

/** Domain pairs that one stream may carry. */
const MAXIMUM_PAIRS = 64;
/** A refusal costs us an answer and often a line in the log: a peer gets so many on one stream. */
const MAXIMUM_REFUSALS = 64;

/** What is asked for: a db:result, or with `verifyId` a db:verify. */
interface Request {
  readonly pair: Pair;
  readonly verifyId?: string;
}

/** A peer asks us to verify it (XEP-0220, we are the receiving server). */
export function onResult(state: InboundState, el: Element, context: InboundContext): InboundStep {
  // An answer belongs on the stream that asked; nothing of ours is decided by one that comes elsewhere.
  if (el.attrs.type !== undefined) return ignoreAnswer(state);
  const pair = domainsOf(el);
  if (pair === undefined) return fail(state, "improper-addressing", "db:result needs from and to");
  const judged = judge(state, { pair }, context);
  if ("effects" in judged) return judged;
  const key = textOf(el).trim();
  if (key === "" || key.length > 1024)
    return fail(state, "policy-violation", "a dialback key has 1 to 1,024 characters");
  const k = pairKey(pair);
  if (state.pairs.has(k)) return { state, effects: [answerTo({ pair }, { type: "valid" })] };
  if (state.verifying.has(k)) return fail(state, "policy-violation", "this key is being verified already");
  if (state.pairs.size + state.verifying.size >= MAXIMUM_PAIRS)
    return fail(state, "policy-violation", "too many domain pairs on one stream");
  const verifying = new Set(state.verifying).add(k);
  return { state: { ...state, verifying }, effects: [{ do: "verify", pair, key }] };
}

/** A peer asks whether a key is ours (XEP-0220, we are the authoritative server). */
export function onVerify(state: InboundState, el: Element, context: InboundContext): InboundStep {
  if (el.attrs.type !== undefined) return ignoreAnswer(state);
  const pair = domainsOf(el);
  const id = el.attrs.id;
  if (pair === undefined || id === undefined || !isUsableStreamId(id))
    return fail(state, "improper-addressing", "db:verify needs from, to and id");
  const request = { pair, verifyId: id };
  const judged = judge(state, request, context);
  if ("effects" in judged) return judged;
  if (context.isOwnKey(pair, id, textOf(el).trim().slice(0, 1024)))
    return { state, effects: [answerTo(request, { type: "valid" })] };
  // Counted, but not logged: anybody may ask, and nobody may go on guessing.
  return countRefusal(state, [answerTo(request, { type: "invalid" })]);
}

/** The authoritative server has answered, or could not be asked. */
export function onDialbackResult(
  state: InboundState,
  pair: Pair,
  result: DialbackResult,
  context: InboundContext,
): InboundStep {
  const k = pairKey(pair);
  if (!state.verifying.has(k)) return { state, effects: [] };
  const verifying = new Set(state.verifying);
  verifying.delete(k);
  const next = { ...state, verifying };
  if (result.outcome === "invalid")
    return answerRefusal(next, { pair }, { type: "invalid" }, "the authoritative server does not know the key");
  if (result.outcome === "error") {
    const answer = refusalAnswer(pair, result.condition, context);
    return answerRefusal(next, { pair }, answer, `${result.condition}: ${result.text}`);
  }
  const row = judge(next, { pair }, context); // judged again: the policy may have changed meanwhile
  if ("effects" in row) return row;
  if (!context.admits(row))
    return refusePair(
      next,
      { pair },
      "resource-constraint",
      "resource-constraint",
      "the partner's connection limit is reached",
      context,
    );
  const method: Method = state.secure ? "tls-dialback" : "tcp-dialback";
  return {
    state: { ...next, pairs: withPair(state.pairs, pair, method) },
    effects: [{ do: "authenticated", pair, method }, answerTo({ pair }, { type: "valid" })],
  };
}

/** The pair's row, if it has dialback on this stream; else the refusal. */
function judge(state: InboundState, request: Request, context: InboundContext): DocumentPartner | InboundStep {
  const { pair } = request;
  const { localDomains } = context.policy;
  if (!localDomains.has(pair.local))
    return refusePair(state, request, "host-unknown", "item-not-found", "this domain is not served here", context);
  if (localDomains.has(pair.remote))
    return refusePair(state, request, "not-authorized", "not-authorized", "from is a domain of ours", context);
  const row = context.policy.row(pair.local, pair.remote);
  if (row === undefined)
    return refusePair(
      state,
      request,
      "policy-violation",
      "policy-violation",
      "this domain is not an allowed partner",
      context,
    );
  if (row.methods.includes(state.secure ? "tls-dialback" : "tcp-dialback")) return row;
  if (!state.versioned) return fail(state, "unsupported-version", "this partner needs features, so version 1.0");
  const reason = "this partner's row has no dialback here";
  if (!state.secure) return fail(state, "policy-violation", reason);
  return answerRefusal(state, request, refusalAnswer(pair, "policy-violation", context), reason);
}

/** Ends a stream that carries nothing yet; one that carries other pairs only hears that this one is refused. */
function refusePair(
  state: InboundState,
  request: Request,
  streamCondition: StreamCondition,
  condition: string,
  reason: string,
  context: InboundContext,
): InboundStep {
  if (state.pairs.size === 0) return fail(state, streamCondition, reason);
  return answerRefusal(state, request, refusalAnswer(request.pair, condition, context), reason);
}

/** Errors only for those who announced that they understand them (XEP-0220 section 2.4). */
function refusalAnswer({ remote }: Pair, condition: string, context: InboundContext): DialbackAnswer {
  return context.understandsErrors(remote) ? { type: "error", condition } : { type: "invalid" };
}

function answerRefusal(state: InboundState, request: Request, answer: DialbackAnswer, reason: string): InboundStep {
  return countRefusal(state, [
    answerTo(request, answer),
    { do: "log", event: "dialback-refused", reason, remote: request.pair.remote },
  ]);
}

function countRefusal(state: InboundState, effects: readonly InboundEffect[]): InboundStep {
  const refusals = state.dialbackRefusals + 1;
  if (refusals > MAXIMUM_REFUSALS) return fail(state, "policy-violation", "too many refused dialback requests");
  return { state: { ...state, dialbackRefusals: refusals }, effects };
}

function answerTo({ pair, verifyId }: Request, result: DialbackAnswer): InboundEffect {
  return verifyId === undefined
    ? { do: "dialbackResult", pair, result }
    : { do: "verifyResult", pair, id: verifyId, result };
}

const ignoreAnswer = (state: InboundState): InboundStep => ({ state, effects: [] });

/** The domains of a dialback element: `to` is ours, `from` theirs; undefined where either is none. */
function domainsOf(el: Element): Pair | undefined {
  const local = prepareDomain(el.attrs.to ?? "");
  const remote = prepareDomain(el.attrs.from ?? "");
  return local.ok && remote.ok ? { local: local.domain, remote: remote.domain } : undefined;
}
