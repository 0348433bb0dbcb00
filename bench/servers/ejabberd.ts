import { peerRoot } from "../../test/peers/rig/peer-root";
import type { PeerRig } from "../../test/peers/rig/rig";
import { ONLINE_USER } from "../load/stanzas";
import { childRunning } from "../process-usage";
import { type MeasuredServer, modeOf } from "./server";

/** Debian's ejabberd, on all cores, without the schedulers' busy waiting, which would count as work; log as ours. */
export const ejabberdOf = (rig: PeerRig): MeasuredServer => ({
  name: "ejabberd",
  deliversTo: "user",
  version: peerRoot().version("ejabberd"),
  async start({ method, domain, address, s2sPort, c2sPort, certificates, resolver, partnerHost }) {
    const server = await rig.startEjabberd(
      { domain, address, s2sPort, c2sPort },
      {
        certificates,
        resolver,
        hosts: { [partnerHost.name]: partnerHost.address },
        mode: modeOf(method),
        accounts: [ONLINE_USER],
        logLevel: "info",
        schedulers: "cores",
      },
    );
    return {
      pid: childRunning(process.pid, "beam.smp"),
      lastLines: () => server.process.tail(),
      stop: () => server.stop(),
    };
  },
});
