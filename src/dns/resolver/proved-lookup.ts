import { type AnswerTrust, judgeAnswer } from "./dnssec/judge-answer";
import type { Signature } from "./dnssec/signature";
import { signerOf } from "./dnssec/signer-of";
import { type TrustAnchor, TrustChain } from "./dnssec/trust-chain";
import { VerificationBudget } from "./dnssec/verification-budget";
import { nameFromText, nameText, readPlainName, type WireName } from "./dnssec/wire-name";
import { recordSet, type SignedAnswer, TYPE, type WireRecord } from "./dnssec/wire-record";
import { MalformedMessage } from "./malformed-message";
import type { Lookup, LookupFailure } from "./name-resolver";
import { isAskable } from "./names";

/** What one recursive resolver, or several asked in turn, said to a question with the DO bit. */
export type Told = SignedAnswer | { readonly failed: string; readonly code: LookupFailure };

export interface ProvableQuestion {
  /** A-labels. */
  readonly name: string;
  readonly type: "A" | "AAAA" | "DNSKEY" | "DS" | "SRV" | "TLSA";
}

export interface ProvedLookupOptions {
  readonly anchors: readonly TrustAnchor[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly ask: (question: ProvableQuestion) => Promise<Told>;
}

export type Proved = Lookup<readonly WireRecord[]>;

/** Aliases followed from one name: TLSA records often stand behind one, or two (RFC 7671 section 6). */
const MAX_ALIASES = 4;
/** Zones from an anchor down: no name that people use has nearly as many. */
const MAX_ZONES = 12;
/** Milliseconds for which keys and delegations are believed without asking again. */
const WALK_MS = 30_000;
/** Questions remembered meanwhile: a hostile zone may lead to ever new names. */
const WALK_QUESTIONS = 512;

/**
 * Looks names up and believes only what is proved from a trust anchor down (RFC 4035 section 5), whoever told it: the
 * resolvers are not trusted, nor their AD bit. Where an answer is signed, its signatures name the zone and so the way
 * up; where it is not, nothing is proved, and whether the zone has no keys or somebody took its signatures out makes
 * no difference to who asks for proof. Never rejects.
 */
export class ProvedLookup {
  #walk: Walk | undefined;

  constructor(private readonly options: ProvedLookupOptions) {}

  /** The records of a name and type, at the end of its aliases; every link of which is proved. */
  async records(question: ProvableQuestion): Promise<Proved> {
    const walk = this.#present();
    const found = await follow(question, walk).catch(unreadable);
    // What went wrong may be over, and must not be believed for longer than one look-up.
    if (found.status === "failed" && this.#walk === walk) this.#walk = undefined;
    return found;
  }

  #present(): Walk {
    const now = this.options.now();
    if (this.#walk === undefined || !this.#walk.isFresh(now)) this.#walk = new Walk(this.options, now);
    return this.#walk;
  }
}

/** Names in answers may be longer, with what has to be put before them, than any name may be. */
function unreadable(error: unknown): Proved {
  if (error instanceof MalformedMessage) return failed("malformed", `the answer cannot be judged: ${error.message}`);
  throw error;
}

async function follow({ name, type }: ProvableQuestion, walk: Walk): Promise<Proved> {
  let ttl = Number.POSITIVE_INFINITY;
  let at = name;
  for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
    const step = await walk.judge({ name: at, type });
    if (!("ttl" in step)) return step;
    ttl = Math.min(ttl, step.ttl);
    if ("absent" in step) return { status: "absent", why: step.absent };
    if ("records" in step) return { status: "found", value: step.records, ttl };
    at = step.alias;
  }
  return failed("aliases", `${name} is followed by more than ${MAX_ALIASES} aliases`);
}

/** One step of a look-up: all of it proved. */
type Step =
  | { readonly records: readonly WireRecord[]; readonly ttl: number }
  | { readonly alias: string; readonly ttl: number }
  | { readonly absent: "nxdomain" | "nodata"; readonly ttl: number }
  | Extract<Proved, { status: "failed" }>;

/** Way from the anchors down to zones, as it was found within a short time. */
class Walk {
  readonly #told = new Map<string, Promise<Told>>();
  readonly #chain: TrustChain;
  /** Seconds. */
  readonly #now: number;
  #failure: LookupFailure = "timeout";

