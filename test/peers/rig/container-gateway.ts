import { chmod, chown, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GatewayStatus } from "../../../src/gateway/status";
import { adminRequest, eventOf, type LogEvent, readyLine } from "./gateway";
import { PeerRigError } from "./peer-error";
import type { TestCertificate } from "./pki";
import type { Container, Podman } from "./podman";
import { SandboxUser } from "./sandbox-user";
import type { LogWait, WatchedProcess } from "./watched-process";

export interface ContainerGatewayOptions {
  readonly podman: Podman;
  /** The first text of its document's file. */
  readonly document: string;
  readonly address: string;
  readonly s2sPort: number;
  readonly certificates: TestCertificate;
  readonly resolver: { readonly address: string; readonly port: number };
}

/** Whom the gateway's image runs as. */
const USER = 10001;
const NAME = "gateway";
/** How long the unit of a host lets it drain, in seconds. */
const DRAIN = 15;

interface Running {
  readonly container: Container;
  readonly process: WatchedProcess;
  readonly admin: string;
  readonly token: string;
}

/**
 * Our gateway as a host runs it: the program image by its digest under podman, its document in a folder beside it, its
 * state on a volume. What stays when it is replaced: the address, the certificate, the document, and the volume.
 */
export class ContainerGateway {
  private current: Running | undefined;
  private readonly users = new Map<string, SandboxUser>();

  private constructor(
    private readonly podman: Podman,
    private readonly command: readonly string[],
  ) {}

  /** Lays out what every container of it gets; none runs yet. */
  static async prepare(options: ContainerGatewayOptions): Promise<ContainerGateway> {
    const { podman, document, address, s2sPort, certificates, resolver } = options;
    const files = {
      "edge.pem": certificates.certPem,
      "edge.key": certificates.keyPem,
      "anchors.pem": certificates.caPem,
    };
    await mkdir(join(podman.work, "secrets"));
    for (const [name, text] of Object.entries(files)) {
      const file = join(podman.work, "secrets", name);
      await writeFile(file, text, { mode: 0o400 });
      await chown(file, USER, USER);
    }
    for (const folder of ["document", "backup"]) await mkdir(join(podman.work, folder));
    await chown(join(podman.work, "backup"), USER, USER);
    const gateway = new ContainerGateway(podman, [
      ...["run", "/run/document/edge.json", "--listen", `${address}:${s2sPort}`],
      ...["--certificate", "/run/secrets/edge.pem", "--key", "/run/secrets/edge.key"],
      ...["--trust-anchors", "/run/secrets/anchors.pem", "--resolver", `${resolver.address}:${resolver.port}`],
      ...["--admin", `${address}:0`, "--allow-private-targets", "127.0.0.0/8", "--log-level", "debug"],
    ]);
    await gateway.replaceDocument(document);
    return gateway;
  }

  /**
   * Starts a container of that image on that volume.
   * @returns milliseconds until it served
   */
  async start(image: string, volume = "state"): Promise<number> {
    const since = performance.now();
    const mounts = ["--volume", `${this.podman.inside("document")}:/run/document:ro`, ...this.mounts(volume)];
    const container = this.podman.start({ name: NAME, image, options: mounts, arguments: this.command });
    const { process } = container;
    const { admin } = await process.waitForLine("its line of readiness", readyLine);
    const took = performance.now() - since;
    const state = join(this.podman.work, "graph/volumes", volume, "_data/state");
    const token = (await readFile(join(state, "sandbox.token"), "utf8")).trim();
    this.current = { container, process, admin, token };
    return took;
  }

  /** As `podman stop` does it for the unit; gives back how it ended, and after how many milliseconds. */
  async stop(): Promise<{ readonly how: string; readonly ms: number }> {
    const since = performance.now();
    const how = await this.running.container.stop(DRAIN);
    return { how, ms: performance.now() - since };
  }

  /** Kills it as a crash would. */
  async kill(): Promise<void> {
    await this.running.container.kill("SIGKILL");
    await this.running.process.exited;
  }

  /** What its containers see as /backup. */
  get backupFolder(): string {
    return join(this.podman.work, "backup");
  }

  /** Runs one of our commands in the container that runs. Gives back what it printed. */
  execute(...args: string[]): Promise<string> {
    return this.podman.command("exec", NAME, "/usr/local/bin/node", "/opt/xmpp-edge/main.js", ...args);
  }

  /** Runs one of our commands in a container of its own, on a volume. */
  executeOn(volume: string, image: string, ...args: string[]): Promise<string> {
    return this.podman.command("run", "--rm", "--network", "none", ...this.mounts(volume), image, ...args);
  }

  /** Puts another document in the place of the one that runs: whole, by renaming. */
  async replaceDocument(text: string): Promise<void> {
    const file = join(this.podman.work, "document", "edge.json");
    await writeFile(`${file}.new`, text);
    await chmod(`${file}.new`, 0o644);
    await rename(`${file}.new`, file);
  }

  /** A user of its sandbox: the same one also after a replacement. */
  user(address: string): SandboxUser {
    const user = this.users.get(address) ?? new SandboxUser(address, (...request) => this.request(...request));
    this.users.set(address, user);
    return user;
  }

  /** Its log and its end; another one after each start. */
  get process(): WatchedProcess {
    return this.running.process;
  }

  /** The digest of the image that it runs, as podman knows it. */
  async imageDigest(): Promise<string> {
    return String((await this.running.container.inspect()).ImageDigest);
  }

  async status(): Promise<GatewayStatus> {
    return (await this.request("GET", "/status")) as GatewayStatus;
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

  private mounts(volume: string): string[] {
    return [
      ...["--volume", `${this.podman.inside("secrets")}:/run/secrets:ro`],
      ...["--volume", `${this.podman.inside("backup")}:/backup`],
      ...["--volume", `${volume}:/var/lib/xmpp-edge`],
    ];
  }

  private get running(): Running {
    if (this.current === undefined)
      throw new PeerRigError("peer-exited", "no container of the gateway has been started");
    return this.current;
  }

  private request(method: string, path: string, body?: unknown): Promise<unknown> {
    return adminRequest(this.running, method, path, body);
  }
}
