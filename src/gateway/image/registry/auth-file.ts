import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { credentialsFromHelper } from "./credential-helper";
import type { RegistryCredentials } from "./credentials";
import type { CredentialSearch } from "./find-credentials";
import { RegistryError } from "./registry-error";
import type { Repository } from "./repository";

/** What `podman login` and `docker login` write (containers-auth.json(5)). */
interface AuthFile {
  readonly auths?: Readonly<Record<string, unknown>>;
  readonly credHelpers?: Readonly<Record<string, unknown>>;
  readonly credsStore?: unknown;
}

const LARGEST = 1024 * 1024;

/** Looks through the files of podman and docker; the first that knows the registry counts. */
export async function credentialsFromFiles(search: CredentialSearch): Promise<RegistryCredentials | undefined> {
  for (const path of authFiles(search.environment)) {
    const file = await readAuthFile(path);
    const found = file && ((await fromHelper(file, search)) ?? fromAuths(file, search.repository, path));
    if (found !== undefined) return found;
  }
  return undefined;
}

function authFiles(environment: CredentialSearch["environment"]): readonly string[] {
  if (environment.REGISTRY_AUTH_FILE) return [environment.REGISTRY_AUTH_FILE];
  const home = environment.HOME ?? homedir();
  return [
    ...(environment.XDG_RUNTIME_DIR ? [join(environment.XDG_RUNTIME_DIR, "containers", "auth.json")] : []),
    join(environment.XDG_CONFIG_HOME ?? join(home, ".config"), "containers", "auth.json"),
    join(environment.DOCKER_CONFIG ?? join(home, ".docker"), "config.json"),
  ];
}

async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below, without the parser's words: they quote the file.
  }
  throw unusable(path, "is no JSON object");
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path); // before it is read whole
    if (size > LARGEST) throw unusable(path, `has ${size} bytes`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unusable(path, `cannot be read (${code})`);
  }
}

/** Keys that may name a repository's registry, the closest first. */
function keysOf({ host, name }: Repository): readonly string[] {
  const parts = [host, ...name.split("/")];
  const keys = parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
  const hub = host === "docker.io" ? ["https://index.docker.io/v1/", "index.docker.io"] : [];
  return [...keys, `https://${host}`, `https://${host}/`, `https://${host}/v1/`, `https://${host}/v2/`, ...hub];
}

async function fromHelper(file: AuthFile, { repository, signal, environment }: CredentialSearch) {
  const own = keysOf(repository)
    .map((key) => file.credHelpers?.[key])
    .find((helper) => typeof helper === "string");
  const helper = own ?? file.credsStore;
  if (typeof helper !== "string" || helper === "") return undefined;
  const server = repository.host === "docker.io" ? "https://index.docker.io/v1/" : repository.host;
  return credentialsFromHelper({ helper, server, signal, environment });
}

function fromAuths({ auths }: AuthFile, repository: Repository, path: string): RegistryCredentials | undefined {
  for (const key of keysOf(repository)) {
    const entry = auths?.[key] as { auth?: unknown; identitytoken?: unknown } | null | undefined;
    if (typeof entry?.identitytoken === "string" && entry.identitytoken !== "")
      return { identityToken: entry.identitytoken };
    if (typeof entry?.auth !== "string" || entry.auth === "") continue;
    const [username = "", ...password] = Buffer.from(entry.auth, "base64").toString("utf8").split(":");
    if (username === "" || password.length === 0)
      throw unusable(path, `has an entry for ${key} without user and password`);
    // docker pads the password with NUL bytes in some versions
    return { username, password: password.join(":").replace(/\0+$/, "") };
  }
  return undefined;
}

function unusable(path: string, found: string): RegistryError {
  return new RegistryError(
    "credentials-invalid",
    `${path} ${found}`,
    "what podman login or docker login writes",
    "sign in again, or set XMPP_EDGE_REGISTRY_USERNAME and XMPP_EDGE_REGISTRY_PASSWORD",
  );
}
