import { existsSync } from "node:fs";
import { join } from "node:path";
import { PROVIDER_VERSION } from "./address";
import { ProviderInstallError } from "./provider-error";

/** Where Terraform runs, in its words. One file serves all of them, and whoever commits a lock file needs them all. */
export const PLATFORMS = ["linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"] as const;
export type ProviderPlatform = (typeof PLATFORMS)[number];

/** The file's name is Terraform's wish. */
export const EXECUTABLE = `terraform-provider-xmppedge_v${PROVIDER_VERSION}`;

/** The bundle in the package as it is published; `src` and `dist` are equally deep. */
export const BUILT_PROVIDER = join(__dirname, "..", "..", "dist", "provider", EXECUTABLE);

/** @throws ProviderInstallError where the package is not built */
export function requireBuilt(): void {
  if (existsSync(BUILT_PROVIDER)) return;
  throw new ProviderInstallError(
    "provider-not-built",
    `the package has no ${EXECUTABLE}`,
    `a package that is built, with dist/provider/${EXECUTABLE}`,
    "run npm run build, or install the package again",
  );
}
