import { addressGroup } from "./address-group";

/** Addresses from which a partner is let in beside strangers, of all partners together. */
export const KNOWN_ADDRESSES = 32_768;
/** And of one partner: it must not push the others' out. */
export const KNOWN_OF_PARTNER = 64;
/** How long an address counts that nobody has used, in ms. */
export const KNOWN_FOR_MS = 30 * 86_400_000;
/** What is kept of an address is written again after this time, in ms: not with every stream. */
const WRITTEN_EACH_MS = 86_400_000;

/** A partner, by its first domain, and an address (IPv6: /64) that it was at. */
export interface KnownAddress {
  readonly partner: string;
  readonly address: string;
  /** ms since the epoch. */
  readonly seenAt: number;
}

/** Where known addresses outlive the process. */
export interface AddressMemory {
  /** Oldest first. */
  knownAddresses(): KnownAddress[];
  putKnownAddress(known: KnownAddress): void;
  removeKnownAddress(partner: string, address: string): void;
}

/** From where partners authenticated, or where their servers were reached: strangers must not keep them out. */
export class KnownAddresses {
  /** By partner and address, in order of use: the first was not used for longest. */
  readonly #seen = new Map<string, KnownAddress>();
  readonly #byAddress = new Map<string, Set<string>>();
  readonly #byPartner = new Map<string, Set<string>>();
  /** What is to be written, by partner and address. */
  readonly #changes = new Map<string, (memory: AddressMemory) => void>();

  /** @param memory default: none, as at every start */
  constructor(
    private readonly now: () => number,
    private readonly memory?: AddressMemory,
  ) {
    const oldest = now() - KNOWN_FOR_MS;
    for (const known of memory?.knownAddresses() ?? [])
      if (known.seenAt < oldest)
        this.#changes.set(keyOf(known.partner, known.address), (kept) =>
          kept.removeKnownAddress(known.partner, known.address),
        );
      else this.#keep(known);
  }

  /** A partner was there. */
  learn(partner: string, address: string): void {
    const group = addressGroup(address);
    const before = this.#seen.get(keyOf(partner, group));
    const now = this.now();
    const isWritten = before !== undefined && now - before.seenAt < WRITTEN_EACH_MS;
    const known = { partner, address: group, seenAt: isWritten ? before.seenAt : now };
    this.#keep(known);
    if (!isWritten) this.#changes.set(keyOf(partner, group), (kept) => kept.putKnownAddress(known));
  }

  /** Writes what was learnt and forgotten since: together, for a commit costs more than a row. */
  write(): void {
    const changes = [...this.#changes.values()];
    this.#changes.clear();
    if (this.memory === undefined) return;
    try {
      for (const change of changes) change(this.memory);
    } catch {
      // It has told of its failure itself, and nothing here depends on it.
    }
  }

  /** Whether any partner was at that address. */
  has(group: string): boolean {
    return this.#byAddress.has(group);
  }

  /** The partner that was there, where it is the only one: others may be behind the same address. */
  onlyPartnerAt(group: string): string | undefined {
    const partners = this.#byAddress.get(group);
    return partners?.size === 1 ? partners.values().next().value : undefined;
  }

  #keep(known: KnownAddress): void {
    const { partner, address } = known;
    const key = keyOf(partner, address);
    this.#seen.delete(key);
    this.#seen.set(key, known);
    add(this.#byAddress, address, partner);
    const own = add(this.#byPartner, partner, address);
    if (own.size > KNOWN_OF_PARTNER) this.#forget(partner, own.values().next().value!);
    const [oldest] = this.#seen.size > KNOWN_ADDRESSES ? this.#seen.values() : [];
    if (oldest !== undefined) this.#forget(oldest.partner, oldest.address);
  }

  #forget(partner: string, address: string): void {
    const key = keyOf(partner, address);
    this.#seen.delete(key);
    remove(this.#byAddress, address, partner);
    remove(this.#byPartner, partner, address);
    this.#changes.set(key, (kept) => kept.removeKnownAddress(partner, address));
  }
}

/** Neither a domain nor an address has a space. */
const keyOf = (partner: string, address: string) => `${partner} ${address}`;

/** The value becomes the last of its set. */
function add(sets: Map<string, Set<string>>, key: string, value: string): Set<string> {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set);
  set.delete(value);
  set.add(value);
  return set;
}

function remove(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}
