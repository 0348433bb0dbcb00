import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROVIDER_ADDRESS, PROVIDER_VERSION } from "./address";
import { ProviderInstallError } from "./provider-error";

/** Where Terraform runs, in its words. One file serves all of them, and whoever commits a lock file needs them all. */
export const PLATFORMS = ["linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"] as const;
export type ProviderPlatform = (typeof PLATFORMS)[number];

/** What was laid into a stack's folder. */
export interface InstalledProvider {
  readonly version: string;
  /** The provider's folders, one a platform. */
  readonly folders: readonly string[];
}

const EXECUTABLE = `terraform-provider-xmppedge_v${PROVIDER_VERSION}`;
/** In the package as it is published; `src` and `dist` are equally deep. */
const BUILT = join(__dirname, "..", "..", "dist", "provider", EXECUTABLE);

/**
 * Lays our Terraform provider where Terraform finds it by itself: `<stack>/terraform.d/plugins/…`. Older versions of it
 * go. The file is JavaScript and runs by the `node` on PATH, unless a single executable is given for a platform.
 *
 * @param stack the folder with the stack's Terraform files, such as `cdktf.out/stacks/contoso`; made where it is missing
 * @param executables files that need no Node, by platform
 * @throws ProviderInstallError
 */
export function installProvider(
  stack: string,
  executables: { readonly [platform in ProviderPlatform]?: string } = {},
): InstalledProvider {
  if (!existsSync(BUILT))
    throw new ProviderInstallError(
      "provider-not-built",
      `the package has no ${EXECUTABLE}`,
      `a package that is built, with dist/provider/${EXECUTABLE}`,
      "run npm run build, or install the package again",
    );
  const versions = join(stack, "terraform.d", "plugins", ...PROVIDER_ADDRESS.split("/"));
  try {
    mkdirSync(versions, { recursive: true });
    for (const version of readdirSync(versions))
      if (version !== PROVIDER_VERSION) rmSync(join(versions, version), { recursive: true });
    const folders = PLATFORMS.map((platform) => {
      const folder = join(versions, PROVIDER_VERSION, platform);
      lay(folder, executables[platform] ?? BUILT);
      return folder;
    });
    return { version: PROVIDER_VERSION, folders };
  } catch (error) {
    throw fileFault(error, versions);
  }
}

/** Made beside its place and moved there, file by file: Terraform may be running, or another synth. */
function lay(folder: string, executable: string): void {
  mkdirSync(folder, { recursive: true });
  const fresh = mkdtempSync(join(folder, "..", ".new-"));
  cpSync(executable, join(fresh, EXECUTABLE));
  // The file has no extension, so Node takes its kind from here: the stack's project may be of modules.
  writeFileSync(join(fresh, "package.json"), '{"type":"commonjs"}\n');
  for (const file of readdirSync(fresh)) renameSync(join(fresh, file), join(folder, file));
  rmSync(fresh, { recursive: true });
}

function fileFault(error: unknown, place: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (
    code !== "ENOSPC" &&
    code !== "EDQUOT" &&
    code !== "EACCES" &&
    code !== "EPERM" &&
    code !== "EROFS" &&
    code !== "ENOTDIR"
  )
    return error;
  return new ProviderInstallError(
    "provider-unwritable",
    `${place} cannot be written (${code})`,
    "a folder that can be written, with room for 10 MB",
    "make room, or name another stack folder",
  );
}
