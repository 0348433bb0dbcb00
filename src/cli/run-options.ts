import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "./context";

/** An address with a port. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** `run`'s options as commander gives them. */
export interface RunOptions {
  readonly listen?: readonly Place[];
  readonly listenInside?: readonly Place[];
  readonly listenDirectTls?: readonly Place[];
  readonly certificate?: readonly string[];
  readonly key?: readonly string[];
  readonly keyPassphraseFile?: string;
  readonly certificateStore?: string;
  readonly trustAnchors?: string;
  readonly revocationLists?: string;
  readonly resolver?: readonly Place[];
  readonly dnssecAnchor?: string;
  readonly state: string;
  readonly dialbackSecret?: string;
  readonly admin: Place;
  readonly allowPrivateTargets?: readonly string[];
  readonly unlimitedFrom?: readonly string[];
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logGroup?: string;
  readonly logStream?: string;
  /** Seconds. */
  readonly metricsInterval?: number;
}

/** Adds the options; each is an environment variable too. */
export function addRunOptions(command: Command): Command {
  const option = (flags: string, text: string, variable: string) =>
    new Option(flags, text).env(`XMPP_EDGE_${variable}`);
  return command
    .addOption(
      option(
        "--listen <address:port>",
        "where partners connect; repeatable (default: every address, the definition's port)",
        "LISTEN",
      ).argParser(repeated(place)),
    )
    .addOption(
      option(
        "--listen-inside <address:port>",
        "where our own XMPP server connects (internal.kind xmpp); repeatable (default: every address, internal.port)",
        "LISTEN_INSIDE",
      ).argParser(repeated(place)),
    )
    .addOption(
      option(
        "--listen-direct-tls <address:port>",
        "where TLS begins with the first byte; repeatable (default: every address, the definition's directTlsPort)",
        "LISTEN_DIRECT_TLS",
      ).argParser(repeated(place)),
    )
    .addOption(
      option("--certificate <file>", "our certificate in PEM, leaf first; repeatable", "CERTIFICATE").argParser(
        repeated(String),
      ),
    )
    .addOption(
      option("--key <file>", "its key in PEM; repeatable, in the order of the certificates", "KEY").argParser(
        repeated(String),
      ),
    )
    .addOption(option("--key-passphrase-file <file>", "a file whose first line opens the key", "KEY_PASSPHRASE_FILE"))
    .addOption(
      option(
        "--certificate-store <directory>",
        "serve what is live in this certificate store, and follow it; instead of --certificate and --key",
        "CERTIFICATE_STORE",
      ),
    )
    .addOption(
      option(
        "--trust-anchors <file>",
        "CA certificates in PEM that partners' certificates must lead to (default: the system's)",
        "TRUST_ANCHORS",
      ),
    )
    .addOption(
      option(
        "--revocation-lists <directory>",
        "CRLs of partners' CAs, in files *.crl (DER or PEM), looked at every minute; for rows with revocation",
        "REVOCATION_LISTS",
      ),
    )
    .addOption(
      option(
        "--resolver <address:port>",
        "ask this DNS resolver; repeatable (default: the system's)",
        "RESOLVER",
      ).argParser(repeated(place)),
    )
    .addOption(
      option(
        "--dnssec-anchor <file|record>",
        "trust these DS or DNSKEY records (a file, or the text of one) instead of the root's keys; for rows by DANE",
        "DNSSEC_ANCHOR",
      ),
    )
    .addOption(
      option("--state <directory>", "where contacts, subscriptions and queues are kept", "STATE").default(
        "xmpp-edge-state",
      ),
    )
    .addOption(
      option(
        "--dialback-secret <file>",
        "a file with the dialback secret (default: made at the first start, kept in the state)",
        "DIALBACK_SECRET",
      ),
    )
    .addOption(
      option("--admin <address:port>", "health, metrics and the sandbox's API; loopback only is safe", "ADMIN")
        .argParser(place)
        .default({ address: "127.0.0.1", port: 9269 }, "127.0.0.1:9269"),
    )
    .addOption(
      option(
        "--allow-private-targets <cidr>",
        "address range that may be dialled although it is not global; repeatable; for local runs",
        "ALLOW_PRIVATE_TARGETS",
      ).argParser(repeated(range)),
    )
    .addOption(
      option(
        "--unlimited-from <cidr>",
        "address range that no rate limit holds back, for load tests; repeatable",
        "UNLIMITED_FROM",
      ).argParser(repeated(range)),
    )
    .addOption(
      option("--log-level <level>", "debug, info, warn or error", "LOG_LEVEL")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    )
    .addOption(
      option(
        "--log-group <name>",
        "ship the log, and metrics each minute, to this group of CloudWatch Logs too",
        "LOG_GROUP",
      ),
    )
    .addOption(option("--log-stream <name>", "its log stream, which is made (default: this host's name)", "LOG_STREAM"))
    .addOption(option("--metrics-interval <seconds>", "", "METRICS_INTERVAL").argParser(Number).hideHelp());
}

/** An option that may be given several times; in its environment variable, commas separate. */
function repeated<T>(one: (text: string) => T): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), ...text.split(",").map((part) => one(part.trim()))];
}

function place(text: string): Place {
  const [, address = "", port = ""] = /^\[?([0-9A-Fa-f.:]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (isIP(address) === 0 || Number(port) > 65535 || (isIP(address) === 6) !== text.startsWith("["))
    throw new InvalidArgumentError("Give an address and a port, such as 127.0.0.2:5269 or [::1]:5269.");
  return { address, port: Number(port) };
}

/** A CIDR range, for options that allow what is not global. */
export function range(text: string): string {
  const [address = "", length = "", rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest !== undefined || !/^\d{1,3}$/.test(length) || Number(length) > (family === 4 ? 32 : 128))
    throw new InvalidArgumentError("Give an address range, such as 127.0.0.0/8 or fd00::/8.");
  return text;
}

/** A file with a secret: its first line, which must not be empty. */
export function readSecret(file: string, option: string): string {
  const secret = readText(file, option).split(/\r?\n/, 1)[0] ?? "";
  if (secret === "")
    throw new UsageError(`${file} (${option}) has an empty first line`, "write the secret into its first line");
  return secret;
}

/** A text file that an option names. */
export function readText(file: string, option: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${file} (${option}) cannot be read: ${code === "ENOENT" ? "there is no such file" : (code ?? "unreadable")}`,
      `give a readable file by ${option}`,
    );
  }
}
