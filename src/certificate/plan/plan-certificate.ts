/** What the certificate of a definition will hold, what is wrong with the present one, and when something is due. */
import { type CertificateNames, certificateNames, type Definition } from "../../definition";
import { dueByLifetime } from "../acme/renewal-timing";
import { Certificate } from "../certificate";
import { MAXIMUM_NAMES } from "../extensions";
import { certificatesOfPem } from "../pem";
import { missingNames } from "../store/assignable";
import type { CertificateRecord, CertificateStore, RequestRecord } from "../store/certificate-store";
import { type SourceTerms, sourceTerms } from "./source-terms";

/** Something that speaks against the present certificate, or against the one that is planned. */
export interface PlanProblem {
  readonly severity: "error" | "warning" | "note";
  readonly code:
    | "none-live"
    | "expired"
    | "not-valid-yet"
    | "due"
    | "names-missing"
    | "names-extra"
    | "names-too-many"
    | "key-differs"
    | "source-differs";
  readonly found: string;
  readonly remedy: string;
}

export interface CertificatePlan {
  readonly subject: CertificateNames["subject"];
  /** Each with the reason that it is there. */
  readonly names: CertificateNames["names"];
  readonly key: Definition["certificate"]["key"];
  readonly exportableKey: boolean;
  readonly friendlyName?: string;
  readonly source: Definition["certificate"]["source"] & SourceTerms;
  readonly live?: CertificateRecord;
  readonly openRequests: readonly RequestRecord[];
  readonly problems: readonly PlanProblem[];
  /** When the next one is due, ISO 8601; absent where that is now. */
  readonly dueAt?: string;
  /** The command that does what is due. */
  readonly next?: string;
}

const DAY = 86_400_000;
const MAXIMUM_SHOWN = 10;

/** @param store left out: nothing is there yet */
export function planCertificate(
  definition: Definition,
  store: CertificateStore | undefined,
  now: Date,
): CertificatePlan {
  const { subject, names } = certificateNames(definition);
  const { key, exportableKey, friendlyName, source } = definition.certificate;
  const wanted = names.map(({ name }) => name);
  const live = store?.live();
  const due =
    live && dueByLifetime({ notBefore: Date.parse(live.notBefore), notAfter: Date.parse(live.notAfter) }, () => 0);
  const openRequests = store?.requests() ?? [];
  const problems = [
    ...sizeProblems(wanted),
    ...(live === undefined || store === undefined || due === undefined
      ? [NONE_LIVE]
      : [...dateProblems(live, due, now), ...nameProblems(live, wanted), ...kindProblems(definition, store, live)]),
  ];
  const dueNow = problems.some(
    ({ severity, code }) => severity === "error" || code === "due" || code === "names-missing",
  );
  return {
    subject,
    names,
    key,
    exportableKey,
    ...(friendlyName === undefined ? {} : { friendlyName }),
    source: { ...source, ...sourceTerms(source.kind, wanted) },
    ...(live === undefined ? {} : { live }),
    openRequests,
    problems,
    ...(due === undefined || dueNow ? {} : { dueAt: new Date(due).toISOString() }),
    ...(dueNow ? { next: isTooLong(wanted) ? NO_STEP : nextStep(source.kind, openRequests.length) } : {}),
  };
}

const NONE_LIVE: PlanProblem = {
  severity: "error",
  code: "none-live",
  found: "no certificate is live: nothing federates",
  remedy: "obtain one",
};

const isTooLong = (wanted: readonly string[]) => wanted.length > MAXIMUM_NAMES;
/** Every verb would refuse it. */
const NO_STEP = "split the domains: no command makes one certificate of so many names";

function sizeProblems(wanted: readonly string[]): PlanProblem[] {
  if (!isTooLong(wanted)) return [];
  const needed = Math.ceil(wanted.length / MAXIMUM_NAMES);
  return [
    {
      severity: "error",
      code: "names-too-many",
      found: `${wanted.length} names need ${needed} certificates: one has at most ${MAXIMUM_NAMES} here, and most partners take no more`,
      remedy: `split the domains over ${needed} edges, or have ${needed} certificates issued yourself and give each to run by --certificate and --key`,
    },
  ];
}

