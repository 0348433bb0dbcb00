import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { PeerRigError } from "./peer-error";
import { peerRoot } from "./peer-root";
import { lifeline, WatchedProcess } from "./watched-process";
import { makeWorkFolder } from "./work-folder";

export interface PodmanOptions {
  /** Registries (`address:port`) that are spoken to without TLS. */
  readonly plainRegistries?: readonly string[];
}

export interface ContainerOptions {
  readonly name: string;
  /** What podman takes: `registry/name@sha256:…`, `oci:/peer/layout:configured`. */
  readonly image: string;
  /** podman's own options before the image; folders are named as seen inside, by `inside`. */
  readonly options?: readonly string[];
  /** What the image's entry point is given. */
  readonly arguments?: readonly string[];
}

const run = promisify(execFile);
/** Least rights: what the gateway's image has to do with. */
const CONFINED = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--network", "host"];

/**
 * podman on a machine of its own: its images, containers and mounts are in a work folder and in namespaces that end
 * with `close`, or with this process, however that ends. The network is the machine's. Needs root.
 *
 * vfs copies every layer for each image and container: an image of 150 MB takes some 600 MB until `close`.
 */
export class Podman {
  private constructor(
    /** Folder that podman and its programs see as /peer; what containers mount must be in it. */
    readonly work: string,
    private readonly machine: WatchedProcess,
    private readonly pid: string,
  ) {}

  static async open({ plainRegistries = [] }: PodmanOptions = {}): Promise<Podman> {
    const root = peerRoot();
    const work = await makeWorkFolder();
    await configure(work, plainRegistries);
    const namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const machine = new WatchedProcess("podman's machine", [
      ...lifeline,
      "unshare",
      ...namespaces,
      "--",
      ...["/bin/sh", join(__dirname, "machine.sh"), root.folder, work],
    ]);
    try {
      await machine.waitForLog(/^up$/);
      return new Podman(work, machine, childOf(machine.pid));
    } catch (error) {
      await end(machine, work);
      throw error;
    }
  }

  /** A file or folder of the work folder as podman and its containers' mounts name it. */
  inside(name: string): string {
    return `/peer/${name}`;
  }

  /** Runs podman to its end and gives its standard output. */
  async command(...args: string[]): Promise<string> {
    const [program, ...rest] = this.enter(["podman", ...args]);
    try {
      const { stdout } = await run(program, rest, { encoding: "utf8", timeout: 120_000, maxBuffer: 16 * 1024 * 1024 });
      return stdout;
    } catch (error) {
      const { message, stderr } = error as Error & { readonly stderr?: string };
      throw new PeerRigError("peer-exited", `podman ${args[0]}: ${stderr?.trim() || message}`);
    }
  }

  /** Starts a container, confined as a host would: read-only, without capabilities, on the machine's network. */
  start({ name, image, options = [], arguments: given = [] }: ContainerOptions): Container {
    const command = ["podman", "run", "--rm", "--name", name, ...CONFINED, ...options, image, ...given];
    return new Container(this, name, new WatchedProcess(`container ${name}`, [...lifeline, ...this.enter(command)]));
  }

  /** Ends every container, and removes them with all images. */
  async close(): Promise<void> {
    // The kernel would end them too, but leave their control groups behind.
    await this.command("rm", "--force", "--all", "--time", "1").catch(() => undefined);
    await end(this.machine, this.work);
  }

  /** The command line that runs a program of the peer root on this machine. */
  enter(command: readonly string[]): [string, ...string[]] {
    const settings = ["CONTAINERS_CONF=/peer/containers.conf", "CONTAINERS_STORAGE_CONF=/peer/storage.conf"];
    return [
      ...(["nsenter", "--target", this.pid, "--mount", "--pid", "--"] as const),
      ...["/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/peer"],
      ...["LANG=C.UTF-8", ...settings, "CONTAINERS_REGISTRIES_CONF=/peer/registries.conf"],
      ...command,
    ];
  }
}

/** A container that runs; what it writes is `process.log`, its end `process.exited`. */
export class Container {
  constructor(
    private readonly podman: Podman,
    readonly name: string,
    readonly process: WatchedProcess,
  ) {}

  /** What podman knows of it. */
  async inspect(): Promise<Readonly<Record<string, unknown>>> {
    const [known] = JSON.parse(await this.podman.command("container", "inspect", this.name)) as Record<
      string,
      unknown
    >[];
    return known as Record<string, unknown>;
  }

  /** What the kernel tells of its first process, as proc(5) has it. */
  async proc(file: "status" | "stat"): Promise<string> {
    const { State } = (await this.inspect()) as { State: { Pid: number } };
    const [program, ...rest] = this.podman.enter(["cat", `/proc/${State.Pid}/${file}`]);
    return (await run(program, rest, { encoding: "utf8" })).stdout;
  }

  /** Milliseconds of processor time that its first process and what that waited for have taken. */
  async processorTime(): Promise<number> {
    const stat = await this.proc("stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10; // USER_HZ is 100
  }

  /** Sends its first process a signal. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.podman.command("kill", "--signal", signal, this.name);
  }

  /** SIGTERM, and SIGKILL after as many seconds; gives back how it ended. */
  async stop(seconds = 15): Promise<string> {
    await this.podman.command("stop", "--time", String(seconds), this.name);
    return this.process.exited;
  }
}

async function configure(work: string, plainRegistries: readonly string[]): Promise<void> {
  for (const folder of ["graph", "runroot", "tmp"]) await mkdir(join(work, folder));
  const files = {
    "containers.conf": [
      "[containers]",
      // The defaults (1048576 open files) are above what a confined root may set.
      'default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]',
      'log_driver = "k8s-file"',
      "[engine]",
      'runtime = "runc"',
      'cgroup_manager = "cgroupfs"',
      'events_logger = "file"',
      'tmp_dir = "/peer/tmp"',
      'image_copy_tmp_dir = "/peer/tmp"',
    ],
    "storage.conf": ["[storage]", 'driver = "vfs"', 'runroot = "/peer/runroot"', 'graphroot = "/peer/graph"'],
    "registries.conf": [
      "unqualified-search-registries = []",
      ...plainRegistries.flatMap((location) => ["[[registry]]", `location = "${location}"`, "insecure = true"]),
    ],
  };
  for (const [name, lines] of Object.entries(files)) await writeFile(join(work, name), `${lines.join("\n")}\n`);
}

/** The machine's first process as the outside counts: unshare waits beside it. */
function childOf(pid: number): string {
  const child = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  if (!/^\d+$/.test(child)) throw new PeerRigError("peer-exited", `podman's machine has no first process: "${child}"`);
  return child;
}

async function end(machine: WatchedProcess, work: string): Promise<void> {
  // unshare itself minds no SIGTERM; the kernel ends its child, and so the whole machine, with it.
  machine.kill("SIGKILL");
  await machine.exited;
  await rm(work, { recursive: true, force: true, maxRetries: 5 });
}
