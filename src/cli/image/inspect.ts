import { type Command, Option } from "commander";
import { type InspectedImage, type InspectedPlatform, inspectImage } from "../../gateway/image";
import type { CliContext } from "../context";
import { jsonText } from "../output/json";
import { printable } from "../output/printable";
import { table } from "../output/table";
import { explained, megabytes } from "./image-options";

interface InspectOptions {
  readonly image?: "configured" | "program";
  readonly files?: true;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("inspect")
    .summary("show what is in a built image, and compare every digest")
    .description(
      "Reads an image of a layout through: compares every digest, lists layers, packages and files, and looks for what must not be there: private keys, shells, package managers, set-id programs.",
    )
    .argument("<layout>", "the directory that image build wrote")
    .addOption(
      new Option("--image <name>", "which image (default: configured, where there is one)").choices([
        "configured",
        "program",
      ]),
    )
    .option("--files", "list every file")
    .option("--json", "print everything as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge image inspect image
  xmpp-edge image inspect image --image program --files

Exit codes: 0 good, 1 not whole or holds what it must not, 2 used wrongly.`,
    )
    .action(async (layout: string, { image, files, json }: InspectOptions) => {
      const found = await explained(context, "reading the image", () => inspectImage(layout, image));
      context.stdout(json ? jsonText(found) : text(found, files === true));
      if (found.platforms.some(({ unwanted }) => unwanted.length > 0)) context.exit(1);
    });
}

const text = ({ name, digest, platforms, sboms, provenance }: InspectedImage, withFiles: boolean) =>
  `${name} ${digest}\n  ${sboms.length} lists of parts, ${provenance.length} statement of provenance attached\n${platforms.map((one) => platformText(one, withFiles)).join("")}`;

function platformText(one: InspectedPlatform, withFiles: boolean): string {
  const label = (name: string) => printable(one.labels[`org.opencontainers.image.${name}`] ?? "unknown");
  const layers = one.layers.map(({ digest, size, files }) => [digest, megabytes(size), String(files.length)]);
  const unwanted = one.unwanted.map(({ id, path }) => `  must not be there: ${id} ${printable(path)}\n`).join("");
  const packages = one.packages.map(({ name, version }) => [printable(name), printable(version)]);
  const files = one.layers.flatMap((layer) =>
    layer.files.map((file) => [file.mode, String(file.owner), String(file.size), printable(file.path)]),
  );
  return `\n${one.platform} ${one.digest}\n  version ${label("version")}, user ${printable(one.user)}, runs ${one.entrypoint.map((word) => printable(word)).join(" ")}\n${unwanted || "  no private key, shell, package manager or set-id program\n"}\n${table(["layer", "size", "entries"], layers)}\n${table(["package", "version"], packages)}${withFiles ? `\n${table(["mode", "owner", "bytes", "file"], files)}` : ""}`;
}
