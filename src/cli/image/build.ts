import { type Command, InvalidArgumentError } from "commander";
import { gatewayDocument } from "../../definition";
import { type BuiltImage, buildImage, type Platform } from "../../gateway/image";
import type { CliContext } from "../context";
import { jsonText } from "../output/json";
import { table } from "../output/table";
import { addSourceOptions, explained, megabytes, type SourceOptions, sourcesOf } from "./image-options";

interface BuildOptions extends SourceOptions {
  readonly output: string;
  readonly platform?: readonly Platform[];
  readonly cache?: string;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("build")
    .summary("build the gateway's image into a directory")
    .description(
      "Builds the gateway's image, without a daemon, as an OCI layout. Equal inputs give equal digests. The layout names two images: program, which every edge shares, and configured, which holds the compiled definition as well.",
    )
    .argument("[definition]", "the file with the definition (default: none, the program image alone)")
    .requiredOption("--output <directory>", "where to write the layout: new, empty, or a layout to renew")
    .option("--platform <platform>", "linux/amd64 or linux/arm64; repeatable (default: both)", platform)
    .option("--cache <directory>", "where packages and base layers are kept (default: xmpp-edge in the user's cache)")
    .option("--json", "print digests and sizes as JSON");
  addSourceOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge image build edge.config.ts --output image
  xmpp-edge image build --output image --platform linux/arm64 --json
  xmpp-edge image build edge.config.ts --output image && podman run --rm oci:image:configured --help

Exit codes: 0 built, 1 could not be built, 2 used wrongly.`,
    )
    .action((file: string | undefined, options: BuildOptions) => build(file, options, context));
}

function platform(text: string, before: readonly Platform[] | undefined): readonly Platform[] {
  if (text === "linux/amd64" || text === "linux/arm64") return [...(before ?? []), text];
  throw new InvalidArgumentError("Give linux/amd64 or linux/arm64.");
}

async function build(file: string | undefined, options: BuildOptions, context: CliContext): Promise<void> {
  const { output, platform: platforms, cache, lock, json } = options;
  const definition = file === undefined ? undefined : await context.load(file);
  const built = await explained(context, "building the image", () =>
    buildImage({
      output,
      sources: sourcesOf(options),
      ...(definition === undefined ? {} : { definitionDocument: gatewayDocument(definition) }),
      ...(platforms === undefined ? {} : { platforms }),
      ...(cache === undefined ? {} : { cache }),
      ...(lock === undefined ? {} : { lock }),
      progress: (text) => context.stderr(`${text}\n`),
      signal: context.signal,
    }),
  );
  context.stdout(json ? jsonText(built) : text(built, definition !== undefined));
}

function text({ layout, digest, programDigest, platforms }: BuiltImage, isConfigured: boolean): string {
  const rows = platforms.map((one) => [one.platform, megabytes(one.compressedSize), one.digest]);
  return `${layout}\n${isConfigured ? `  configured  ${digest}\n` : ""}  program     ${programDigest}\n\n${table(["platform", "size", isConfigured ? "configured image" : "program image"], rows)}`;
}
