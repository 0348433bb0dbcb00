import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { EdgeInput } from "../../../src/definition";
import type { GatewayStatus, StreamStatus } from "../../../src/gateway/status";
import { PeerRigError } from "./peer-error";
import type { TestCertificate } from "./pki";
import { SandboxUser } from "./sandbox-user";
import { type LogWait, lifeline, WatchedProcess } from "./watched-process";
import { makeWorkFolder } from "./work-folder";

export interface GatewayOptions {
  /** Without its Access Edge's address and port, the definition is what a user would write. */
  readonly definition: EdgeInput;
  readonly address: string;
  readonly s2sPort: number;
  readonly certificates: TestCertificate;
  readonly resolver: { readonly address: string; readonly port: number };
  /** Where it speaks TLS from the first byte. */
  readonly listenDirectTls?: { readonly address: string; readonly port: number };
  /** Where our own server behind it finds it, with `internal.kind` `xmpp`. */
  readonly listenInside?: { readonly address: string; readonly port: number };
  /** More places where it listens for partners, as `address:port`. */
  readonly listenToo?: readonly string[];
  /** Ranges that it may dial although they are not global. Default: loopback, where the peers are. */
  readonly allowPrivateTargets?: readonly string[];
  /** In front of its command: a program that runs it and looks on. */
  readonly under?: readonly string[];
  /** More options of `run`, by their long names. */
  readonly more?: Readonly<Record<`--${string}`, string>>;
}

/** One line of its structured log. */
export type LogEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

/** Milliseconds that the unit of a host gives it to end in order. */
const DRAIN = 15_000;
const project = resolve(__dirname, "../../..");

/**
 * Our gateway as users run it: a process of its own, started by `xmpp-edge run`, watched through its log and its
 * admin port. It can be killed and started again on the same state.
 */
export class Gateway {
  private readonly users = new Map<string, SandboxUser>();
  private current: { process: WatchedProcess; admin: string; token: string } | undefined;

  private constructor(
    private readonly name: string,
    private readonly work: string,
    private readonly command: readonly [string, ...string[]],
  ) {}

  /** Starts it and waits until it serves. */
  static async start({
    definition,
    address,
    s2sPort,
    certificates,
    resolver,
    listenDirectTls,
    listenInside,
    allowPrivateTargets = ["127.0.0.0/8"],
    listenToo = [],
    under = [],
    more = {},
  }: GatewayOptions): Promise<Gateway> {
    const work = await makeWorkFolder();
    const file = (name: string) => join(work, name);
    await writeFile(file("edge.json"), JSON.stringify(definition));
    await writeFile(file("edge.pem"), certificates.certPem);
    await writeFile(file("edge.key"), certificates.keyPem, { mode: 0o600 });
    await writeFile(file("anchors.pem"), certificates.caPem);
    const options: [string, string][] = [
      ["--listen", `${address}:${s2sPort}`],
      ...listenToo.map((place) => ["--listen", place] as [string, string]),
      ["--certificate", file("edge.pem")],
      ["--key", file("edge.key")],
      ["--trust-anchors", file("anchors.pem")],
      ["--resolver", `${resolver.address}:${resolver.port}`],
      ["--state", file("state")],
      ["--admin", `${address}:0`],
      ...allowPrivateTargets.map((range) => ["--allow-private-targets", range] as [string, string]),
      ["--log-level", "debug"],
      ...Object.entries(more),
      ...(listenDirectTls === undefined
        ? []
        : [["--listen-direct-tls", `${listenDirectTls.address}:${listenDirectTls.port}`] as [string, string]]),
      ...(listenInside === undefined
        ? []
        : [["--listen-inside", `${listenInside.address}:${listenInside.port}`] as [string, string]]),
    ];
    const gateway = new Gateway(definition.name, work, [
      ...lifeline,
      ...under,
      process.execPath,
      program(),
      "run",
      file("edge.json"),
      ...options.flat(),
    ]);
    try {
      await gateway.startAgain();
    } catch (error) {
      await gateway.remove();
      throw error;
    }
    return gateway;
  }

  /** Its state directory, which outlives it. */
  get stateFolder(): string {
    return join(this.work, "state");
  }

  /** Its log and its end; another one after each start. */
  get process(): WatchedProcess {
    return this.running.process;
  }

  /** Puts another text in the place of its definition, as editors and deployments do: whole, by renaming. */
  async replaceDefinition(text: string): Promise<void> {
    const file = join(this.work, "edge.json");
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  }

  /** A user of its sandbox: the same one also after a new start. */
  user(address: string): SandboxUser {
    let user = this.users.get(address);
    if (user === undefined) {
      user = new SandboxUser(address, (method, path, body) => this.request(method, path, body));
      this.users.set(address, user);
    }
    return user;
  }

  async status(): Promise<GatewayStatus> {
    return (await this.request("GET", "/status")) as GatewayStatus;
  }

