import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindingsVersion } from "./aws-schema";
import { buildStandIn } from "./build";
import { terraformBinary } from "./terraform-binary";

const CACHE = join(__dirname, "..", "..", ".cache", "offline");
/** What the stand-in is made of. */
const SOURCES = [__dirname, join(__dirname, "..", "..", "src", "provider", "protocol")];
const PLATFORMS: { readonly [platform: string]: string } = { x64: "amd64", arm64: "arm64" };

/**
 * The Terraform CLI configuration that finds the stand-in and nothing else: a filesystem mirror without a `direct`
 * way beside it, so no command that uses it can reach a registry. It lies outside every stack, so that no production
 * `init` can find the stand-in. Built when the sources or the bindings changed, else taken from the cache.
 */
export async function offlineConfiguration(): Promise<string> {
  const place = join(CACHE, digest());
  const configuration = join(place, "terraform.rc");
  if (existsSync(configuration)) return configuration;

  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, "building-"));
  const { version } = await buildStandIn(join(scratch, "built"));
  const target = `${process.platform}_${PLATFORMS[process.arch] ?? process.arch}`;
  cpSync(join(scratch, "built"), join(scratch, "mirror", ...awsAddress().split("/"), version, target), {
    recursive: true,
  });
  rmSync(join(scratch, "built"), { recursive: true });
  const mirror = JSON.stringify(join(place, "mirror"));
  writeFileSync(
    join(scratch, "terraform.rc"),
    `provider_installation {\n  filesystem_mirror {\n    path = ${mirror}\n  }\n}\n`,
  );
  moveInto(place, scratch);
  return configuration;
}

/** Whoever builds first wins: two test workers may build the same at once. */
function moveInto(place: string, scratch: string): void {
  try {
    renameSync(scratch, place);
  } catch (error) {
    rmSync(scratch, { recursive: true });
    if (!existsSync(place)) throw error;
  }
}

/**
 * The whole address of `hashicorp/aws`. Its default host is the binary's own and differs between Terraform and
 * OpenTofu, so the binary is asked, in an empty folder: a stack with a backend would want `init` first.
 */
function awsAddress(): string {
  const folder = mkdtempSync(join(tmpdir(), "providers-"));
  try {
    const aws = { source: "hashicorp/aws" };
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ terraform: [{ required_providers: [{ aws }] }] }));
    const listed = execFileSync(terraformBinary(), ["providers"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const address = /provider\[([^\]]+\/hashicorp\/aws)\]/.exec(listed)?.[1];
    if (address === undefined) throw new Error(`terraform providers named no address of hashicorp/aws:\n${listed}`);
    return address;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function digest(): string {
  const hash = createHash("sha256").update(`${bindingsVersion()}\0${process.execPath}\0${terraformBinary()}`);
  for (const folder of SOURCES) {
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
      if (file.endsWith(".ts") && !file.endsWith(".test.ts"))
        hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}
