import { setTimeout as wait } from "node:timers/promises";
import { certificateNames, type Definition } from "../definition";
import { AcmeError } from "./acme/acme-error";
import type { ChallengeAnswerer } from "./acme/challenge-answerer";
import { keepRenewed, type RenewalEvent, type RenewOptions, renewIfDue } from "./acme/keep-renewed";
import { type AcmeAccountOptions, LETS_ENCRYPT } from "./acme/obtain-options";
import type { TrustStore } from "./chain";
import { inspectChain } from "./check/inspect-chain";
import { type CertificateReport, certificateReport, subjectOf } from "./check/report";
import { type ExportQuestion, exportCertificate } from "./export/export-certificate";
import { fetchIssuer } from "./import/fetch-issuer";
import { type ImportResult, importReply } from "./import/import-reply";
import { type Passphrases, readReply } from "./import/read-reply";
import { LabCa } from "./lab-ca";
import { certificatesOfPem } from "./pem";
import { type CertificatePlan, planCertificate } from "./plan/plan-certificate";
import { createRequest, type MadeRequest } from "./request/create-request";
import type { ListSource } from "./revocation/list-source";
import { assignable, missingNames } from "./store/assignable";
import {
  type CertificateRecord,
  type CertificateStore,
  openCertificateStore,
  type RequestRecord,
  StoreError,
} from "./store/certificate-store";

export interface RequestChoice {
  /** Microsoft's certificate template: its name, or its identifier as `OID[:MAJOR[.MINOR]]`. */
  readonly template?: string;
  /** Left out: the key is kept unencrypted, in mode 0600. */
  readonly keyPassphrase?: string;
}

export interface ImportChoice {
  /** What the chain has to lead to. */
  readonly trust: TrustStore;
  /** What opens a PKCS#12 file, and a key in PEM; the latter encrypts a key that came along. */
  readonly passphrases?: Passphrases;
  /** True: CAs' certificates that are missing are fetched from where others name them. Default: false. */
  readonly fetchIssuers?: boolean;
}

export interface Assigned {
  readonly live: CertificateRecord;
  /** What was live before. */
  readonly before: CertificateRecord | undefined;
  /** Names of the definition that it lacks: partners refuse those domains. */
  readonly missingNames: readonly string[];
}

export interface ExportChoice extends Pick<ExportQuestion, "format" | "keyPassphrase" | "exportPassphrase"> {
  /** Left out: the live one. */
  readonly id?: string;
}

/** The directory is the definition's, Let's Encrypt's where it names none. */
export interface AcmeChoice extends Omit<AcmeAccountOptions, "directory"> {
  /** Proves the names: `dnsAnswerer`, `httpAnswerer` or `tlsAlpnAnswerer`, as the definition's `challenge` says. */
  readonly answerer: ChallengeAnswerer;
  /** Milliseconds for one attempt. Default: an hour. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RenewalEvent) => void;
}

export interface CheckChoice {
  readonly trust: TrustStore;
  /** Where revocation lists come from, such as `httpListSource()`. Left out: revocation is not looked at. */
  readonly lists?: ListSource;
  readonly signal?: AbortSignal;
}

const HOUR = 3_600_000;

/**
 * The certificates of one definition in one store: what the verbs of `xmpp-edge certificate` do. Whatever is refused is
 * thrown as an error with `code` and `remedy`, and the live certificate stays what it was.
 */
export class EdgeCertificates {
  /** Requests, history, keys; what is live. */
  readonly store: CertificateStore;

  private constructor(
    readonly definition: Definition,
    directory: string,
    private readonly now: () => number,
  ) {
    this.store = openCertificateStore(directory, { now });
  }

  /**
   * Opens the store in a directory; makes it where there is none, for its owner alone.
   * @param now milliseconds since 1970
   * @throws StoreError where others may look into it, or it cannot be written
   */
  static open(definition: Definition, directory: string, now: () => number = Date.now): EdgeCertificates {
    return new EdgeCertificates(definition, directory, now);
  }

