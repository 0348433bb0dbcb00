import { spawn, spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { PeerRigError } from "../rig/peer-error";
import { lifeline } from "../rig/watched-process";
import type { LabOutcome } from "./outcome";

/** Runs the lab in a network namespace of its own and gives what it found out. */
export const runLab = (pattern = process.env.XMPP_EDGE_LAB_CASES ?? ""): Promise<LabOutcome> =>
  runInNamespace(join(__dirname, "driver.ts"), [pattern]);

/** Runs a program of ours in a network namespace of its own and reads the JSON that it prints. */
export async function runInNamespace<T>(script: string, args: readonly string[] = []): Promise<T> {
  const jiti = resolve(__dirname, "../../../node_modules/jiti/lib/jiti-cli.mjs");
  // The lifeline inside unshare, for a change of user namespace would forget the request.
  const command = [...namespace(), "--", ...lifeline, process.execPath, jiti, script, ...args];
  const child = spawn("unshare", command, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const [answer, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await ended;
  if (code !== 0)
    throw new PeerRigError("peer-exited", `${script} ended (exit code ${code}). It wrote:\n${complaints}`);
  return JSON.parse(answer);
}

/** Root needs a network namespace alone; an ordinary user a user namespace besides. */
function namespace(): string[] {
  const ways = [["--net"], ["--net", "--mount", "--map-root-user"]];
  const way = ways.find((options) => spawnSync("unshare", [...options, "true"]).status === 0);
  if (way !== undefined) return way;
  throw new PeerRigError(
    "peers-unavailable",
    "the DNS lab needs a network namespace, which this machine refuses. Run it as root; or allow unprivileged user " +
      "namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0); " +
      "or, in a container, start it with --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined",
  );
}
