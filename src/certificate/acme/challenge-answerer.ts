import type { Authorization } from "./acme-server";
import type { AnswerRecord } from "./acme-state";

/**
 * One way to prove that names are ours (RFC 8555 section 8). What is published for a name is a record: it can be
 * written down, so that whoever comes after a crash can publish it again and take it away. Publishing and taking away
 * may be repeated without harm; records of another way of proving are left alone.
 */
export interface ChallengeAnswerer {
  /** The challenge that is answered, as the CA's authorizations call it. */
  readonly type: string;
  /** What to look at where the CA is not convinced. */
  readonly remedy: string;
  /**
   * What has to be published for a name. Nothing is yet: the order writes it down first.
   * @param keyAuthorization RFC 8555 section 8.1: the challenge's token, a dot, the account key's thumbprint
   */
  recordFor(authorization: Authorization, keyAuthorization: string): Promise<AnswerRecord>;
  /** Publishes them. */
  present(records: readonly AnswerRecord[]): Promise<void>;
  /** Resolves when the CA will see them. */
  shown(records: readonly AnswerRecord[]): Promise<void>;
  /** Takes them away; those that are not there are no error. */
  remove(records: readonly AnswerRecord[]): Promise<void>;
  /** The attempt is over: nothing is listened on any more. What is published elsewhere stays for the next attempt. */
  close(): Promise<void>;
}
