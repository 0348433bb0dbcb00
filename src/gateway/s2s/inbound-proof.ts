import type { PeerEvidence } from "../../certificate/peer-evidence";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { prepareDomain } from "../../definition/names/domain";
import type { ServerHeader } from "../../stream/header";
import { proofOfDomain } from "./domain-proof";
import type { StreamHost } from "./stream-host";

/** What a peer may send before it is answered: it has to wait for our header anyhow. */
const MOST_WAITING = 16;

/**
 * What is known of a peer that has connected to us beside its chain. Where TLSA records or a POSH document are
 * what proves it, its stream stands still until they have come: features depend on them.
 */
export class InboundProof {
  readonly #abort = new AbortController();
  #evidence: PeerEvidence = {};
  /** What came meanwhile, in order; undefined while nothing is looked up. */
  #waiting: (() => void)[] | undefined;

  constructor(private readonly host: Pick<StreamHost, "surroundings" | "identity" | "targetPolicy">) {}

  /** Of a domain. What is known of one proves nothing about another. */
  get evidence(): PeerEvidence {
    return this.#evidence;
  }

  /** Whether something is being looked up. */
  get waits(): boolean {
    return this.#waiting !== undefined;
  }

  /** Looks up what proves the domain, and then goes on with `then` and all that came meanwhile. */
  look(domain: string, row: DocumentPartner, then: () => void): void {
    this.#waiting = [then];
    void proofOfDomain(domain, row, this.host, this.#abort.signal).then((evidence) => {
      this.#evidence = evidence;
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      for (const run of waiting) run();
    });
  }

  /**
   * Runs it now, or when what is looked up has come.
   * @returns false where more waits than may
   */
  inTurn(run: () => void): boolean {
    if (this.#waiting === undefined) run();
    else if (this.#waiting.length >= MOST_WAITING) return false;
    else this.#waiting.push(run);
    return true;
  }

  /** Nobody waits any more. */
  giveUp(): void {
    this.#waiting = this.#waiting && [];
    this.#abort.abort();
  }
}

/** The partner that a header names, and its row; undefined where it names none. */
export function partnerOf(
  { from, to }: Pick<ServerHeader, "from" | "to">,
  host: Pick<StreamHost, "policy">,
): { readonly remote: string; readonly row: DocumentPartner } | undefined {
  const local = prepareDomain(to ?? "");
  const remote = prepareDomain(from ?? "");
  if (!local.ok || !remote.ok) return undefined;
  const row = host.policy().row(local.domain, remote.domain);
  return row === undefined ? undefined : { remote: remote.domain, row };
}
