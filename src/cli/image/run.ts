import { spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { gatewayDocument } from "../../definition";
import { buildImage } from "../../gateway/image";
import { DOCUMENT_FILE } from "../../gateway/image/layers/configuration-layer";
import { LayoutReader } from "../../gateway/image/layout/read-layout";
import { ask, EngineError, findEngine } from "../../gateway/image/run/container-engine";
import { dockerArchive } from "../../gateway/image/run/docker-archive";
import { runCommand, shellText } from "../../gateway/image/run/run-command";
import { type CliContext, CommandError, UsageError } from "../context";
import { explained } from "./image-options";

interface RunCommandOptions {
  readonly engine?: string;
  readonly image?: string;
  readonly state: string;
  readonly mount?: readonly string[];
  readonly print?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("run")
    .summary("run the image on this machine under podman or docker")
    .description(
      "Runs the gateway out of its image, confined as on a host: read-only root, an ordinary user, no capabilities, the machine's network. A definition is built into an image first. Prints the command that it executes.",
    )
    .argument("<source>", "the file with a definition, or the directory that image build wrote")
    .argument("[arguments...]", "after --: options of xmpp-edge run, with paths as they are inside")
    .option("--engine <program>", "podman, docker, or a path (default: the first of the two on PATH)")
    .option("--state <volume>", "where the state is kept: a volume, or a directory of user 10001", "xmpp-edge-state")
    .option(
      "--mount <host:inside>",
      "a file or directory that the gateway may read; repeatable; user 10001 must be able to",
      mount,
    )
    .option("--print", "print the command and run nothing; the image is loaded all the same")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge image run edge.config.ts --mount "$PWD/tls:/run/tls" -- --certificate /run/tls/edge.pem --key /run/tls/edge.key
  xmpp-edge image run image --print

Exit codes: the gateway's own; 1 no engine, or it could not start, 2 used wrongly.`,
    )
    .action((source: string, given: readonly string[], options: RunCommandOptions) =>
      run(source, given, options, context),
    );
}

async function run(source: string, given: readonly string[], options: RunCommandOptions, context: CliContext) {
  const { state, mount: mounts = [] } = options;
  try {
    const engine = await findEngine(process.env.PATH ?? "", options.engine);
    const image = await loaded(engine, source, context);
    const command = runCommand({
      image,
      state,
      mounts,
      arguments: given.length === 0 ? [] : ["run", `/${DOCUMENT_FILE}`, ...given],
    });
    const line = `${shellText([engine, ...command])}\n`;
    if (options.print) {
      context.stdout(line);
      return;
    }
    context.stderr(line);
    const code = await toItsEnd(engine, command, context.signal);
    if (!context.signal.aborted && code !== 0) context.exit(code);
  } catch (error) {
    if (error instanceof EngineError) throw new CommandError(error.message, 1, error.remedy);
    throw error;
  }
}

/** Makes sure that the engine has the image, and gives its name there. */
async function loaded(engine: string, source: string, context: CliContext): Promise<string> {
  const kind = await stat(source).catch(() => undefined);
  if (kind?.isDirectory()) return load(engine, source, context);
  if (kind === undefined) throw new UsageError(`there is no ${source}`, "name a definition, or a built image");
  const definition = await context.load(source);
  const output = await mkdtemp(join(tmpdir(), "xmpp-edge-image-"));
  try {
    await explained(context, "building the image", () =>
      buildImage({
        definitionDocument: gatewayDocument(definition),
        output,
        platforms: [process.arch === "arm64" ? "linux/arm64" : "linux/amd64"],
        progress: (text) => context.stderr(`${text}\n`),
        signal: context.signal,
      }),
    );
    return await load(engine, output, context);
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

async function load(engine: string, layout: string, context: CliContext): Promise<string> {
  const { signal } = context;
  return explained(context, "loading the image", async () => {
    const reader = await LayoutReader.open(layout);
    const { name: wanted, descriptor } = reader.named();
    if (wanted !== "configured")
      throw new UsageError(`${layout} holds the program alone, no configured image`, "build it with its definition");
    const { name, contents } = await dockerArchive(reader, descriptor, process.arch);
    if ((await ask({ engine, arguments: ["image", "inspect", name], signal })).ok) return name;
    const { ok, words } = await ask({ engine, arguments: ["load"], input: await contents(), signal });
    if (ok) return name;
    throw new EngineError(
      "engine-failed",
      `${engine} does not take the image: ${words.slice(-500)}`,
      "an image that is loaded",
      "see that the engine works: its own info command says more",
    );
  });
}

/** Hands over the terminal; a signal to us goes on to the engine, which stops the gateway in order. */
function toItsEnd(engine: string, command: readonly string[], signal: AbortSignal): Promise<number> {
  const child = spawn(engine, command, { stdio: "inherit" });
  const stop = () => child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      signal.removeEventListener("abort", stop);
      resolve(code ?? 1);
    });
  });
}

function mount(text: string, before: readonly string[] | undefined): readonly string[] {
  if (/^[^:]+:\/[^:]*$/.test(text)) return [...(before ?? []), text];
  throw new InvalidArgumentError("Give HOST:INSIDE, such as /etc/tls:/run/tls.");
}
