import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { StateBackend, synthesise } from "xmpp-edge/constructs";
import { terraformBinary } from "../../src/offline/terraform-binary";
import { contoso } from "../constructs/definitions";
import { offlineConfiguration } from "./install";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "state-backends-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const stackWith = (backend: StateBackend): string =>
  dirname(synthesise(contoso({ partners: [] }), join(folder, "out"), { backend }).file);

/** Terraform as a pipeline runs it; asynchronous, because the server of its state may be in this process. */
const terraform = async (stack: string, ...args: string[]): Promise<{ code: number; said: string }> => {
  const env = {
    PATH: process.env.PATH,
    TF_CLI_CONFIG_FILE: await offlineConfiguration(),
    TF_HTTP_USERNAME: "deployer",
    TF_HTTP_PASSWORD: "secret",
    CHECKPOINT_DISABLE: "1",
  };
  return new Promise((resolve) =>
    execFile(terraformBinary(), args, { cwd: stack, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({
        code: error === null ? 0 : Number(error.code ?? 1),
        said: `${stdout}${stderr}`.replace(/[│\s]+/g, " "),
      }),
    ),
  );
};
const INIT = ["init", "-input=false", "-no-color"];
const APPLY = ["apply", "-auto-approve", "-input=false", "-no-color", "-lock-timeout=0s"];

describe("a stack whose state lies", () => {
  test("in a file is initialised and applied, and leaves it where it says", async () => {
    const stack = stackWith(StateBackend.local("../../../contoso.tfstate"));
    expect(await terraform(stack, ...INIT)).toMatchObject({ code: 0 });
    expect(await terraform(stack, ...APPLY)).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(folder, "contoso.tfstate"), "utf8")).resources.length).toBeGreaterThan(20);
  });

  test("in S3 has arguments that Terraform takes", async () => {
    const stack = stackWith(StateBackend.s3({ bucket: "states", region: "eu-central-1" }));
    expect(await terraform(stack, ...INIT, "-backend=false")).toMatchObject({ code: 0 });
    expect(await terraform(stack, "validate", "-no-color")).toMatchObject({ code: 0 });
    // The backend's own arguments are read before anybody is asked: a wrong one would be named here.
    const { said } = await terraform(stack, ...INIT, "-backend-config=no_such_argument=1");
    expect(said).toMatch(/no_such_argument/);
    expect(said).not.toMatch(/use_lockfile|encrypt|Unsupported argument/);
  });
});

describe("the example of a backend", () => {
  test.each(["local", "s3", "http"])("%s is synthesised and valid", async (kind) => {
    const out = join(folder, "out");
    execFileSync("sh", ["scripts/synth.sh", `examples/backends/${kind}.ts`], {
      cwd: join(__dirname, "..", ".."),
      env: { ...process.env, CDKTF_OUTDIR: out },
      stdio: "pipe",
    });
    const stack = join(out, "stacks", "contoso");
    expect(Object.keys(JSON.parse(readFileSync(join(stack, "cdk.tf.json"), "utf8")).terraform.backend)).toEqual([kind]);
    expect(await terraform(stack, ...INIT, ...(kind === "local" ? [] : ["-backend=false"]))).toMatchObject({ code: 0 });
    expect(await terraform(stack, "validate", "-no-color")).toMatchObject({ code: 0 });
  });
});

/** A small server of Terraform's HTTP protocol: one state, one lock. */
class StateServer {
  state: string | undefined;
  lock: string | undefined;
  readonly seen: string[] = [];
  readonly authorizations = new Set<string | undefined>();
  private readonly server: Server;

  constructor() {
    this.server = createServer(async (request, response) => {
      const body = await text(request);
      this.seen.push(`${request.method} ${new URL(request.url!, "http://x").pathname}`);
      this.authorizations.add(request.headers.authorization);
      const [status, answer = ""] = this.answer(request, body);
      response.writeHead(status).end(answer);
    });
  }

  async listen(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/edge`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer({ method }: IncomingMessage, body: string): [number, string?] {
    switch (method) {
      case "LOCK":
        if (this.lock !== undefined) return [423, this.lock];
        this.lock = body;
        return [200];
      case "UNLOCK":
        this.lock = undefined;
        return [200];
      case "POST":
        this.state = body;
        return [200];
      case "GET":
        return this.state === undefined ? [404] : [200, this.state];
      default:
        return [405];
    }
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe("a stack whose state lies on a server", () => {
  let server: StateServer;
  let stack: string;
  beforeEach(async () => {
    server = new StateServer();
    stack = stackWith(StateBackend.http({ address: await server.listen() }));
    expect(await terraform(stack, ...INIT)).toMatchObject({ code: 0 });
  });
  afterEach(() => server.close());

  test("is applied under the lock, and keeps nothing on this machine", async () => {
    expect(await terraform(stack, ...APPLY)).toMatchObject({ code: 0 });
    expect(server.seen.at(0)).toMatch(/^GET /);
    const [locked, written, unlocked] = ["LOCK /edge/lock", "POST /edge", "UNLOCK /edge/lock"].map((call) =>
      server.seen.lastIndexOf(call),
    );
    expect(locked).toBeGreaterThan(-1);
    expect(written).toBeGreaterThan(locked!);
    expect(unlocked).toBeGreaterThan(written!);
    expect(JSON.parse(server.state!).resources.length).toBeGreaterThan(20);
    expect(
      readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith("contoso.tfstate")),
    ).toEqual([]);
    expect([...server.authorizations]).toEqual([`Basic ${Buffer.from("deployer:secret").toString("base64")}`]);
    expect(readFileSync(join(stack, "cdk.tf.json"), "utf8")).not.toContain("secret");
  });

  test("is not touched while another deploy holds the lock", async () => {
    server.lock = JSON.stringify({ ID: "1", Operation: "OperationTypeApply", Who: "another pipeline" });
    const { code, said } = await terraform(stack, ...APPLY);
    expect(code).not.toBe(0);
    expect(said).toMatch(/Error acquiring the state lock.*already locked: ID=1/);
    expect(server.state).toBeUndefined();
  });
});
