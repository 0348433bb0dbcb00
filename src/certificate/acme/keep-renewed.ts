import type { CertificateRecord } from "../store/certificate-store";
import { AcmeError } from "./acme-error";
import { AcmeServer } from "./acme-server";
import { AcmeState, type StoredRenewal } from "./acme-state";
import { obtain } from "./obtain";
import type { ObtainOptions } from "./obtain-options";
import type { ObtainStep } from "./obtain-step";
import { renewalInfo, renewalName } from "./renewal-info";
import { dueByLifetime, dueByWindow, runsOut, type Validity, waitAfterFailure } from "./renewal-timing";

/** What is told of a certificate's life, for the log and the alarm. Times in ISO 8601, UTC. */
export type RenewalEvent =
  | { readonly event: "due"; readonly at: string; readonly source: StoredRenewal["source"]; readonly daysLeft: number }
  | { readonly event: "step"; readonly step: ObtainStep }
  | {
      readonly event: "obtained";
      readonly id: string;
      readonly names: number;
      readonly notAfter: string;
      readonly daysLeft: number;
    }
  | {
      readonly event: "failed";
      readonly code: string;
      readonly reason: string;
      readonly remedy: string;
      readonly failures: number;
      readonly nextAttempt: string;
      /** Left out where no certificate is live. */
      readonly daysLeft?: number;
    }
  /** The alarm: renewal should have come long ago. */
  | { readonly event: "runs-out"; readonly notAfter: string; readonly daysLeft: number }
  /** The CA does not say when it wants the certificate renewed, though it offers to. */
  | { readonly event: "no-renewal-information"; readonly reason: string };

export interface RenewOptions extends Omit<ObtainOptions, "replaces" | "onStep"> {
  readonly random: () => number;
  readonly onEvent: (event: RenewalEvent) => void;
}

const DAY = 86_400_000;
/** Longest sleep: clocks jump, laptops sleep, and the alarm is to come daily at least. */
const LONGEST_SLEEP = 6 * 3_600_000;
const SIX_HOURS = 6 * 3_600_000;

/**
 * Renews the live certificate if it is due, or obtains the first one.
 * @returns the new one; undefined where the live one stays. A failure is remembered for `nextAttempt`, and thrown.
 */
export async function renewIfDue(options: RenewOptions): Promise<CertificateRecord | undefined> {
  const { store, account, now, onEvent } = options;
  const state = new AcmeState(store.folder("acme"), account.directory);
  const live = store.live();
  const due = live === undefined ? undefined : await dueOf(live, state, options);
  if (live !== undefined && due !== undefined && now() < due.renewAt && holdsAll(live, options.names)) return undefined;
  try {
    const replaces = live?.source === "acme" && due?.source === "ari" ? nameOf(live, options) : undefined;
    const obtained = await obtain({
      ...options,
      ...(replaces === undefined ? {} : { replaces }),
      onStep: (step) => onEvent({ event: "step", step }),
    });
    state.attempts = undefined;
    const { id, names, notAfter } = obtained;
    onEvent({ event: "obtained", id, names: names.length, notAfter, daysLeft: daysLeft(obtained, now()) });
    return obtained;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const failures = (state.attempts?.failures ?? 0) + 1;
    const remaining = live === undefined ? 0 : Date.parse(live.notAfter) - now();
    const retryAfter = error instanceof AcmeError ? error.retryAfter : undefined;
    const notBefore = now() + waitAfterFailure(failures, { remaining, retryAfter, random: options.random });
    const {
      code = "fault",
      remedy = "tell its makers",
      message,
    } = error as { code?: string; remedy?: string; message: string };
    state.attempts = { failures, notBefore, reason: message.slice(0, 1000) };
    onEvent({
      event: "failed",
      code,
      reason: message,
      remedy,
      failures,
      nextAttempt: new Date(notBefore).toISOString(),
      ...(live === undefined ? {} : { daysLeft: daysLeft(live, now()) }),
    });
    throw error;
  }
}