  /** What the certificate will hold and why, what is wrong with the present one, when the next is due. */
  plan(): CertificatePlan {
    return planCertificate(this.definition, this.store, this.#date());
  }

  /**
   * Makes a key and a request (PKCS#10) with the definition's subject, names and kind of key.
   * @throws CertificateRequestError, StoreError
   */
  async request({ template, keyPassphrase }: RequestChoice = {}): Promise<MadeRequest & { record: RequestRecord }> {
    const { key } = this.definition.certificate;
    const { subject } = certificateNames(this.definition);
    const made = await createRequest({
      subject,
      names: this.#names(),
      key,
      ...(template === undefined ? {} : { template }),
      ...(keyPassphrase === undefined ? {} : { keyPassphrase }),
    });
    const record = this.store.addRequest({
      ...made,
      commonName: subject.commonName,
      names: this.#names(),
      keyType: key.type,
      bits: key.bits,
      ...this.#friendlyName(),
    });
    return { ...made, record };
  }

  /**
   * Takes a CA's reply (PEM, DER, PKCS#7, PKCS#12; any number of files in any order) if nothing speaks against it.
   * Makes nothing live.
   * @returns without `record` where it was refused: its findings say why
   * @throws ReplyError, NoKeyError, FetchError, StoreError
   */
  async import(
    files: readonly Buffer[],
    { trust, passphrases = {}, fetchIssuers }: ImportChoice,
  ): Promise<ImportResult> {
    return importReply({
      replies: files.map((bytes) => readReply(bytes, passphrases)),
      store: this.store,
      names: this.#names(),
      trust,
      now: this.#date(),
      ...(passphrases.key === undefined ? {} : { keyPassphrase: passphrases.key }),
      ...this.#friendlyName(),
      ...(fetchIssuers === true ? { fetchIssuer: (url: string) => fetchIssuer(url) } : {}),
    });
  }

  /**
   * Makes a certificate live: a gateway that runs on the store serves it from the next stream on.
   * @param id left out: the newest
   * @throws StoreError where there is none, or it is not valid now
   */
  assign(id?: string): Assigned {
    const before = this.store.live();
    const chosen = assignable(this.store, id, this.#date());
    this.store.assign(chosen.id);
    return { live: { ...chosen, live: true }, before, missingNames: missingNames(chosen, this.#names()) };
  }

  /** Makes live what was before; again, the one before that. @throws StoreError `nothing-to-roll-back` */
  rollBack(): CertificateRecord {
    return this.store.rollBack();
  }

  /**
   * A certificate with chain and key, as PKCS#12 or PEM, where the definition marks the key exportable.
   * @throws ExportError, StoreError
   */
  export({ id, ...choice }: ExportChoice): Buffer {
    const chosen = id ?? this.store.live()?.id;
    if (chosen === undefined)
      throw new StoreError("unknown-certificate", "no certificate is live", "name one by its id, or make one live");
    const { exportableKey } = this.definition.certificate;
    return exportCertificate({ store: this.store, id: chosen, exportableKey, ...choice });
  }

  /**
   * Obtains the certificate by ACME where none is live or the live one is due, and makes it live. After a crash it goes
   * on where it was. One at a time in a process.
   * @returns undefined where nothing is due
   * @throws AcmeError, DnsHostError, StoreError
   */
  async renew(choice: AcmeChoice): Promise<CertificateRecord | undefined> {
    return renewIfDue(this.#renewal(choice));
  }

  /** The same for as long as the signal does not abort: renews in time, and waits after failures. One in a process. */
  async keepRenewed(choice: AcmeChoice): Promise<void> {
    return keepRenewed(this.#renewal(choice));
  }

  /**
   * Has a CA for tests issue a certificate for the definition's names and makes it live. The CA's key is forgotten.
   * @returns the CA's certificate with it: what whoever shall trust it needs
   * @throws LabCaError, StoreError
   */
  async issueForLab(validDays = 30): Promise<{ readonly record: CertificateRecord; readonly caPem: string }> {
    const names = this.#names();
    const permittedDomains = [...new Set(names.map((name) => name.replace(/^\*\./, "")))];
    const ca = await LabCa.create({ now: this.#date(), validDays, permittedDomains });
    const issued = await ca.issue({ commonName: this.definition.accessEdge.fqdn, names });
    const record = this.store.addCertificate({ ...issued, source: "lab", ...this.#friendlyName() });
    this.store.assign(record.id);
    return { record: { ...record, live: true }, caPem: ca.certificatePem };
  }

  /**
   * Looks at the live certificate as partners will: chain, names, days left, revocation, and what its uses mean for
   * SASL EXTERNAL.
   * @throws StoreError where none is live; rejects where the signal aborts
   */
  async check({ trust, lists, signal }: CheckChoice): Promise<CertificateReport> {
    const live = this.store.live();
    if (live === undefined) throw new StoreError("unknown-certificate", "no certificate is live", "make one live");
    const domains = this.definition.domains.map(({ name }) => name);
    const inspection = await inspectChain({
      chain: certificatesOfPem(this.store.credentials(live.id).certificatePem),
      domains,
      names: this.#names().filter((name) => !domains.includes(name)),
      trust,
      now: this.#date(),
      live: false,
      ...(lists === undefined ? {} : { lists }),
      ...(signal === undefined ? {} : { signal }),
    });
    return certificateReport([subjectOf(`live certificate ${live.id}`, inspection)]);
  }

  #renewal({ answerer, timeout = HOUR, signal, onEvent = () => undefined, ...account }: AcmeChoice): RenewOptions {
    const { key, friendlyName, source } = this.definition.certificate;
    if (source.kind !== "acme" || source.challenge !== answerer.type)
      throw new AcmeError(
        "acme-refused",
        source.kind === "acme"
          ? `the definition has its names proved by ${source.challenge}, not by ${answerer.type}`
          : `the definition's certificate comes from ${source.kind}, not from ACME`,
        `set certificate.source to { "kind": "acme", "challenge": "${answerer.type}" }`,
      );
    return {
      account: { ...account, directory: source.directory ?? LETS_ENCRYPT },
      names: this.#names(),
      key,
      friendlyName,
      answerer,
      store: this.store,
      timeout,
      now: this.now,
      sleep: (time) => wait(time, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
      signal,
      random: Math.random,
      onEvent,
    };
  }

  #names(): string[] {
    return certificateNames(this.definition).names.map(({ name }) => name);
  }

  #friendlyName(): { friendlyName?: string } {
    const { friendlyName } = this.definition.certificate;
    return friendlyName === undefined ? {} : { friendlyName };
  }

  #date(): Date {
    return new Date(this.now());
  }
}
