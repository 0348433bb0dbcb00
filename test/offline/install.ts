import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cliConfiguration, layMirror } from "../../src/offline/mirror";
import { bindingsVersion } from "../../src/offline/schema/aws-schema";
import { served } from "../../src/offline/stand-in/resources";
import { terraformBinary } from "../../src/offline/terraform-binary";
import { buildStandIn } from "./build";

const ROOT = join(__dirname, "..", "..");
const CACHE = join(ROOT, ".cache", "offline");
/** What the stand-in is made of. */
const SOURCES = [join(ROOT, "src", "offline"), join(ROOT, "src", "provider")];

/**
 * The Terraform CLI configuration that finds the stand-in and nothing else. Built when the sources or the bindings
 * changed, else taken from the cache.
 */
export async function offlineConfiguration(): Promise<string> {
  const place = join(CACHE, digest());
  const configuration = join(place, "terraform.rc");
  if (existsSync(configuration)) return configuration;
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, "building-"));
  const bundle = join(scratch, "stand-in.cjs");
  buildStandIn(bundle);
  layMirror(scratch, { bundle, terraform: terraformBinary(), types: served }, place);
  moveInto(place, scratch);
  return configuration;
}

/**
 * The same for one stack, which has our own provider beside it: `init` finds that without a configuration, but not
 * beside one that names mirrors.
 */
export async function offlineConfigurationFor(stack: string): Promise<string> {
  const configuration = await offlineConfiguration();
  const plugins = join(stack, "terraform.d", "plugins");
  if (!existsSync(plugins)) return configuration;
  const own = join(stack, "offline.terraformrc");
  writeFileSync(own, cliConfiguration([join(dirname(configuration), "mirror"), plugins]));
  return own;
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

function digest(): string {
  const hash = createHash("sha256").update(`${bindingsVersion()}\0${process.execPath}\0${terraformBinary()}`);
  for (const folder of SOURCES) {
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
      if (file.endsWith(".ts")) hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}
