import { createHash, generateKeyPairSync } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { HostRecord } from "../../dns/host";
import { createFile, replaceFile, sweepUnfinished, syncDirectory } from "../store/durable-file";
import { PRIVATE_FILE, privateDirectory, readPrivateFile } from "../store/private-file";
import { AcmeError } from "./acme-error";

const keyShape = z.object({ type: z.enum(["RSA", "ECDSA"]), bits: z.int() });
/** What answers a challenge: one shape a way of proving names, told apart by `type`. */
const recordShape = z.discriminatedUnion("type", [
  z.object({ owner: z.string(), ttl: z.int(), type: z.literal("TXT"), text: z.string() }),
  z.object({
    type: z.literal("response"),
    challenge: z.enum(["http-01", "tls-alpn-01"]),
    name: z.string(),
    token: z.string(),
    keyAuthorization: z.string(),
  }),
]);
const orderShape = z.object({
  /** Sorted: what tells whether the order is still the one that is wanted. */
  names: z.array(z.string()),
  key: keyShape,
  /** PKCS#8 of the certificate to be: one file with the order, so that neither is ever there without the other. */
  keyPem: z.string(),
  csrPem: z.string(),
  /** Left out until the server has given one. */
  url: z.string().optional(),
  /** Records that are, or may be, published: written down before anybody is asked to. */
  records: z.array(recordShape),
});
const accountShape = z.object({ url: z.string() });
const attemptsShape = z.object({ failures: z.int().min(0), notBefore: z.number(), reason: z.string() });
const renewalShape = z.object({
  /** Of the certificate that it is about. */
  sha256: z.string(),
  /** Milliseconds since 1970. */
  renewAt: z.number(),
  checkAt: z.number(),
  source: z.enum(["ari", "lifetime"]),
});

export type KeyChoice = z.output<typeof keyShape>;
export type AnswerRecord = z.output<typeof recordShape>;
export type TxtRecord = Extract<HostRecord, { type: "TXT" }>;
/** What is answered to a CA that connects to us. */
export type ResponseRecord = Extract<AnswerRecord, { type: "response" }>;
export type StoredOrder = z.output<typeof orderShape>;
/** Failures in a row, and before when (milliseconds since 1970) nothing is tried again. */
export type Attempts = z.output<typeof attemptsShape>;
/** When the live certificate is due, and when that is to be asked anew. */
export type StoredRenewal = z.output<typeof renewalShape>;

/**
 * What is known of one ACME directory, on disk: account, the order under way, failures, the renewal's date. Each file
 * is there whole or not at all, and its owner's alone. Another directory has another folder: an account is never
 * shown to a server that it does not belong to.
 */
export class AcmeState {
  readonly #folder: string;

  constructor(
    folder: string,
    readonly directory: string,
  ) {
    const { hostname } = new URL(directory);
    const digest = createHash("sha256").update(directory).digest("hex").slice(0, 12);
    this.#folder = join(folder, `${hostname.replace(/[^a-z0-9.-]/gi, "_")}-${digest}`);
    privateDirectory(this.#folder);
    sweepUnfinished(this.#folder);
  }

  /** The account's key: made at the first use, before the server hears of it. */
  accountKeyPem(): string {
    const file = join(this.#folder, "account.key");
    if (!existsSync(file)) {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      createFile(file, privateKey.export({ type: "pkcs8", format: "pem" }), PRIVATE_FILE);
    }
    return readPrivateFile(file);
  }

  get accountUrl(): string | undefined {
    return this.#read("account.json", accountShape)?.url;
  }
  set accountUrl(url: string | undefined) {
    this.#write("account.json", url === undefined ? undefined : { url });
  }

  get order(): StoredOrder | undefined {
    return this.#read("order.json", orderShape);
  }
  set order(order: StoredOrder | undefined) {
    this.#write("order.json", order);
  }

  get attempts(): Attempts | undefined {
    return this.#read("attempts.json", attemptsShape);
  }
  set attempts(attempts: Attempts | undefined) {
    this.#write("attempts.json", attempts);
  }

  get renewal(): StoredRenewal | undefined {
    return this.#read("renewal.json", renewalShape);
  }
  set renewal(renewal: StoredRenewal | undefined) {
    this.#write("renewal.json", renewal);
  }

  #read<T>(name: string, shape: z.ZodType<T>): T | undefined {
    const file = join(this.#folder, name);
    if (!existsSync(file)) return undefined;
    const text = readPrivateFile(file);
    try {
      return shape.parse(JSON.parse(text));
    } catch (cause) {
      throw new AcmeError(
        "acme-state",
        `${file} is not what was written there`,
        "remove this file; what it held is begun anew",
        {
          cause,
        },
      );
    }
  }

  #write(name: string, value: unknown): void {
    const file = join(this.#folder, name);
    if (value !== undefined) {
      replaceFile(file, `${JSON.stringify(value, null, 2)}\n`, PRIVATE_FILE);
      return;
    }
    rmSync(file, { force: true });
    syncDirectory(this.#folder);
  }
}
