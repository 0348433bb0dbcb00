import { type Command, Option } from "commander";
import { LayoutReader } from "../../gateway/image/layout/read-layout";
import { type PushedImage, pushImage } from "../../gateway/image/registry";
import { type CliContext, CommandError } from "../context";
import { jsonText } from "../output/json";
import { printable } from "../output/printable";
import { explained, megabytes } from "./image-options";
import { withRegistry } from "./with-registry";

interface PushCommandOptions {
  readonly tag?: string;
  readonly image?: "configured" | "program";
  readonly plainHttp?: true;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("push")
    .summary("push a built image to a registry: only what it has not")
    .description(
      "Pushes an image of a layout, with its SBOM and provenance, to an OCI registry. Layers that the registry has are not sent again; the tag comes last, so it never names half an image.",
    )
    .argument("<layout>", "the directory that image build wrote")
    .argument("<repository>", "where to: host[:port]/name")
    .option("--tag <tag>", "name it so in the repository (default: its digest alone)")
    .addOption(
      new Option("--image <name>", "which image (default: configured, where there is one)").choices([
        "configured",
        "program",
      ]),
    )
    .option("--plain-http", "speak to a registry elsewhere without TLS; no credentials are sent then")
    .option("--json", "print what was pushed as JSON")
    .addHelpText(
      "after",
      `
Credentials: XMPP_EDGE_REGISTRY_USERNAME and XMPP_EDGE_REGISTRY_PASSWORD; for Amazon ECR this machine's AWS
credentials; else what podman login or docker login left, credential helpers too. A registry on this machine
(localhost, 127.…) needs no TLS. A private CA: name its certificate in NODE_EXTRA_CA_CERTS.

Examples:
  xmpp-edge image push image registry.example/edge/gateway --tag 2026-11-22
  xmpp-edge image push image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/edge --image program --json

Exit codes: 0 it is there, 1 it is not, 2 used wrongly.`,
    )
    .action((layout: string, repository: string, options: PushCommandOptions) =>
      push(layout, repository, options, context),
    );
}

async function push(layout: string, repository: string, options: PushCommandOptions, context: CliContext) {
  const { tag, image, plainHttp = false, json } = options;
  const { descriptor, name } = await explained(context, "reading the layout", async () =>
    (await LayoutReader.open(layout)).named(image),
  );
  const { digest } = descriptor;
  const pushed = await withRegistry(context, "pushing", () =>
    pushImage({
      layout,
      repository,
      digest,
      plainHttp,
      ...(tag !== undefined && { tag }),
      signal: context.signal,
      progress: (text) => context.stderr(`${text}\n`),
    }).catch((error: unknown) => {
      // The signal's own exit code is main's to give.
      if (context.signal.aborted) throw new CommandError("interrupted; nothing is tagged", 1, "run it again");
      throw error;
    }),
  );
  for (const refused of pushed.refusedAttachments)
    context.stderr(`The registry takes no SBOM or provenance: ${printable(refused)}\n`);
  context.stdout(json ? jsonText({ ...pushed, image: name, digest, ...(tag && { tag }) }) : text(pushed, tag));
}

function text({ reference, pushedBlobs, pushedBytes, mountedOrPresentBlobs }: PushedImage, tag?: string): string {
  const sent = pushedBytes === 0 ? "nothing to send" : `${megabytes(pushedBytes)} sent`;
  return `${reference}${tag === undefined ? "" : ` as ${tag}`}\n  ${sent}: ${pushedBlobs} blobs new, ${mountedOrPresentBlobs} there already\n`;
}
