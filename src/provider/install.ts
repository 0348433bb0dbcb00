import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROVIDER_ADDRESS, PROVIDER_VERSION } from "./address";
import { BUILT_PROVIDER, EXECUTABLE, PLATFORMS, type ProviderPlatform, requireBuilt } from "./built-provider";
import { ProviderInstallError } from "./provider-error";

/** What was laid into a stack's folder. */
export interface InstalledProvider {
  readonly version: string;
  /** The provider's folders, one a platform. */
  readonly folders: readonly string[];
}

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
  requireBuilt();
  const versions = join(stack, "terraform.d", "plugins", ...PROVIDER_ADDRESS.split("/"));
  try {
    mkdirSync(versions, { recursive: true });
    for (const version of readdirSync(versions))
      if (version !== PROVIDER_VERSION) rmSync(join(versions, version), { recursive: true });
    const folders = PLATFORMS.map((platform) => {
      const folder = join(versions, PROVIDER_VERSION, platform);
      lay(folder, executables[platform] ?? BUILT_PROVIDER);
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
