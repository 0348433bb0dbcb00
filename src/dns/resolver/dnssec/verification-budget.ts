/** Signatures checked for one set of records: colliding key tags must not multiply work (KeyTrap, CVE-2023-50387). */
const PER_SET = 16;
/** And for everything that one question needs. */
const IN_ALL = 256;

/** Bounds what hostile keys and signatures can cost. */
export class VerificationBudget {
  #left: number;

  constructor(inAll = IN_ALL) {
    this.#left = inAll;
  }

  /** The attempts for one set of records; `take` says whether one more may be made. */
  ofSet(): { take(): boolean } {
    let left = PER_SET;
    return {
      take: () => {
        if (left <= 0 || this.#left <= 0) return false;
        left--;
        this.#left--;
        return true;
      },
    };
  }
}
