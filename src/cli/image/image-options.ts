import { type Command, InvalidArgumentError } from "commander";
import type { PackageSources } from "../../gateway/image";
import { type CliContext, CommandError } from "../context";

/** Where the foreign parts of an image come from. */
export interface SourceOptions {
  readonly lock?: string;
  readonly npmRegistry?: string;
  readonly debianMirror?: readonly string[];
}

export function addSourceOptions(command: Command): Command {
  return command
    .option(
      "--lock <file>",
      "the lock: every foreign part by version and hash (default: image.lock.json here, else the one of xmpp-edge)",
    )
    .option("--npm-registry <url>", "take Node from this registry (default: where npm is set to)", address)
    .option(
      "--debian-mirror <url>",
      "take Debian's packages from here, what stands before pool/; repeatable (default: the mirrors of apt's sources)",
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), address(text)],
    );
}

export function sourcesOf({ npmRegistry, debianMirror }: SourceOptions): PackageSources {
  return {
    ...(npmRegistry === undefined ? {} : { npmRegistry }),
    ...(debianMirror === undefined ? {} : { debianMirrors: debianMirror }),
  };
}

function address(text: string): string {
  if (/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : "")) return text;
  throw new InvalidArgumentError("Give an address that begins with https:// or http://.");
}

/** Runs `work`; an image that could not be made or read ends the command with its remedy. */
export async function explained<T>(context: CliContext, label: string, work: () => Promise<T>): Promise<T> {
  const { ImageError } = require("../../gateway/image") as typeof import("../../gateway/image");
  const progress = context.progress(label);
  try {
    const result = await work();
    progress.done();
    return result;
  } catch (error) {
    progress.done("failed");
    if (error instanceof ImageError) throw new CommandError(error.message, 1, error.remedy);
    throw error;
  }
}

/** Bytes as people read them. */
export const megabytes = (bytes: number) => (bytes < 100_000 ? `${bytes} B` : `${(bytes / 1e6).toFixed(1)} MB`);
