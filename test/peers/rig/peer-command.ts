import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { PATIENCE } from "./patience";
import type { PeerRoot } from "./peer-root";

/**
 * Runs a short-lived program of the peer root to its end and gives its standard output.
 * @param work folder that appears to it as /peer
 * @throws Error with its standard error where it fails
 */
export function runInPeerRoot(root: PeerRoot, work: string, command: readonly string[]): string {
  const enter = ["/bin/sh", join(__dirname, "enter.sh"), root.folder, work];
  return execFileSync("unshare", [...root.namespace, "--", ...enter, ...command], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PATIENCE,
  });
}
