/** Signatures checked for one set of records: colliding key tags must not multiply work (KeyTrap, CVE-2023-50387). */
const PER_SET = 16;
/** And for all that one answer needs. The dearest, over P-384, takes most of a millisecond. */
const IN_ALL = 24;
/** So many octets cost as much again as the signature over them. */
const OCTETS = 65_536;
/** Rounds of NSEC3 hashing for one answer (CVE-2023-50868): 27 names at 150 iterations. A round takes some 4 µs. */
const ROUNDS = 4096;

/** Bounds what hostile keys, signatures and hashes can cost. One for each answer that is judged. */
export class VerificationBudget {
  #signatures = IN_ALL;
  #rounds = ROUNDS;

  /** The attempts for one set of records; `take` says whether one more, over so many octets, may be made. */
  ofSet(): { take(octets: number): boolean } {
    let left = PER_SET;
    return {
      take: (octets) => {
        const cost = 1 + Math.floor(octets / OCTETS);
        if (left <= 0 || this.#signatures <= 0) return false;
        left -= cost;
        this.#signatures -= cost;
        return true;
      },
    };
  }

  /** Whether so many more rounds of a hash may be computed. */
  takeRounds(rounds: number): boolean {
    if (rounds > this.#rounds) return false;
    this.#rounds -= rounds;
    return true;
  }
}