  constructor(
    private readonly options: ProvedLookupOptions,
    private readonly began: number,
  ) {
    this.#now = Math.floor(began / 1000);
    this.#chain = new TrustChain({
      anchors: options.anchors,
      now: this.#now,
      ask: ({ name, type }) => this.#ask({ name, type: type === TYPE.DS ? "DS" : "DNSKEY" }),
    });
  }

  isFresh(now: number): boolean {
    return now >= this.began && now - this.began < WALK_MS && this.#told.size < WALK_QUESTIONS;
  }

  async judge(question: ProvableQuestion): Promise<Step> {
    const name = nameFromText(question.name);
    const type = TYPE[question.type];
    const told = await this.options.ask(question);
    if ("failed" in told) return failed(told.code, told.failed);
    const signer = signerOf(told, name, type);
    if (signer === undefined)
      return failed("insecure", `${question.name} ${question.type}: the answer carries no signature (DNSSEC)`);
    const path = await this.#pathTo(signer);
    if (!Array.isArray(path)) return path;
    const trust = await this.#chain.trustIn(path);
    const judging = { now: this.#now, budget: new VerificationBudget() };
    const verdict = judgeAnswer({ name, type }, told, trust, judging);
    return this.#step(verdict, question, { told, name, type });
  }

  #step(
    verdict: AnswerTrust,
    { name, type: asked }: ProvableQuestion,
    heard: { readonly told: SignedAnswer; readonly name: WireName; readonly type: number },
  ): Step {
    switch (verdict.status) {
      case "secure":
        return this.#proved(verdict, heard);
      case "insecure":
        return failed("insecure", `${name} ${asked}: ${INSECURE[verdict.because]} (DNSSEC)`);
      case "bogus":
        return failed("bogus", `${name} ${asked}: DNSSEC does not stand: ${verdict.fault}: ${verdict.detail}`);
      case "indeterminate":
        return failed(this.#failure, `${name} ${asked}: its zone's keys cannot be had: ${verdict.reason}`);
    }
  }

  #proved(
    { proved, signatures }: Extract<AnswerTrust, { status: "secure" }>,
    { told, name, type }: { readonly told: SignedAnswer; readonly name: WireName; readonly type: number },
  ): Step {
    if (proved === "no-name" || proved === "no-type") {
      const ttl = this.#lifetime(told.authorities, signatures);
      return { absent: proved === "no-name" ? "nxdomain" : "nodata", ttl };
    }
    const records = recordSet(told.answers, name, proved === "alias" ? TYPE.CNAME : type)?.records ?? [];
    const ttl = this.#lifetime(records, signatures);
    if (proved === "records") return { records, ttl };
    const target = records.length === 1 ? readPlainName(records[0]!.data, 0) : undefined;
    if (target === undefined) return failed("malformed", `${nameText(name)} has more than one alias`);
    const alias = nameText(target.name);
    // Text joins labels by dots: a label with a dot in it would be asked for as another name.
    if (!isAskable(alias) || !nameFromText(alias).equals(target.name))
      return failed("bad-name", `${nameText(name)} is an alias of a name that cannot stand in a question`);
    return { alias, ttl };
  }

  /** Seconds: no longer than the records or their signatures last (RFC 4035 section 5.3.3). */
  #lifetime(records: readonly WireRecord[], signatures: readonly Signature[]): number {
    const left = signatures.map(({ expires }) => (expires - this.#now) | 0);
    return Math.max(0, Math.min(...records.map(({ ttl }) => (ttl > 0x7fffffff ? 0 : ttl)), ...left));
  }

  /** The zones from an anchor down: a DS, or the denial of one, is signed by the zone above. */
  async #pathTo(zone: WireName): Promise<string[] | Extract<Proved, { status: "failed" }>> {
    const path = [nameText(zone)];
    for (let below = zone; !this.#isAnchored(below); ) {
      const name = nameText(below);
      if (path.length >= MAX_ZONES || name === "." || !nameFromText(name).equals(below))
        return failed("insecure", `${path.at(-1)!} is below no DNSSEC trust anchor`);
      const told = await this.#ask({ name, type: "DS" });
      if ("failed" in told) return failed(told.code, `DS of ${name}: ${told.failed}`);
      const parent = signerOf(told, below, TYPE.DS);
      if (parent === undefined) return failed("insecure", `${name} has no DS that is signed: ${INSECURE["no-ds"]}`);
      path.unshift(nameText(parent));
      below = parent;
    }
    return path;
  }

  #isAnchored(zone: WireName): boolean {
    return this.options.anchors.some((anchor) => nameFromText(anchor.zone).equals(zone));
  }

  #ask(question: ProvableQuestion): Promise<Told> {
    const key = `${question.type} ${question.name}`;
    const known = this.#told.get(key);
    if (known !== undefined) return known;
    const told = this.options.ask(question).then((answer) => {
      if ("failed" in answer) this.#failure = answer.code;
      return answer;
    });
    this.#told.set(key, told);
    return told;
  }
}

const INSECURE = {
  "no-ds": "its zone is not signed, or the zone above says so",
  "unknown-algorithm": "its zone is signed by algorithms that we do not know",
  "nsec3-iterations": "its zone hashes names too often to be looked at",
  "opt-out": "it may be in a zone that is not signed (opt-out)",
} as const;

const failed = (code: LookupFailure, reason: string) => ({ status: "failed", code, reason }) as const;
