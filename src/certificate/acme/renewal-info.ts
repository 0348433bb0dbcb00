import "reflect-metadata"; // @peculiar/x509 needs it loaded first
import { AuthorityKeyIdentifierExtension, X509Certificate } from "@peculiar/x509";
import { z } from "zod";
import { AcmeError } from "./acme-error";
import { answerError } from "./bounded-http";
import type { Window } from "./renewal-timing";

/** What is needed of a server: unsigned resources as JSON. */
export interface JsonSource {
  fetchJson(url: string): Promise<{ readonly value: unknown; readonly retryAfter: number | undefined }>;
}

export interface RenewalInfo {
  readonly window: Window;
  /** Milliseconds until it is asked again. */
  readonly askAgain: number;
  /** Why the CA wants it renewed early, for people. */
  readonly explanation?: string;
}

const SIX_HOURS = 6 * 3_600_000;
const MINUTE = 60_000;
const DAY = 24 * 3_600_000;

const moment = z
  .string()
  .max(64)
  .transform((text) => Date.parse(text))
  .refine(Number.isFinite, "not a date");
const shape = z.object({
  suggestedWindow: z
    .object({ start: moment, end: moment })
    .refine(({ start, end }) => start < end, "it ends before it begins"),
  explanationURL: z.string().max(2048).optional(),
});

/** The name of a certificate in renewal information and in `replaces` (RFC 9773 section 4.1). */
export function renewalName(certificatePem: string): string | undefined {
  const certificate = new X509Certificate(certificatePem);
  const keyId = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId;
  if (keyId === undefined) return undefined;
  const part = (hex: string) => Buffer.from(hex, "hex").toString("base64url");
  // The serial number's DER, which begins with a zero octet where its first bit would make it negative; read without.
  const { serialNumber } = certificate;
  return `${part(keyId)}.${part(/^[89a-f]/i.test(serialNumber) ? `00${serialNumber}` : serialNumber)}`;
}

/**
 * Asks when the CA wants a certificate renewed (RFC 9773).
 * @returns undefined where the server does not offer this
 * @throws AcmeError
 */
export async function renewalInfo(
  server: JsonSource,
  directory: string,
  certificateName: string,
): Promise<RenewalInfo | undefined> {
  const base = await renewalInfoUrl(server, directory);
  if (base === undefined) return undefined;
  const url = `${base.replace(/\/$/, "")}/${certificateName}`;
  const { value, retryAfter } = await server.fetchJson(url);
  const read = shape.safeParse(value);
  if (!read.success) throw answerError(url, read.error.issues[0]?.message ?? "unreadable");
  const { suggestedWindow, explanationURL } = read.data;
  return {
    window: suggestedWindow,
    // RFC 9773 section 4.3.1 leaves the bounds to us: a minute to a day.
    askAgain: Math.min(Math.max(retryAfter ?? SIX_HOURS, MINUTE), DAY),
    ...(explanationURL === undefined ? {} : { explanation: explanationURL }),
  };
}

/** Where the server keeps renewal information; undefined where it has none. */
export async function renewalInfoUrl(server: JsonSource, directory: string): Promise<string | undefined> {
  const { value } = await server.fetchJson(directory);
  if (typeof value !== "object" || value === null)
    throw new AcmeError("acme-answer", `${directory} gives no ACME directory`, "check the directory's URL");
  const { renewalInfo: url } = value as { renewalInfo?: unknown };
  return typeof url === "string" ? url : undefined;
}
