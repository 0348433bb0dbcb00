/** What a registry is told: a user with a password, or a token that stands for a signed-in user (OAuth2 refresh token). */
export type RegistryCredentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };

/** Asked when a registry wants to know; again, with what it did not take (any more). */
export type CredentialSource = () => Promise<RegistryCredentials | undefined>;

export const sameCredentials = (one: RegistryCredentials, other: RegistryCredentials): boolean =>
  "identityToken" in one
    ? "identityToken" in other && one.identityToken === other.identityToken
    : "password" in other && one.username === other.username && one.password === other.password;

export const basicHeader = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

export const secretOf = (credentials: RegistryCredentials): string =>
  "identityToken" in credentials ? credentials.identityToken : credentials.password;