/**
 * Keeps a certificate live for as long as it runs: obtains, renews in time, waits after failures longer and longer,
 * and raises the alarm as days run low. Ends when the signal aborts.
 */
export async function keepRenewed(options: RenewOptions): Promise<void> {
  const { store, account, now, sleep, signal, onEvent } = options;
  while (!signal?.aborted) {
    const state = new AcmeState(store.folder("acme"), account.directory);
    const wait = (state.attempts?.notBefore ?? 0) - now();
    const obtained = wait > 0 ? undefined : await renewIfDue(options).catch(() => undefined); // told by its event
    if (obtained !== undefined) continue; // the new one has a date of its own
    const live = store.live();
    if (live !== undefined && runsOut(validityOf(live), now()))
      onEvent({ event: "runs-out", notAfter: live.notAfter, daysLeft: daysLeft(live, now()) });
    const { attempts, renewal } = new AcmeState(store.folder("acme"), account.directory);
    const moments = [
      attempts?.notBefore,
      attempts === undefined ? renewal?.renewAt : undefined,
      renewal?.checkAt,
    ].filter((moment) => moment !== undefined && moment > now()) as number[];
    await sleep(Math.min(...moments.map((moment) => moment - now()), LONGEST_SLEEP));
  }
}

/** When the live certificate is due: as decided before, or anew where it is another one or the CA is to be asked. */
async function dueOf(live: CertificateRecord, state: AcmeState, options: RenewOptions): Promise<StoredRenewal> {
  const { now, random, onEvent } = options;
  const known = state.renewal?.sha256 === live.sha256 ? state.renewal : undefined;
  if (known !== undefined && now() < known.checkAt) return known;
  const validity = validityOf(live);
  let renewal: StoredRenewal;
  const byLifetime = (): StoredRenewal => ({
    sha256: live.sha256,
    renewAt: known?.source === "lifetime" ? known.renewAt : dueByLifetime(validity, random),
    checkAt: now() + SIX_HOURS,
    source: "lifetime",
  });
  try {
    const info = live.source === "acme" ? await askServer(live, options) : undefined;
    renewal =
      info === undefined
        ? byLifetime()
        : {
            sha256: live.sha256,
            renewAt: dueByWindow(info.window, validity, { before: known?.renewAt, random }),
            checkAt: now() + info.askAgain,
            source: "ari",
          };
  } catch (error) {
    if (!(error instanceof AcmeError)) throw error;
    onEvent({ event: "no-renewal-information", reason: error.message });
    // RFC 9773 section 4.3: what was known stays; without it, the lifetime decides.
    renewal = known === undefined ? byLifetime() : { ...known, checkAt: now() + SIX_HOURS };
  }
  state.renewal = renewal;
  const { renewAt, source } = renewal;
  onEvent({ event: "due", at: new Date(renewAt).toISOString(), source, daysLeft: daysLeft(live, now()) });
  return renewal;
}

async function askServer(live: CertificateRecord, options: RenewOptions) {
  const { account, signal } = options;
  const name = nameOf(live, options);
  if (name === undefined) return undefined;
  const server = new AcmeServer({
    directory: account.directory,
    accountKeyPem: "", // nothing is signed here
    signal,
    ...(account.anchorsPem === undefined ? {} : { anchorsPem: account.anchorsPem }),
  });
  try {
    return await renewalInfo(server, account.directory, name);
  } finally {
    server.close();
  }
}

const nameOf = ({ id }: CertificateRecord, { store }: RenewOptions) =>
  renewalName(store.credentials(id).certificatePem);

const holdsAll = (live: CertificateRecord, names: readonly string[]) =>
  names.every((name) => live.names.includes(name));

const validityOf = ({ notBefore, notAfter }: CertificateRecord): Validity => ({
  notBefore: Date.parse(notBefore),
  notAfter: Date.parse(notAfter),
});

const daysLeft = ({ notAfter }: CertificateRecord, now: number) => Math.floor((Date.parse(notAfter) - now) / DAY);
