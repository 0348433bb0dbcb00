/** A CA's reply becomes a certificate of the store: found, put in order, judged, and taken or refused as a whole. */
import { createPublicKey, type KeyObject } from "node:crypto";
import type { Certificate } from "../certificate";
import { privateKeyPem } from "../request/private-key";
import type { CertificateRecord, CertificateStore } from "../store/certificate-store";
import { spkiSha256 } from "../store/stored-pair";
import { type ArrangedChain, arrangeChain, findLeaf } from "./arrange-chain";
import { type ChainFinding, type Expectation, judgeChain } from "./judge";
import type { Reply } from "./read-reply";

/** What to take, and for what. */
export interface ImportQuestion extends Expectation {
  /** All that was sent, file by file. */
  readonly replies: readonly Reply[];
  readonly store: CertificateStore;
  /** Encrypts a key that came along; left out: it is kept with mode 0600 alone. */
  readonly keyPassphrase?: string;
  /** Left out: that of the request. */
  readonly friendlyName?: string;
  /** Fetches a CA's certificate by a URL that another one names. Left out: nothing is fetched. */
  readonly fetchIssuer?: (url: string) => Promise<readonly Certificate[]>;
}

/** Where the key was found. */
export type KeyOrigin = "request" | "history" | "reply";

/** How it went. */
export interface ImportResult {
  /** Undefined where it was refused: then `findings` say why. */
  readonly record?: CertificateRecord;
  readonly findings: readonly ChainFinding[];
  readonly chain: ArrangedChain;
  readonly keyOrigin: KeyOrigin;
}

/** None of the certificates belongs to a key that is known here. */
export class NoKeyError extends Error {
  override readonly name = "NoKeyError";
  readonly code = "no-key";
  readonly remedy =
    "import it into the store that its request was made in (--store), or give the key's file along with it";

  constructor(certificates: readonly Certificate[]) {
    const subjects = certificates.slice(0, 5).map(({ subject }) => subject);
    super(`no key here belongs to ${subjects.join("; ") || "it: there is no certificate in it"}`);
  }
}

interface FoundKey {
  readonly origin: KeyOrigin;
  readonly pem: () => string;
  readonly requestId?: string;
  readonly friendlyName?: string;
}

/** Each round may bring one more CA's certificate. */
const MAXIMUM_FETCHES = 4;

/**
 * Adds the certificate to the store if nothing speaks against it; makes nothing live.
 * @throws NoKeyError, StoreError; FetchError and ReplyError of what was fetched
 */
export async function importReply(question: ImportQuestion): Promise<ImportResult> {
  const { store, trust } = question;
  const sent = distinct(question.replies.flatMap(({ certificates }) => certificates));
  const keys = keysAtHand(question);
  const leaf = findLeaf(sent, (spki) => keys.has(spki));
  const key = leaf && keys.get(spkiSha256(leaf.publicKey));
  if (leaf === undefined || key === undefined) throw new NoKeyError(sent);
  let chain = arrangeChain(leaf, sent, trust);
  for (let round = 0; chain.missing !== undefined && round < MAXIMUM_FETCHES; round++) {
    const [url] = chain.missing.urls;
    if (url === undefined || question.fetchIssuer === undefined) break;
    const fetched = await question.fetchIssuer(url);
    chain = arrangeChain(leaf, distinct([...sent, ...chain.served, ...fetched]), trust);
  }
  const findings = judgeChain(chain, question);
  const about = { findings, chain, keyOrigin: key.origin };
  if (findings.some(({ severity }) => severity === "refused")) return about;
  const friendlyName = question.friendlyName ?? key.friendlyName;
  const record = store.addCertificate({
    certificatePem: chain.served.map((one) => pemOf(one.der)).join(""),
    keyPem: key.pem(),
    source: key.origin === "reply" ? "imported" : "request",
    ...(friendlyName === undefined ? {} : { friendlyName }),
    ...(key.requestId === undefined ? {} : { requestId: key.requestId }),
  });
  return { ...about, record };
}

/** By SHA-256 of the public key. An open request comes before the history, and that before what was sent. */
function keysAtHand({ store, replies, keyPassphrase }: ImportQuestion): Map<string, FoundKey> {
  const keys = new Map<string, FoundKey>();
  const spki = (key: KeyObject) => spkiSha256(createPublicKey(key.export({ format: "pem", type: "pkcs8" })));
  for (const key of replies.flatMap((reply) => reply.keys))
    keys.set(spki(key), { origin: "reply", pem: () => privateKeyPem(key, keyPassphrase) });
  for (const { id, spkiSha256: known, friendlyName } of store.certificates())
    keys.set(known, {
      origin: "history",
      pem: () => store.credentials(id).keyPem,
      ...(friendlyName === undefined ? {} : { friendlyName }),
    });
  for (const { id, spkiSha256: known, friendlyName } of store.requests())
    keys.set(known, {
      origin: "request",
      pem: () => store.requestCredentials(id).keyPem,
      requestId: id,
      ...(friendlyName === undefined ? {} : { friendlyName }),
    });
  return keys;
}

function distinct(certificates: readonly Certificate[]): Certificate[] {
  return [...new Map(certificates.map((one) => [one.sha256, one])).values()];
}

/** A certificate in PEM (RFC 7468). */
export function pemOf(der: Buffer): string {
  const lines = der.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
