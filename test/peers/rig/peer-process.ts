import { join } from "node:path";
import type { PeerRoot } from "./peer-root";
import { lifeline, WatchedProcess } from "./watched-process";

export interface PeerProgram {
  /** What errors call it: "prosody of a.example". */
  readonly name: string;
  /** The program and its arguments, as seen inside the root. */
  readonly command: readonly string[];
  /** Folder that appears to it as /peer. */
  readonly work: string;
}

/** A program of the peer root, running in the foreground in a mount namespace of its own. */
export class PeerProcess extends WatchedProcess {
  constructor(root: PeerRoot, { name, command, work }: PeerProgram) {
    const enter = ["/bin/sh", join(__dirname, "enter.sh"), root.folder, work];
    // The lifeline inside unshare, for a change of user namespace would forget the request.
    super(name, ["unshare", ...root.namespace, "--", ...lifeline, ...enter, ...command]);
  }
}