function dateProblems({ notBefore, notAfter }: CertificateRecord, due: number, now: Date): PlanProblem[] {
  const until = notAfter.slice(0, 10);
  if (now.getTime() > Date.parse(notAfter))
    return [{ severity: "error", code: "expired", found: `it expired ${until}`, remedy: "renew it now" }];
  if (now.getTime() < Date.parse(notBefore))
    return [
      {
        severity: "error",
        code: "not-valid-yet",
        found: `it is valid from ${notBefore.slice(0, 10)} on only`,
        remedy: "set the clock of this machine, or roll back to the one before",
      },
    ];
  if (now.getTime() < due) return [];
  const days = Math.floor((Date.parse(notAfter) - now.getTime()) / DAY);
  return [{ severity: "warning", code: "due", found: `it ends ${until}, in ${days} days`, remedy: "renew it now" }];
}

function nameProblems(live: CertificateRecord, wanted: readonly string[]): PlanProblem[] {
  const missing = missingNames(live, wanted);
  const expected = new Set(wanted);
  const extra = live.names.filter((name) => !expected.has(name));
  const problems: PlanProblem[] = [];
  if (missing.length > 0)
    problems.push({
      severity: "error",
      code: "names-missing",
      found: `it does not name ${listed(missing)}`,
      remedy: "obtain one with these names: partners refuse those domains",
    });
  if (extra.length > 0)
    problems.push({
      severity: "note",
      code: "names-extra",
      found: `it also names ${listed(extra)}`,
      remedy: "nothing; the next one will not",
    });
  return problems;
}

function kindProblems({ certificate }: Definition, store: CertificateStore, live: CertificateRecord): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const has = keyOf(store, live);
  const wants = `${certificate.key.type} ${certificate.key.bits}`;
  if (has !== wants)
    problems.push({
      severity: "note",
      code: "key-differs",
      found: `its key is ${has}, the definition has ${wants}`,
      remedy: "nothing; the next one will be as the definition has it",
    });
  if (live.source !== certificate.source.kind)
    problems.push({
      severity: "note",
      code: "source-differs",
      found: `it came by ${live.source}, the definition has ${certificate.source.kind}`,
      remedy: "nothing; the next one comes as the definition has it",
    });
  return problems;
}

const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

function keyOf(store: CertificateStore, { id }: CertificateRecord): string {
  const [der = Buffer.alloc(0)] = certificatesOfPem(store.credentials(id).certificatePem);
  const { asymmetricKeyType, asymmetricKeyDetails } = Certificate.read(der).publicKey;
  if (asymmetricKeyType === "rsa") return `RSA ${asymmetricKeyDetails?.modulusLength}`;
  if (asymmetricKeyType === "ec")
    return `ECDSA ${CURVE_BITS[asymmetricKeyDetails?.namedCurve ?? ""] ?? "of another curve"}`;
  return String(asymmetricKeyType);
}

function nextStep(kind: Definition["certificate"]["source"]["kind"], open: number): string {
  switch (kind) {
    case "request":
      return open > 0
        ? "xmpp-edge certificate import <definition> <the CA's reply>"
        : "xmpp-edge certificate request <definition>";
    case "acme":
      return "xmpp-edge certificate acme <definition>";
    case "lab":
      return "xmpp-edge certificate lab-ca <definition>";
    case "imported":
      return "xmpp-edge certificate import <definition> <files>";
    case "acm":
      return "deploy, and let ACM validate the names";
  }
}

function listed(names: readonly string[]): string {
  const more = names.length > MAXIMUM_SHOWN ? ` and ${names.length - MAXIMUM_SHOWN} more` : "";
  return names.slice(0, MAXIMUM_SHOWN).join(", ") + more;
}
