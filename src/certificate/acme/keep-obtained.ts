import { createPrivateKey, createPublicKey } from "node:crypto";
import type { CertificateRecord } from "../store/certificate-store";
import { spkiSha256 } from "../store/stored-pair";
import type { AcmeState } from "./acme-state";
import type { ObtainOptions } from "./obtain-options";
import { checkObtained } from "./obtained-certificate";
import type { OrderWork } from "./order-work";

/**
 * Puts what came into the store and makes it live, if it is what was asked for. The order ends either way.
 * @throws AcmeError `acme-certificate`, StoreError
 */
export function keepObtained(work: OrderWork, chainPem: string): CertificateRecord {
  const { store, now, friendlyName } = work.options;
  const { keyPem } = work.stored();
  try {
    checkObtained(chainPem, { keyPem, names: work.names, now: now() });
  } catch (error) {
    work.state.order = undefined; // the CA will give the same one again
    throw error;
  }
  const kept = store.addCertificate({
    certificatePem: chainPem,
    keyPem,
    source: "acme",
    ...(friendlyName === undefined ? {} : { friendlyName }),
  });
  work.at("stored");
  store.assign(kept.id);
  work.at("assigned");
  work.state.order = undefined;
  return { ...kept, live: true };
}

/**
 * What a crash after the download left: the certificate is in the store. One that never was live becomes so now; one
 * that was is an old story, and its order must not be taken for the next.
 */
export function finishStored(state: AcmeState, { store, onStep }: ObtainOptions): CertificateRecord | undefined {
  const order = state.order;
  if (order === undefined) return undefined;
  const spki = spkiSha256(createPublicKey(createPrivateKey(order.keyPem)));
  const stored = store.certificates().find((one) => one.spkiSha256 === spki);
  if (stored === undefined) return undefined;
  const wasLive = store.assignments().some(({ certificate }) => certificate === stored.id);
  if (!wasLive) store.assign(stored.id);
  state.order = undefined;
  if (wasLive) return undefined;
  onStep?.("assigned");
  return { ...stored, live: true };
}
