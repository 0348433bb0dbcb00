/** Whether a certificate of the history may become live. */
import type { CertificateRecord, CertificateStore } from "./certificate-store";
import { StoreError } from "./store-error";

/**
 * The certificate to make live.
 * @param id left out: the newest
 * @throws StoreError where there is none, or it is not valid now: every partner would refuse it
 */
export function assignable(store: CertificateStore, id: string | undefined, now: Date): CertificateRecord {
  const all = store.certificates();
  const record = id === undefined ? all[0] : all.find((one) => one.id === id);
  if (record === undefined)
    throw new StoreError(
      "unknown-certificate",
      id === undefined ? "the store has no certificate" : `there is no certificate ${JSON.stringify(id.slice(0, 80))}`,
      "xmpp-edge certificate history lists them; import one",
    );
  const moment = now.toISOString();
  if (moment > record.notAfter || moment < record.notBefore)
    throw new StoreError(
      "not-valid-now",
      `${record.id} is valid from ${record.notBefore} to ${record.notAfter} only: partners would refuse it`,
      "assign another one, or set the clock of this machine",
    );
  return record;
}

/** Names that a certificate lacks: partners of those domains would refuse it. */
export function missingNames(record: CertificateRecord, expected: readonly string[]): string[] {
  const covered = (name: string) =>
    record.names.includes(name) || record.names.includes(`*.${name.slice(name.indexOf(".") + 1)}`);
  return expected.filter((name) => !covered(name));
}
