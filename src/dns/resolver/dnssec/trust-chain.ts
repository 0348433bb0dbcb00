import type { Delegation } from "./delegation";
import { VerificationBudget } from "./verification-budget";
import { nameFromText, type WireName } from "./wire-name";
import { TYPE } from "./wire-record";
import { delegationFrom, type Heard, trustByKeys, type ZoneTrust } from "./zone-trust";

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
  /** Puts a question to the servers of a zone; with the DO bit, so that signatures come too. */
  ask(question: { readonly name: string; readonly type: number }, zone: string): Promise<Heard>;
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
    if (anchor !== undefined) return this.#byKeys(text, zone, anchor.delegations);
    // Above every anchor nothing is claimed (RFC 4035 section 4.3, "indeterminate" in our words is silence alone).
    if (above.length === 0) return { status: "insecure", zone, because: "no-ds" };
    const parent = await this.trustIn(above);
    if (parent.status !== "secure") return { ...parent, zone: parent.status === "bogus" ? parent.zone : zone };
    const heard = await this.options.ask({ name: text, type: TYPE.DS }, above.at(-1)!);
    const { now } = this.options;
    const said = delegationFrom(parent, zone, heard, { now, budget: new VerificationBudget() });
    return "delegations" in said ? this.#byKeys(text, zone, said.delegations) : said;
  }

  async #byKeys(text: string, zone: WireName, delegations: readonly Delegation[]): Promise<ZoneTrust> {
    const heard = await this.options.ask({ name: text, type: TYPE.DNSKEY }, text);
    const { now } = this.options;
    return trustByKeys(zone, delegations, heard, { now, budget: new VerificationBudget() });
  }
}
