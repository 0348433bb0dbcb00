import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROVIDER_ADDRESS, PROVIDER_VERSION } from "../provider/address";
import { awsSchema, installedBindings } from "./schema/aws-schema";

export interface MirrorOptions {
  /** The bundled stand-in. */
  readonly bundle: string;
  /** The Terraform command that will use it. */
  readonly terraform: string;
  /** Resource types (`aws_eip`) and data sources (`data.aws_partition`) that it has to know. */
  readonly types: readonly string[];
  /**
   * Whether our own provider gets a stand-in too, without registry and DNS behind it.
   * @default false: the real one has to be within reach
   */
  readonly ownToo?: boolean;
  /** Folders besides in which Terraform may look for other providers, laid out as mirrors. */
  readonly others?: readonly string[];
  /**
   * The folder of `@cdktf/provider-aws`, whose schema is served.
   * @default the one that is installed beside this package
   */
  readonly bindings?: string;
}

const ARCHITECTURES: { readonly [architecture: string]: string } = { x64: "amd64", arm64: "arm64" };

/** The folder of providers for this machine, as Terraform names it: `linux_amd64`. */
const platform = (): string => `${process.platform}_${ARCHITECTURES[process.arch] ?? process.arch}`;

/**
 * Lays the stand-in for `hashicorp/aws`, and one for our own provider if asked, into a folder of its own, with a Terraform CLI
 * configuration that finds them (and the others that are named) and nothing else: without a `direct` way no command can reach a registry, and outside
 * every stack no other `init` can find the stand-ins.
 *
 * @param folder an empty folder, kept as long as the configuration is used
 * @param path where the folder will be, if it is moved afterwards
 * @returns the configuration's file, for `TF_CLI_CONFIG_FILE`
 * @throws BindingsError where the bindings cannot be read, or have none of a type
 */
export function layMirror(folder: string, options: MirrorOptions, path = folder): string {
  const schema = awsSchema(options.types, options.bindings ?? installedBindings());
  const aws = providerFolder(folder, awsAddress(options.terraform), schema.version);
  copyFileSync(options.bundle, join(aws, "stand-in.cjs"));
  writeFileSync(join(aws, "aws-schema.json"), JSON.stringify(schema));
  writeLauncher(join(aws, `terraform-provider-aws_v${schema.version}`), "hashicorp/aws", "aws", path);
  if (options.ownToo) {
    const own = providerFolder(folder, PROVIDER_ADDRESS, PROVIDER_VERSION);
    copyFileSync(options.bundle, join(own, "stand-in.cjs"));
    writeLauncher(join(own, `terraform-provider-xmppedge_v${PROVIDER_VERSION}`), PROVIDER_ADDRESS, "xmppedge", path);
  }
  const configuration = join(folder, "terraform.rc");
  writeFileSync(configuration, cliConfiguration([join(path, "mirror"), ...(options.others ?? [])]));
  return configuration;
}

/** The text of a Terraform CLI configuration that looks for providers in these mirrors and nowhere else. */
export const cliConfiguration = (mirrors: readonly string[]): string =>
  `provider_installation {\n${mirrors
    .map((mirror) => `  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n`)
    .join("")}}\n`;

/** A word of a shell, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function providerFolder(folder: string, address: string, version: string): string {
  const place = join(folder, "mirror", ...address.split("/"), version, platform());
  mkdirSync(place, { recursive: true });
  return place;
}

/** Terraform starts a file without an extension, so a launcher names the Node that runs it: this one. */
function writeLauncher(file: string, address: string, provider: "aws" | "xmppedge", path: string): void {
  writeFileSync(
    file,
    `#!/bin/sh
# The stand-in for ${address}. It makes nothing anywhere; its values are made up and marked.
# Terraform starts it several times a command. Not beside it: what lies there is checked by its hash.
NODE_COMPILE_CACHE=${quoted(join(path, "compiled"))}
export NODE_COMPILE_CACHE
exec ${quoted(process.execPath)} "$(dirname "$0")/stand-in.cjs" ${provider}
`,
  );
  chmodSync(file, 0o755);
}

/**
 * The whole address of `hashicorp/aws`. Its default host is the binary's own and differs between Terraform and
 * OpenTofu, so the binary is asked, in an empty folder: a stack with a backend would want `init` first.
 */
function awsAddress(terraform: string): string {
  const folder = mkdtempSync(join(tmpdir(), "providers-"));
  try {
    const aws = { source: "hashicorp/aws" };
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ terraform: [{ required_providers: [{ aws }] }] }));
    const listed = execFileSync(terraform, ["providers"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, CHECKPOINT_DISABLE: "1" },
    });
    const address = /provider\[([^\]]+\/hashicorp\/aws)\]/.exec(listed)?.[1];
    if (address === undefined) throw new Error(`terraform providers named no address of hashicorp/aws:\n${listed}`);
    return address;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
