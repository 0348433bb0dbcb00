import { setImmediate } from "node:timers/promises";
import { BoundedCache } from "../bounded-cache";
import type { Certificate } from "../certificate";
import { DerError } from "../der";
import { entriesOf, findListIssuerFault, findListUseFault, type RevocationList, readRevocationList } from "./crl";
import type { RevocationPointers } from "./pointers";
import type { RevocationAnswer } from "./status";

/** Entries read between two chances for others to have the event loop: some 2 ms. */
const TURN = 2_000;
/** CAs of one name, of which one may have signed the list: a CA that changed its key. */
const MAXIMUM_SIGNERS = 16;

/** A revocation list that is asked often: read once, its signature checked once for each CA. */
export class IndexedList {
  /** What was found of each CA's signature, by the CA's fingerprint: the empty text where it stands. */
  readonly #signers = new BoundedCache<string>(MAXIMUM_SIGNERS);

  private constructor(
    private readonly list: RevocationList,
    private readonly revoked: ReadonlyMap<string, Extract<RevocationAnswer, { readonly status: "revoked" }>>,
  ) {}

  /**
   * Reads a list, in turns: the largest has some 250,000 entries.
   * @param bytes DER
   * @throws DerError where it cannot be read, every entry included
   */
  static async read(bytes: Buffer): Promise<IndexedList> {
    const list = readRevocationList(bytes);
    const revoked = new Map<string, Extract<RevocationAnswer, { readonly status: "revoked" }>>();
    let count = 0;
    for (const entry of list.entries === undefined ? [] : entriesOf(list.entries)) {
      revoked.set(entry.serialNumber.toString("latin1"), entry.read());
      if (++count % TURN === 0) await setImmediate();
    }
    return new IndexedList(list, revoked);
  }

  /** The issuer's name in DER, as a string of bytes. */
  get issuerKey(): string {
    return this.list.issuerKey;
  }

  /** When a newer one is due; undefined where it does not say, and is never believed. */
  get nextUpdate(): Date | undefined {
    return this.list.nextUpdate;
  }

  /** How many certificates it revokes. */
  get size(): number {
    return this.revoked.size;
  }

  /** What it says of a certificate; `issuer` is the CA above it on an accepted path. */
  judge(
    of: { readonly certificate: Certificate; readonly pointers: RevocationPointers },
    issuer: Certificate,
    now: Date,
  ): RevocationAnswer {
    const because = this.#signerFault(issuer) || findListUseFault(this.list, of, now);
    const { nextUpdate } = this.list;
    if (because || nextUpdate === undefined)
      return { status: "unknown", because: because || "it does not say when the next one comes" };
    return this.revoked.get(of.pointers.serialNumber.toString("latin1")) ?? { status: "good", nextUpdate };
  }

  #signerFault(issuer: Certificate): string {
    const known = this.#signers.get(issuer.sha256);
    if (known !== undefined) return known;
    const fault = signerFault(this.list, issuer);
    this.#signers.set(issuer.sha256, fault);
    return fault;
  }
}

function signerFault(list: RevocationList, issuer: Certificate): string {
  try {
    return findListIssuerFault(list, issuer) ?? "";
  } catch (error) {
    if (error instanceof DerError) return `it cannot be read: ${error.message}`;
    throw error;
  }
}
