import type { Command } from "commander";
import { UsageError } from "../context";
import { readSecret } from "../run-options";

/** Where a passphrase comes from. It is never an argument: others see those in the list of processes. */
export interface PassphraseSource {
  /** A file whose first line it is. */
  readonly file: string | undefined;
  /** The option that named the file, for messages. */
  readonly option: string;
  /** The environment variable that may hold it. */
  readonly variable: string;
  /** Whether to ask on the terminal, and for what. */
  readonly prompt: string | undefined;
}

/** The terminal as far as asking needs it. */
export interface SecretTerminal {
  readonly isTTY?: boolean;
  setRawMode(on: boolean): unknown;
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  off(event: "data", listener: (chunk: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** What of the process is used. */
export interface PassphraseSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly terminal: SecretTerminal;
}

/** Longer than any passphrase that somebody types. */
const LONGEST = 1024;

/** Adds `--<what>-passphrase-file` and says which variable does the same. */
export function addPassphraseOption(command: Command, what: "key" | "pkcs12", purpose: string): Command {
  return command.option(
    `--${what}-passphrase-file <file>`,
    `${purpose}: a file whose first line it is (or the variable ${variableOf(what)}, or --ask-passphrase)`,
  );
}

export const variableOf = (what: "key" | "pkcs12") => `XMPP_EDGE_${what.toUpperCase()}_PASSPHRASE`;

/**
 * The passphrase from its file, its variable or the terminal, in this order.
 * @returns undefined where none of them is given
 * @throws UsageError for an empty one, and to ask where there is no terminal
 */
export async function readPassphrase(
  source: PassphraseSource,
  write: (text: string) => void,
  { environment, terminal }: PassphraseSurroundings = { environment: process.env, terminal: process.stdin },
): Promise<string | undefined> {
  if (source.file !== undefined) return readSecret(source.file, source.option);
  const held = environment[source.variable];
  if (held === "") throw new UsageError(`${source.variable} is empty`, "unset it, or put the passphrase into it");
  if (held !== undefined) return held;
  if (source.prompt === undefined) return undefined;
  if (terminal.isTTY !== true)
    throw new UsageError("there is no terminal to ask on", `give ${source.option} FILE or ${source.variable}`);
  return askSecret(`${source.prompt}: `, terminal, write);
}

/** Asks without showing what is typed. Ctrl-C, Ctrl-D and an empty line give up. */
function askSecret(question: string, terminal: SecretTerminal, write: (text: string) => void): Promise<string> {
  write(question);
  terminal.setRawMode(true);
  terminal.resume();
  return new Promise((resolve, reject) => {
    let typed: Buffer = Buffer.alloc(0);
    const end = (settle: () => void) => {
      terminal.off("data", listen);
      terminal.setRawMode(false);
      terminal.pause();
      write("\n");
      settle();
    };
    const giveUp = () => end(() => reject(new UsageError("no passphrase was typed", "repeat the command")));
    const listen = (chunk: Buffer) => {
      for (const byte of chunk) {
        if (byte === 0x03 || byte === 0x04 || typed.length > LONGEST) return giveUp();
        if (byte === 0x0d || byte === 0x0a)
          return typed.length === 0 ? giveUp() : end(() => resolve(typed.toString("utf8")));
        if (byte === 0x7f || byte === 0x08) typed = typed.subarray(0, lastCharacter(typed));
        else typed = Buffer.concat([typed, Buffer.of(byte)]);
      }
    };
    terminal.on("data", listen);
  });
}

/** Where the last character of UTF-8 begins: its continuation octets are 10xxxxxx. */
function lastCharacter(text: Buffer): number {
  let at = text.length - 1;
  while (at > 0 && ((text[at] ?? 0) & 0xc0) === 0x80) at--;
  return Math.max(at, 0);
}
