import { createHash } from "node:crypto";

/** Signatures of one zone that may turn out wrong before no more are tried: a sound zone has next to none. */
const WRONG = 512;

/**
 * What was found out of a zone's signatures: two servers and many questions give the same ones. It also bounds what a
 * hostile zone can cost whose every server sends signatures of its own.
 */
export class SignatureMemory {
  readonly #known = new Map<string, boolean>();
  #wrong = 0;

  /**
   * Whether the signature stands.
   * @param check finds it out where it is not known
   * @returns undefined where too many did not, and this one is not known
   */
  stands(key: Buffer, signed: Buffer, signature: Buffer, check: () => boolean): boolean | undefined {
    const hash = createHash("sha256").update(key).update(signed).update(signature);
    // Neither the length of the key nor of what is signed may be shifted into the other.
    const id = `${key.length} ${signed.length} ${hash.digest("base64")}`;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    if (this.#wrong >= WRONG) return undefined;
    const stands = check();
    if (!stands) this.#wrong++;
    this.#known.set(id, stands);
    return stands;
  }
}
