import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { checkLock, defaultLockFile, LOCK_NAME, readLock, updatedLock } from "../../gateway/image";
import { type CliContext, UsageError } from "../context";
import { jsonText } from "../output/json";
import { addSourceOptions, explained, type SourceOptions, sourcesOf } from "./image-options";

interface LockOptions extends SourceOptions {
  readonly update?: true;
  readonly cache?: string;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("lock")
    .summary("check that the image's parts are still to be had, or renew them")
    .description(
      "Fetches every part that the lock names and compares its hash. With --update writes a lock with the newest version of each; that needs npm, and apt with sources for the lock's Debian release.",
    )
    .option("--update", `write the newest versions to the file of --lock (default: ${LOCK_NAME} here)`)
    .option("--cache <directory>", "where packages are kept (default: xmpp-edge in the user's cache)")
    .option("--json", "print the outcome as JSON");
  addSourceOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge image lock
  xmpp-edge image lock --update && git diff ${LOCK_NAME}

Exit codes: 0 all there, 1 something is missing or differs, 2 used wrongly.`,
    )
    .action((options: LockOptions) => (options.update ? update(options, context) : check(options, context)));
}

async function update(options: LockOptions, context: CliContext): Promise<void> {
  const file = options.lock ?? LOCK_NAME;
  const lock = await explained(context, "asking for the newest versions", () =>
    updatedLock({
      sources: sourcesOf(options),
      signal: context.signal,
      progress: (text) => context.stderr(`${text}\n`),
    }),
  );
  try {
    await writeFile(file, jsonText(lock));
  } catch (error) {
    throw new UsageError(
      `${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`,
      "name another by --lock",
    );
  }
  const node = lock.platforms["linux/amd64"].node.version;
  context.stdout(
    options.json ? jsonText({ file, lock }) : `${file} is renewed: Node ${node}, Debian ${lock.debian.release}\n`,
  );
}

async function check(options: LockOptions, context: CliContext): Promise<void> {
  const file = options.lock ?? defaultLockFile(process.cwd());
  const found = await explained(context, "fetching what the lock names", async () =>
    checkLock({
      lock: readLock(file),
      sources: sourcesOf(options),
      signal: context.signal,
      progress: (text) => context.stderr(`${text}\n`),
      ...(options.cache === undefined ? {} : { cache: options.cache }),
    }),
  );
  const faults = found.filter(({ fault }) => fault !== undefined);
  const lines = faults.map(
    ({ part, version, fault }) => `  ${part} ${version}: ${fault?.message}\n    ${fault?.remedy}\n`,
  );
  context.stdout(
    options.json
      ? jsonText({ file, parts: found.map(({ fault, ...one }) => ({ ...one, fault: fault?.message ?? null })) })
      : `${file}: ${found.length - faults.length} of ${found.length} parts are there\n${lines.join("")}`,
  );
  if (faults.length > 0) context.exit(1);
}
