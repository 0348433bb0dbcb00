/** A certificate store as files: each request and each certificate a folder that is there whole or not at all. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { certificatesOfPem } from "../pem";
import {
  type Assignment,
  assignmentsFile,
  CERTIFICATE_FILE,
  certificateFolder,
  isId,
  KEY_FILE,
  readAssignments,
  standing,
} from "./assignments";
import type { CertificateStore, NewCertificate, NewRequest } from "./certificate-store";
import { besides, replaceFile, sweepUnfinished, syncDirectory, writeFailed, writeSynced } from "./durable-file";
import { exclusively } from "./lock";
import { PRIVATE_DIRECTORY, PRIVATE_FILE, privateDirectory, readPrivateFile, readStoreFile } from "./private-file";
import {
  type CertificateRecord,
  parseCertificate,
  parseRequest,
  type RequestRecord,
  type StoredCertificate,
  type StoredRequest,
} from "./records";
import { StoreError } from "./store-error";
import { describePair, isEncrypted } from "./stored-pair";

const CSR_FILE = "request.csr";
const RECORD_FILE = "record.json";

export class DirectoryStore implements CertificateStore {
  readonly #requests: string;
  readonly #certificates: string;

  constructor(
    readonly directory: string,
    private readonly now: () => number,
  ) {
    this.#requests = join(directory, "requests");
    this.#certificates = join(directory, "certificates");
    for (const folder of [directory, this.#requests, this.#certificates]) privateDirectory(folder);
    for (const folder of [directory, this.#requests, this.#certificates]) sweepUnfinished(folder);
  }

  requests(): readonly RequestRecord[] {
    const newestFirst = (a: RequestRecord, b: RequestRecord) => (a.createdAt < b.createdAt ? 1 : -1);
    return idsIn(this.#requests)
      .map((id) => this.#readRequest(id))
      .sort(newestFirst);
  }

  #readRequest(id: string): RequestRecord {
    const folder = join(this.#requests, id);
    const file = join(folder, RECORD_FILE);
    const stored = parseRequest(readStoreFile(file), file);
    return { id, ...stored, csrFile: join(folder, CSR_FILE), keyFile: join(folder, KEY_FILE) };
  }

  addRequest({ csrPem, keyPem, ...about }: NewRequest): RequestRecord {
    return exclusively(this.directory, () => {
      const createdAt = this.#after(this.requests().map((one) => one.createdAt));
      const record: StoredRequest = { ...about, createdAt, keyEncrypted: isEncrypted(keyPem) };
      const id = newId(createdAt);
      this.#addFolder(join(this.#requests, id), {
        [CSR_FILE]: csrPem,
        [KEY_FILE]: keyPem,
        [RECORD_FILE]: jsonLines(record),
      });
      return this.#readRequest(id);
    });
  }

  requestCredentials(id: string) {
    const folder = this.#known(this.#requests, id, "request");
    return { csrPem: readStoreFile(join(folder, CSR_FILE)), keyPem: readPrivateFile(join(folder, KEY_FILE)) };
  }

  certificates(): readonly CertificateRecord[] {
    const live = this.#liveId();
    const newestFirst = (a: CertificateRecord, b: CertificateRecord) => (a.addedAt < b.addedAt ? 1 : -1);
    return idsIn(this.#certificates)
      .map((id) => this.#readCertificate(id, live))
      .sort(newestFirst);
  }

  #readCertificate(id: string, live: string | undefined): CertificateRecord {
    const file = join(certificateFolder(this.directory, id), RECORD_FILE);
    return { id, ...parseCertificate(readStoreFile(file), file), live: id === live };
  }

  addCertificate({ certificatePem, keyPem, ...about }: NewCertificate): CertificateRecord {
    const seen = describePair(certificatePem, keyPem);
    return exclusively(this.directory, () => {
      const { requestId } = about;
      if (requestId !== undefined) this.#known(this.#requests, requestId, "request");
      const before = this.certificates();
      const same = before.find((one) => one.sha256 === seen.sha256 && this.#has(one.id, certificatePem));
      const id = same?.id ?? this.#addToHistory(before, { ...about, ...seen }, certificatePem, keyPem);
      if (requestId !== undefined) this.#closeRequest(requestId);
      return this.#readCertificate(id, this.#liveId());
    });
  }

  #has(id: string, certificatePem: string): boolean {
    const kept = certificatesOfPem(this.credentials(id).certificatePem);
    return Buffer.concat(kept).equals(Buffer.concat(certificatesOfPem(certificatePem)));
  }

  #addToHistory(
    before: readonly CertificateRecord[],
    about: Omit<StoredCertificate, "addedAt">,
    certificatePem: string,
    keyPem: string,
  ): string {
    const addedAt = this.#after(before.map((one) => one.addedAt));
    const id = newId(addedAt);
    this.#addFolder(certificateFolder(this.directory, id), {
      [CERTIFICATE_FILE]: certificatePem,
      [KEY_FILE]: keyPem,
      [RECORD_FILE]: jsonLines({ addedAt, ...about }),
    });
    return id;
  }

  /** The certificate has its key now; a crash in between leaves an open request, which does no harm. */
  #closeRequest(id: string): void {
    const folder = join(this.#requests, id);
    const aside = besides(folder);
    try {
      renameSync(folder, aside);
      rmSync(aside, { recursive: true });
      syncDirectory(this.#requests);
    } catch (error) {
      throw writeFailed(folder, error);
    }
  }

  credentials(id: string) {
    const folder = this.#known(this.#certificates, id, "certificate");
    return {
      certificatePem: readStoreFile(join(folder, CERTIFICATE_FILE)),
      keyPem: readPrivateFile(join(folder, KEY_FILE)),
    };
  }

  assign(id: string): void {
    this.credentials(id); // readable, and its key nobody else's
    exclusively(this.directory, () => this.#append({ certificate: id, at: this.#timestamp(), how: "assign" }));
  }

  rollBack(): CertificateRecord {
    return exclusively(this.directory, () => {
      const before = standing(this.assignments()).at(-2);
      if (before === undefined)
        throw new StoreError(
          "nothing-to-roll-back",
          "no other certificate was live before this one",
          "name one of the history and assign it",
        );
      this.credentials(before);
      this.#append({ certificate: before, at: this.#timestamp(), how: "roll-back" });
      return this.#readCertificate(before, before);
    });
  }

  live(): CertificateRecord | undefined {
    const id = this.#liveId();
    return id === undefined ? undefined : this.#readCertificate(id, id);
  }

  assignments(): readonly Assignment[] {
    return readAssignments(this.directory);
  }

  folder(name: "acme"): string {
    const folder = join(this.directory, name);
    privateDirectory(folder);
    return folder;
  }

  #liveId(): string | undefined {
    return standing(this.assignments()).at(-1);
  }

  #append(assignment: Assignment): void {
    const assignments = [...this.assignments(), assignment];
    replaceFile(assignmentsFile(this.directory), jsonLines({ assignments }), PRIVATE_FILE);
  }

  #timestamp(): string {
    return new Date(this.now()).toISOString();
  }

  /** Now, or just after the newest of the moments: their order holds, whatever became of the clock. */
  #after(moments: readonly string[]): string {
    const newest = Math.max(...moments.map((moment) => Date.parse(moment)), 0);
    return new Date(Math.max(this.now(), newest + 1)).toISOString();
  }

  /** A folder that is there with all its files or not at all. */
  #addFolder(folder: string, files: Readonly<Record<string, string>>): void {
    const unfinished = besides(folder);
    try {
      mkdirSync(unfinished, { mode: PRIVATE_DIRECTORY });
      for (const [name, content] of Object.entries(files)) writeSynced(join(unfinished, name), content, PRIVATE_FILE);
      syncDirectory(unfinished);
      renameSync(unfinished, folder);
      syncDirectory(join(folder, ".."));
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      throw writeFailed(folder, error);
    }
  }

  #known(parent: string, id: string, what: "request" | "certificate"): string {
    const folder = join(parent, id);
    if (isId(id) && existsSync(folder)) return folder;
    throw new StoreError(
      what === "request" ? "unknown-request" : "unknown-certificate",
      `there is no ${what} ${JSON.stringify(id.slice(0, 80))} in ${this.directory}`,
      "xmpp-edge certificate history lists the ids",
    );
  }
}

const idsIn = (folder: string) => readdirSync(folder).filter(isId);
const jsonLines = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** Sortable and short enough to type: the second it was made, and something random. */
function newId(moment: string): string {
  const [day = "", time = ""] = moment.replace(/[-:]/g, "").split("T");
  return `${day}-${time.slice(0, 6)}-${randomBytes(4).toString("hex")}`;
}
