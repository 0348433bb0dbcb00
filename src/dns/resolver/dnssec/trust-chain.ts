import type { Delegation } from "./delegation";
import type { SignatureMemory } from "./signature-memory";
import { VerificationBudget } from "./verification-budget";
import { nameFromText, type WireName } from "./wire-name";
import { TYPE } from "./wire-record";
import { delegationFrom, type Heard, type Judging, trustByKeys, type ZoneTrust } from "./zone-trust";

/** What is trusted without proof: a zone, and its parent's word that there is none to give. */
export interface TrustAnchor {
  /** A-labels; the root is `.`. */
  readonly zone: string;
  readonly delegations: readonly Delegation[];
}

export interface TrustChainOptions {
  readonly anchors: readonly TrustAnchor[];
  /** Seconds since 1970. */
  readonly now: number;
  /**
   * Puts a question to the servers of a zone; with the DO bit, so that signatures come too. Where several servers
   * answered, what the best answer gives counts: whoever validates asks another server where one fails.
   */
  ask(
    question: { readonly name: string; readonly type: number },
    zone: string,
  ): Promise<Heard | readonly [Heard, ...Heard[]]>;
  /** What is known of a zone's signatures. Left out: every one is checked anew. */
  readonly memoryOf?: (zone: string) => SignatureMemory;
}

/** Follows trust from the anchors down to zones; what was found out of a zone is kept. */
export class TrustChain {
  readonly #zones = new Map<string, Promise<ZoneTrust>>();

  constructor(private readonly options: TrustChainOptions) {}

  /**
   * The trust in the last zone of a path. It rejects only where `ask` does.
   * @param path the zones from the root, or from an anchor, down; each delegated by the one before
   */
  trustIn(path: readonly string[]): Promise<ZoneTrust> {
    const zone = path.at(-1);
    if (zone === undefined) throw new RangeError("a path of zones has at least one zone");
    const known = this.#zones.get(zone);
    if (known !== undefined) return known;
    const found = this.#find(zone, path.slice(0, -1));
    this.#zones.set(zone, found);
    return found;
  }

  async #find(text: string, above: readonly string[]): Promise<ZoneTrust> {
    const zone = nameFromText(text);
    const anchor = this.options.anchors.find(({ zone: anchored }) => nameFromText(anchored).equals(zone));
    if (anchor !== undefined) return this.#byKeys(text, zone, [anchor.delegations]);
    // Above every anchor nothing is claimed (RFC 4035 section 4.3, "indeterminate" in our words is silence alone).
    if (above.length === 0) return { status: "insecure", zone, because: "no-ds" };
    const parent = await this.trustIn(above);
    if (parent.status !== "secure") return { ...parent, zone: parent.status === "bogus" ? parent.zone : zone };
    const parentZone = above.at(-1)!;
    const heard = each(await this.options.ask({ name: text, type: TYPE.DS }, parentZone));
    const said = heard.map((one) => delegationFrom(parent, zone, one, this.#judging(parentZone)));
    const words = said.flatMap((one) => ("delegations" in one ? [one.delegations] : []));
    if (words.length > 0) return this.#byKeys(text, zone, distinct(words));
    return best(said.flatMap((one) => ("delegations" in one ? [] : [one])));
  }

  /** @param words what the parent says; its servers may say different things while a change is on its way */
  async #byKeys(text: string, zone: WireName, words: readonly (readonly Delegation[])[]): Promise<ZoneTrust> {
    const heard = each(await this.options.ask({ name: text, type: TYPE.DNSKEY }, text));
    const found: ZoneTrust[] = [];
    for (const delegations of words)
      for (const one of heard) {
        const trust = trustByKeys(zone, delegations, one, this.#judging(text));
        if (trust.status === "secure") return trust;
        found.push(trust);
      }
    return best(found);
  }

  #judging(zone: string): Judging {
    const { now, memoryOf } = this.options;
    const memory = memoryOf?.(zone);
    return { now, budget: new VerificationBudget(), ...(memory !== undefined && { memory }) };
  }
}

const each = (heard: Heard | readonly [Heard, ...Heard[]]): readonly Heard[] =>
  "answers" in heard || "failed" in heard ? [heard] : heard;

/** Sets of DS records that are looked at of one delegation: more than one is rare, and does not last. */
const MAX_WORDS = 4;

function distinct(words: readonly (readonly Delegation[])[]): (readonly Delegation[])[] {
  const text = (word: readonly Delegation[]) =>
    word
      .map(({ tag, algorithm, digestType, digest }) => `${tag} ${algorithm} ${digestType} ${digest.toString("hex")}`)
      .sort()
      .join();
  return [...new Map(words.map((word) => [text(word), word])).values()].slice(0, MAX_WORDS);
}

const RANK = ["secure", "insecure", "bogus", "indeterminate"] as const;

/** The first of those that tell most. */
const best = (found: readonly ZoneTrust[]): ZoneTrust =>
  found.reduce((most, one) => (RANK.indexOf(one.status) < RANK.indexOf(most.status) ? one : most));
