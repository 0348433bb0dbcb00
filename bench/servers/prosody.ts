import { peerRoot } from "../../test/peers/rig/peer-root";
import type { PeerRig } from "../../test/peers/rig/rig";
import { ONLINE_USER } from "../load/stanzas";
import { childRunning } from "../process-usage";
import { type MeasuredServer, modeOf } from "./server";

/** Debian's Prosody, asking for certificates as our gateway does; its log as verbose as ours. */
export const prosodyOf = (rig: PeerRig): MeasuredServer => ({
  name: "Prosody",
  deliversTo: "user",
  version: peerRoot().version("prosody"),
  async start({ method, domain, address, s2sPort, c2sPort, certificates, resolver }) {
    const server = await rig.startProsody(
      { domain, address, s2sPort, c2sPort },
      {
        certificates,
        resolver,
        mode: modeOf(method),
        accounts: [ONLINE_USER],
        extra: [
          'log = { { levels = { min = "info" }, to = "console" } }',
          'default_storage = "memory"',
          'storage = { accounts = "internal" }', // as the rig has laid them down
        ],
      },
    );
    return {
      pid: childRunning(process.pid, "/peer/prosody.cfg.lua"),
      lastLines: () => server.process.tail(),
      stop: () => server.stop(),
    };
  },
});
