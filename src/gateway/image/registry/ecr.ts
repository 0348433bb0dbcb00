import type { ECRClient } from "@aws-sdk/client-ecr";
import type { RegistryCredentials } from "./credentials";
import { RegistryError } from "./registry-error";

const HOST =
  /^\d{12}\.dkr(?:\.ecr|\.ecr-fips|-ecr|-ecr-fips)\.([a-z0-9-]{4,30})\.(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn)$/;

/** The AWS region of a private registry of Amazon ECR; undefined for any other host. */
export const ecrRegionOf = (host: string): string | undefined => HOST.exec(host)?.[1];

/**
 * The token, good for twelve hours, that ECR gives for AWS credentials from the usual places (environment, profile,
 * instance role). Undefined where this machine has none.
 * @throws RegistryError `registry-denied`, `registry-unreachable`
 */
export async function ecrCredentials(region: string, signal: AbortSignal): Promise<RegistryCredentials | undefined> {
  // Loaded with the first use: the library is large, and no other registry needs it.
  const { ECRClient, GetAuthorizationTokenCommand } = await import("@aws-sdk/client-ecr");
  const client: ECRClient = new ECRClient({ region, maxAttempts: 4 });
  try {
    const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: signal });
    const [username, ...password] = Buffer.from(authorizationData?.[0]?.authorizationToken ?? "", "base64")
      .toString("utf8")
      .split(":");
    if (username === undefined || username === "" || password.length === 0) throw refused("its answer holds no token");
    return { username, password: password.join(":") };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RegistryError) throw error;
    const { name, message, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
    if (name === "CredentialsProviderError") return undefined;
    const said = `${name}: ${message.slice(0, 300)}`;
    const status = $metadata?.httpStatusCode ?? 0;
    if (status >= 400 && status < 500) throw refused(said, error);
    throw new RegistryError(
      "registry-unreachable",
      `ECR of ${region} gives no token (${said})`,
      "a token",
      "see that this machine reaches AWS, then run it again",
      { cause: error },
    );
  } finally {
    client.destroy();
  }
}

function refused(said: string, cause?: unknown): RegistryError {
  return new RegistryError(
    "registry-denied",
    `ECR gives no token (${said})`,
    "a token",
    "give these AWS credentials ecr:GetAuthorizationToken, and the repository's rights to pull and push",
    { cause },
  );
}
