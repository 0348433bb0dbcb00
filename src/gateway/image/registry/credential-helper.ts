import { execFile } from "node:child_process";
import type { RegistryCredentials } from "./credentials";
import { RegistryError } from "./registry-error";

export interface HelperCall {
  /** `ecr-login` of `docker-credential-ecr-login`. */
  readonly helper: string;
  /** What it is asked for, as it was stored. */
  readonly server: string;
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const TIME_MS = 20_000;
const LARGEST = 64 * 1024;
/** The user name by which a helper says that the secret is no password. */
const TOKEN_USER = "<token>";

/** Asks a credential helper, a program of the user's own that docker and podman ask too. */
export async function credentialsFromHelper(call: HelperCall): Promise<RegistryCredentials | undefined> {
  const { helper, server, signal, environment } = call;
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(helper)) throw unusable("a helper's name", "has other letters");
  const program = `docker-credential-${helper}`;
  const { error, stdout } = await new Promise<{ error: Error | null; stdout: string }>((resolve) => {
    const child = execFile(
      program,
      ["get"],
      { timeout: TIME_MS, killSignal: "SIGKILL", maxBuffer: LARGEST, signal, env: environment as NodeJS.ProcessEnv },
      (error, stdout) => resolve({ error, stdout }),
    );
    // A helper that ends without reading is judged by what it says.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(`${server}\n`);
  });
  signal.throwIfAborted();
  if (error !== null) {
    // By the protocol it says so on standard output.
    if (/credentials not found/i.test(stdout)) return undefined;
    const { code, killed } = error as Error & { readonly code?: string | number; readonly killed?: boolean };
    throw unusable(
      program,
      killed ? `gave no answer within ${TIME_MS / 1000} s` : `failed (${code ?? "it was ended"})`,
    );
  }
  const { Username, Secret } = read(program, stdout);
  if (typeof Username !== "string" || typeof Secret !== "string" || Secret === "")
    throw unusable(program, "gave no user and secret");
  return Username === TOKEN_USER ? { identityToken: Secret } : { username: Username, password: Secret };
}

function read(program: string, stdout: string): { readonly Username?: unknown; readonly Secret?: unknown } {
  try {
    const value: unknown = JSON.parse(stdout);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below; its words may hold the secret.
  }
  throw unusable(program, "gave no JSON object");
}

function unusable(program: string, found: string): RegistryError {
  return new RegistryError(
    "credentials-invalid",
    `${program} ${found}`,
    "a credential helper that answers",
    "mend it, or set XMPP_EDGE_REGISTRY_USERNAME and XMPP_EDGE_REGISTRY_PASSWORD",
  );
}