  /** Its counters as they are now: gives the value of one by its name without our prefix, 0 where it has not counted. */
  async metrics(): Promise<(name: string) => number> {
    const text = await (await fetch(`http://${this.running.admin}/metrics`)).text();
    const values = new Map(
      text.split("\n").map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
    );
    return (name) => values.get(`xmpp_edge_${name}`) ?? values.get(name) ?? 0;
  }

  /** The authenticated streams with a partner. */
  async streams(partner: string): Promise<StreamStatus[]> {
    const { streams } = await this.status();
    return streams.filter(({ remote, state }) => remote === partner && state === "authenticated");
  }

  /** What it logged under that name so far, with those fields. */
  events(event: string, fields: Readonly<Record<string, unknown>> = {}): LogEvent[] {
    return this.process.log.flatMap((line) => eventOf(line, event, fields) ?? []);
  }

  /** Waits for an event of its log with those fields and gives it back. */
  waitForEvent(event: string, fields: Readonly<Record<string, unknown>> = {}, wait?: LogWait): Promise<LogEvent> {
    return this.process.waitForLine(
      `the event ${event} with ${JSON.stringify(fields)}`,
      (line) => eventOf(line, event, fields),
      wait,
    );
  }

  /** Waits until so many events with those fields are in its log. */
  waitForEvents(
    event: string,
    fields: Readonly<Record<string, unknown>>,
    count: number,
    wait?: LogWait,
  ): Promise<true> {
    let seen = 0;
    return this.process.waitForLine(
      `${count} events ${event} with ${JSON.stringify(fields)}`,
      (line) => (eventOf(line, event, fields) !== undefined && ++seen === count ? true : undefined),
      wait,
    );
  }

  /** Kills it as a crash would. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.exited;
  }

  /** Starts it on the state that it left. */
  async startAgain(): Promise<void> {
    const watched = new WatchedProcess(`gateway ${this.name}`, this.command);
    try {
      const ready = await watched.waitForLine("its line of readiness", readyLine);
      const token = sandboxToken(join(this.work, "state/sandbox.token"));
      this.current = { process: watched, admin: ready.admin, token };
    } catch (error) {
      await watched.stop();
      throw error;
    }
  }

  /** Ends it by SIGTERM and gives back how it ended; by SIGKILL where it takes longer than a host lets it. */
  async stop(): Promise<string> {
    const { process } = this.running;
    process.kill("SIGTERM");
    const timer = setTimeout(() => process.kill("SIGKILL"), DRAIN);
    const how = await process.exited;
    clearTimeout(timer);
    return how;
  }

  /** Ends it, if it runs, and removes its state. */
  async remove(): Promise<void> {
    if (this.current !== undefined) await this.stop();
    await rm(this.work, { recursive: true, force: true });
  }

  private get running(): NonNullable<typeof this.current> {
    if (this.current === undefined) throw new PeerRigError("peer-exited", `gateway ${this.name} has not been started`);
    return this.current;
  }

  private request(method: string, path: string, body?: unknown): Promise<unknown> {
    return adminRequest(this.running, method, path, body);
  }
}

/** Empty where the gateway has no sandbox. */
function sandboxToken(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
}

/** A request to the admin port of a gateway that runs. */
export async function adminRequest(
  { process, admin, token }: { readonly process: WatchedProcess; readonly admin: string; readonly token: string },
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`http://${admin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: Error) => {
    const cause = error.cause instanceof Error ? error.cause.message : error.message;
    throw new PeerRigError("client-closed", `${method} ${path}: ${cause}. The gateway wrote:\n${process.tail()}`);
  });
  const answer = (await response.json()) as unknown;
  if (response.ok) return answer;
  throw new SandboxRefusal(response.status, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
}

/** The sandbox's API refused a request. */
export class SandboxRefusal extends Error {
  override readonly name = "SandboxRefusal";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What its line of readiness says; undefined for any other line. */
export function readyLine(line: string): { admin: string } | undefined {
  if (!line.startsWith('{"ready":true')) return undefined;
  return JSON.parse(line) as { admin: string };
}

/** The event that a line of its log tells, if it has that name and those fields. */
export function eventOf(line: string, event: string, fields: Readonly<Record<string, unknown>>): LogEvent | undefined {
  if (!line.startsWith("{") || !line.includes(event)) return undefined;
  const read = JSON.parse(line) as LogEvent;
  const matches = read.event === event && Object.entries(fields).every(([key, value]) => read[key] === value);
  return matches ? read : undefined;
}

let built: string | undefined;

/**
 * The program under test: this project's build, made new where it is stale, or the `main.js` that XMPP_EDGE_MAIN names
 * (of an installed package, say).
 */
export function program(): string {
  built ??= process.env.XMPP_EDGE_MAIN ?? build();
  return built;
}

function build(): string {
  const prepared = spawnSync("/bin/sh", [join(project, "scripts/prepare.sh")], { encoding: "utf8" });
  if (prepared.status !== 0) {
    throw new PeerRigError("gateway-unavailable", `the gateway could not be built:\n${prepared.stderr}`);
  }
  return join(project, "dist/cli/main.js");
}
