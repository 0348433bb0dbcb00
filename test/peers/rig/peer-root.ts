import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { PeerRigError } from "./peer-error";

/** The folder of unpacked Debian packages that the peers run from. */
export interface PeerRoot {
  readonly folder: string;
  /** The Debian release that the packages are of: `bookworm`. */
  readonly release: string;
  /** Version of a package, as Debian writes it: `0.12.3-1+deb12u1`. */
  version(packageName: string): string;
  /** Options of unshare(1) that give a process a mount namespace of its own on this machine. */
  readonly namespace: readonly string[];
}

const script = resolve(__dirname, "../../../scripts/peers.sh");
const located = new Map<string, PeerRoot>();

/**
 * Finds the peer root of the machine's Debian release (or of XMPP_EDGE_PEER_RELEASE); asked once a process.
 *
 * @param set of the packages, as XMPP_EDGE_PEER_SET names it; default: what that says
 * @throws PeerRigError `peers-unavailable` with the remedy, where the peers are not fetched or cannot run. Tests
 * then fail: a peer test that skips itself proves nothing.
 */
export function peerRoot(set = process.env.XMPP_EDGE_PEER_SET ?? ""): PeerRoot {
  let root = located.get(set);
  if (root === undefined) {
    root = locate(set);
    located.set(set, root);
  }
  return root;
}

function locate(set: string): PeerRoot {
  const env = { ...process.env, XMPP_EDGE_PEER_SET: set };
  const answer = spawnSync("/bin/sh", [script, "--where"], { encoding: "utf8", env });
  if (answer.status !== 0) {
    throw new PeerRigError("peers-unavailable", answer.error?.message ?? answer.stderr.trim());
  }
  const folder = answer.stdout.trim();
  const versions = new Map(
    readFileSync(join(folder, ".versions"), "utf8")
      .split("\n")
      .map((line): [string, string] => [line.replace(/ .*/, ""), line.replace(/^\S* /, "")]),
  );
  return {
    folder,
    release: basename(folder),
    namespace: namespace(),
    version(packageName) {
      const version = versions.get(packageName);
      if (version === undefined) {
        throw new PeerRigError("peers-unavailable", `package ${packageName} is not in ${folder}; add it to ${script}`);
      }
      return version;
    },
  };
}

/** Root needs a mount namespace alone; an ordinary user a user namespace besides. peers.sh has found one to work. */
function namespace(): string[] {
  const alone = spawnSync("unshare", ["--mount", "true"]);
  return alone.status === 0 ? ["--mount"] : ["--mount", "--map-root-user"];
}
