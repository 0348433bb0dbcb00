import { RUN_USER, STATE_FOLDER } from "../layers/base-files";

export interface ContainerWishes {
  /** What the engine calls the image. */
  readonly image: string;
  /** A volume of the engine's, or a directory of the host that belongs to user 10001. */
  readonly state: string;
  /** `HOST:INSIDE`; nothing can be written there. */
  readonly mounts: readonly string[];
  /** What the image's program is given; empty: what the image is set to. */
  readonly arguments: readonly string[];
}

/**
 * The engine's arguments that run the gateway with the least rights: an ordinary user without capabilities on a
 * read-only root, that can write to its state alone. On the host's network, since partners see the address that they
 * connect to and are called from.
 */
export function runCommand({ image, state, mounts, arguments: given }: ContainerWishes): readonly string[] {
  return [
    ...["run", "--rm", "--read-only", "--user", `${RUN_USER}:${RUN_USER}`, "--cap-drop", "ALL"],
    ...["--security-opt", "no-new-privileges", "--network", "host"],
    ...["--volume", `${state}:/${STATE_FOLDER}`],
    ...mounts.flatMap((mount) => ["--volume", `${mount}:ro`]),
    image,
    ...given,
  ];
}

/** A command line that a shell understands as it was meant. */
export const shellText = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
