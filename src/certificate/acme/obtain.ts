import type { CertificateRecord } from "../store/certificate-store";
import { AcmeError } from "./acme-error";
import { AcmeServer } from "./acme-server";
import { AcmeState } from "./acme-state";
import { finishStored, keepObtained } from "./keep-obtained";
import type { ObtainOptions } from "./obtain-options";
import { carryThrough } from "./order-course";
import { OrderWork } from "./order-work";

/**
 * Obtains a certificate by ACME (RFC 8555) and makes it the live one. What it does is written down before
 * it is done: called again after a crash at any point it goes on where it was. Nothing of the present certificate
 * changes unless the new one is there and checked.
 * @throws AcmeError, DnsHostError, StoreError
 */
export async function obtain(options: ObtainOptions): Promise<CertificateRecord> {
  const { account, store } = options;
  const timeout = AbortSignal.timeout(options.timeout);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  const state = new AcmeState(store.folder("acme"), account.directory);
  const unfinished = finishStored(state, options);
  if (unfinished !== undefined) return unfinished;
  const server = new AcmeServer({
    directory: account.directory,
    accountKeyPem: state.accountKeyPem(),
    accountUrl: state.accountUrl,
    externalAccount: account.externalAccount,
    signal,
    ...(account.anchorsPem === undefined ? {} : { anchorsPem: account.anchorsPem }),
  });
  try {
    const work = new OrderWork({ ...options, signal }, state, server);
    return keepObtained(work, await carryThrough(work));
  } catch (error) {
    if (!timeout.aborted || options.signal?.aborted) throw error;
    throw new AcmeError(
      "acme-timeout",
      `no certificate in ${Math.round(options.timeout / 1000)} s; the last word: ${(error as Error).message}`,
      "call again: it goes on where it was",
      { cause: error },
    );
  } finally {
    server.close();
    await options.answerer.close();
  }
}
