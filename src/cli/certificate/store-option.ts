import { existsSync } from "node:fs";
import type { Command } from "commander";
import { type CertificateStore, openCertificateStore } from "../../certificate/store/certificate-store";
import { CommandError, UsageError } from "../context";

/** Where a store is, unless it is said. */
const DEFAULT_STORE = "xmpp-edge-certificates";

/** The options that every verb on a store has. */
export interface StoreOptions {
  readonly store: string;
  readonly json?: true;
}

/** Adds `--store` and `--json`. */
export function addStoreOptions(command: Command): Command {
  return command
    .option(
      "--store <directory>",
      "where requests, certificates and keys are kept, for you alone",
      process.env.XMPP_EDGE_CERTIFICATE_STORE ?? DEFAULT_STORE,
    )
    .option("--json", "print the result as JSON");
}

/** Opens the store that the options name; makes it where there is none. */
export function openStore({ store }: StoreOptions): CertificateStore {
  return explained(() => openCertificateStore(store));
}

/**
 * Opens a store that has to be there.
 * @throws UsageError where there is none: a mistyped name must not become a new, empty store
 */
export function openExistingStore(options: StoreOptions): CertificateStore {
  if (existsSync(options.store)) return openStore(options);
  throw new UsageError(
    `there is no certificate store ${options.store}`,
    "name it by --store DIRECTORY; the commands that make one are request, import, acme and lab-ca",
  );
}

/**
 * Does what may fail for a reason that the user can remove.
 * @throws CommandError (exit 1) for every error that has a code and a remedy
 */
export function explained<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw asCommandError(error);
  }
}

/** As `explained`, for what takes time. */
export async function explainedLater<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asCommandError(error);
  }
}

function asCommandError(error: unknown): unknown {
  if (error instanceof CommandError) return error;
  const { code, remedy, message } = error as { code?: unknown; remedy?: unknown; message: string };
  if (typeof code !== "string" || typeof remedy !== "string") return error;
  return code === "store-open-to-others" || code === "store-unusable"
    ? new UsageError(message, remedy)
    : new CommandError(message, 1, remedy);
}
