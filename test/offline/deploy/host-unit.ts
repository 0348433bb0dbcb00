import { parse } from "yaml";
import { DeployError } from "./deploy-error";

/** What a host's first boot is told to run, out of its user data. */
export interface HostUnit {
  /** Words of `ExecStartPre`. */
  readonly prepare: readonly string[];
  /** Words of `ExecStart`: podman, its options, the image by digest, `run` and its arguments. */
  readonly start: readonly string[];
}

const SERVICE = "/etc/systemd/system/xmpp-edge.service";

/** @param userData the rendered cloud-init document, as the instance gets it */
export function hostUnit(userData: string): HostUnit {
  const { write_files } = parse(userData) as { write_files: readonly { path: string; content: string }[] };
  const content = write_files.find(({ path }) => path === SERVICE)?.content;
  if (content === undefined) throw new DeployError("user data", `writes no ${SERVICE}`);
  const joined = content.replace(/\\\n\s*/g, "");
  return { prepare: words(joined, "ExecStartPre"), start: words(joined, "ExecStart") };
}

function words(unit: string, key: string): string[] {
  const line = new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1];
  // Nothing in it needs systemd to unquote or to expand; if that changes, this has to learn it.
  if (line === undefined || /["'\\%$]/.test(line)) throw new DeployError("unit", `no plain ${key} in:\n${unit}`);
  return line.trim().split(/\s+/);
}

/** What a lab has instead of a host. */
export interface Lab {
  /** Takes the place of every address of the host. */
  readonly listen: string;
  /** The data volume's folder, as podman sees it. */
  readonly data: string;
  /** A file with trust anchors, as podman sees it. */
  readonly anchors: string;
  readonly resolver: string;
  readonly admin: string;
  /** AWS's endpoints and credentials. */
  readonly environment: Readonly<Record<string, string>>;
}

const DATA = "/var/lib/xmpp-edge";
const ANCHORS = "/run/lab/anchors.pem";

/**
 * The same command line with only that replaced which a lab has to: the listening address, the disk, the journal, the
 * resolver, the anchors, and where AWS is.
 */
export function unitInLab({ prepare, start }: HostUnit, lab: Lab): HostUnit {
  const image = imageAt(start);
  const options = swapped(
    swapped(start.slice(0, image), "--volume", `${DATA}:${DATA}`, `${lab.data}:${DATA}`),
    "--log-driver",
    "journald",
    "k8s-file",
  );
  const run = start.slice(image);
  const listen = run[run.indexOf("--listen") + 1] ?? "";
  const port = /^\[::\]:(\d+)$/.exec(listen)?.[1];
  if (port === undefined) throw new DeployError("unit", `listens at ${listen}, not at every address of the host`);
  return {
    prepare: prepare.map((word) => (word.startsWith(`${DATA}/`) ? lab.data + word.slice(DATA.length) : word)),
    start: [
      ...options,
      ...["--volume", `${lab.anchors}:${ANCHORS}:ro`],
      ...Object.entries(lab.environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
      ...swapped(run, "--listen", listen, `${lab.listen}:${port}`),
      ...["--trust-anchors", ANCHORS, "--resolver", lab.resolver, "--admin", lab.admin],
      ...["--allow-private-targets", "127.0.0.0/8"],
    ],
  };
}

/** `registry/repository@sha256:…` of the program image. */
export const imageOf = ({ start }: HostUnit): string => start[imageAt(start)] as string;

/** The value of one of `run`'s options, or of an environment variable. */
export const optionOf = ({ start }: HostUnit, option: string): string => start[start.indexOf(option) + 1] ?? "";

function imageAt(start: readonly string[]): number {
  const at = start.findIndex((word) => /@sha256:[0-9a-f]{64}$/.test(word));
  if (at < 0) throw new DeployError("unit", `names no image by digest: ${start.join(" ")}`);
  return at;
}

function swapped(line: readonly string[], option: string, from: string, to: string): string[] {
  const at = line.findIndex((word, index) => word === option && line[index + 1] === from);
  if (at < 0) throw new DeployError("unit", `has no ${option} ${from}: ${line.join(" ")}`);
  return line.map((word, index) => (index === at + 1 ? to : word));
}
