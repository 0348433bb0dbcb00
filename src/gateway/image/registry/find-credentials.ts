import { credentialsFromFiles } from "./auth-file";
import type { RegistryCredentials } from "./credentials";
import { ecrCredentials, ecrRegionOf } from "./ecr";
import { RegistryError } from "./registry-error";
import type { Repository } from "./repository";

export interface CredentialSearch {
  readonly repository: Repository;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * What to tell a registry that asks who we are: what the environment says; for Amazon ECR the token that AWS gives to
 * the credentials of this machine; else what `podman login` or `docker login` left.
 * @throws RegistryError `credentials-invalid`
 */
export async function findCredentials(search: CredentialSearch): Promise<RegistryCredentials | undefined> {
  const { repository, environment, signal } = search;
  const username = environment.XMPP_EDGE_REGISTRY_USERNAME ?? "";
  const password = environment.XMPP_EDGE_REGISTRY_PASSWORD ?? "";
  if (username !== "" && password !== "") return { username, password };
  if (username !== "" || password !== "")
    throw new RegistryError(
      "credentials-invalid",
      `XMPP_EDGE_REGISTRY_${username === "" ? "USERNAME" : "PASSWORD"} is not set, the other of the two is`,
      "both or none",
      "set both XMPP_EDGE_REGISTRY_USERNAME and XMPP_EDGE_REGISTRY_PASSWORD",
    );
  const region = ecrRegionOf(repository.host);
  const token = region === undefined ? undefined : await ecrCredentials(region, signal);
  return token ?? (await credentialsFromFiles(search));
}
