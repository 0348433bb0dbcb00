import type { DatabaseSync } from "node:sqlite";

/** Primary result codes (sqlite.org/rescode.html) that say something of the file or the disk, not of the statement. */
const code = {
  busy: 5,
  outOfMemory: 7,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  notADatabase: 26,
} as const;

/** What went wrong below a statement; `statement` is a fault of the statement alone. */
export type SqliteFault = keyof typeof code | "statement";

/** What an error thrown by `node:sqlite` says of the file. */
export function faultOf(error: unknown): SqliteFault {
  const number = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof number !== "number") return "statement";
  for (const [fault, primary] of Object.entries(code)) if ((number & 0xff) === primary) return fault as SqliteFault;
  return "statement";
}

/**
 * Opens a database file. Loaded on first use, and here alone: Node 22 prints an ExperimentalWarning when `node:sqlite`
 * is loaded, which tells an operator nothing. That one warning is left out; every other one passes.
 */
export function openDatabase(path: string): DatabaseSync {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    const kind = rest[0] as string | { type?: string } | undefined;
    const type = typeof kind === "object" ? kind.type : kind;
    if (type === "ExperimentalWarning" && String(warning).startsWith("SQLite")) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    return new DatabaseSync(path, { allowExtension: false, enableDoubleQuotedStringLiterals: false });
  } finally {
    process.emitWarning = emitWarning;
  }
}
