import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AdminError } from "./admin-error";

const TOKEN_BYTES = 32;
const TOKEN = /^[0-9a-f]{64}$/;

/** What a token opens: the sandbox's users, or what an operator sees and does. */
export type TokenName = "sandbox.token" | "admin.token";

/**
 * A token of the admin port, from its file (0600) in the state directory; made when it is missing.
 * @param random a source of secret bytes, such as `node:crypto`'s `randomBytes`
 * @throws AdminError `token-unusable`
 */
export function keptToken(directory: string, name: TokenName, random: (bytes: number) => Buffer): string {
  const path = join(directory, name);
  try {
    return readToken(path) ?? makeToken(path, random);
  } catch (cause) {
    if (cause instanceof AdminError) throw cause;
    throw new AdminError(
      "token-unusable",
      `the token ${path} cannot be used: ${(cause as Error).message}`,
      "let this user read and write the state directory",
      { cause },
    );
  }
}

function readToken(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (!TOKEN.test(text)) {
    throw new AdminError(
      "token-unusable",
      `${path} does not hold a token (expected ${2 * TOKEN_BYTES} hexadecimal digits)`,
      "delete it: the next start makes a new one",
    );
  }
  chmodSync(path, 0o600);
  return text;
}

function makeToken(path: string, random: (bytes: number) => Buffer): string {
  const token = random(TOKEN_BYTES).toString("hex");
  // Renamed into place: an interrupted start leaves no half-written token.
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, `${token}\n`, { mode: 0o600 });
  chmodSync(unfinished, 0o600);
  renameSync(unfinished, path);
  return token;
}
