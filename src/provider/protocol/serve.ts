import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Http2SecureServer } from "node:http2";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { selfSigned } from "./certificate";
import { grpcServer, type Route } from "./grpc-server";
import { failure, type Handler, handlers } from "./handlers";
import { controllerService, providerService, type Rpc } from "./protocol";
import type { Provider } from "./provider";

/** Terraform starts a plugin with this cookie; a person who runs the file gets a sentence instead. */
const COOKIE = {
  name: "TF_PLUGIN_MAGIC_COOKIE",
  value: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
};
/** Bytes of one message: what we take, and what we send (Terraform's own limit; AWS's whole schema is 40 MB). */
const MAXIMUM_REQUEST = 64 * 1024 * 1024;
const MAXIMUM_RESPONSE = 256 * 1024 * 1024;
/** Milliseconds between looks whether Terraform still lives: one that was killed says no `Shutdown`. */
const PARENT_CHECK = 2000;

/**
 * Serves a provider to the Terraform process that started this one: go-plugin's handshake on standard output, then
 * plugin protocol 6 over mutual TLS on a socket, until Terraform says `Shutdown` or is gone. Nothing else goes to
 * standard output, ever; what goes to standard error is shown at `TF_LOG=TRACE`.
 */
export async function serve<C>(provider: Provider<C>): Promise<void> {
  if (process.env[COOKIE.name] !== COOKIE.value) {
    process.stderr.write("This is a Terraform plugin. Terraform starts it; it does nothing by itself.\n");
    process.exitCode = 1;
    return;
  }
  const handshake = takeStandardOutput();
  // Terraform always sends its certificate; a plugin without one would listen to anybody on the machine.
  const client = process.env.PLUGIN_CLIENT_CERT;
  if (client === undefined)
    throw new Error("Terraform sent no PLUGIN_CLIENT_CERT; this plugin serves over mutual TLS only");
  const { key, pem, der } = selfSigned(new Date());
  const server = grpcServer(routes(provider), {
    key,
    certificate: pem,
    client,
    maximumRequest: MAXIMUM_REQUEST,
    maximumAnswer: MAXIMUM_RESPONSE,
  });
  const address = await listen(server);
  endWithParent();
  handshake(`1|6|unix|${address}|grpc|${der.toString("base64").replace(/=+$/, "")}\n`);
}

/** Gives standard output to the handshake alone: a library that prints something would break the connection. */
function takeStandardOutput(): (line: string) => void {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return (line) => void write(line);
}

function routes<C>(provider: Provider<C>): Route[] {
  const calls = Object.entries(handlers(provider)) as [Rpc, Handler][];
  const shutdown = { method: controllerService.Shutdown, answer: async () => ({}), answered: () => process.exit(0) };
  return [...calls.map(([rpc, handler]) => ({ method: providerService[rpc], answer: answering(handler) })), shutdown];
}

/** A failed call is answered with a diagnostic: a gRPC error would be shown as a crash of the plugin. */
const answering =
  (handler: Handler): Route["answer"] =>
  async (request) => {
    try {
      return await handler(request as never);
    } catch (error) {
      return { diagnostics: [failure(error)] };
    }
  };

/** Listens on a Unix socket that only this user's processes reach, and tidies it away at the end. */
async function listen(server: Http2SecureServer): Promise<string> {
  // mkdtemp makes the folder with mode 0700, whatever the umask.
  const address = join(mkdtempSync(join(process.env.PLUGIN_UNIX_SOCKET_DIR ?? tmpdir(), "plugin-")), "s");
  process.on("exit", () => rmSync(dirname(address), { recursive: true, force: true }));
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0));
  process.on("SIGINT", () => {}); // a terminal sends it to the whole group; Terraform decides when we end
  server.listen(address);
  await once(server, "listening");
  return address;
}

function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, PARENT_CHECK).unref();
}
