import { mkdtempSync, rmSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInPeerRoot } from "../rig/peer-command";
import { peerRoot } from "../rig/peer-root";
import { SERVERS } from "./world";

/**
 * Makes the namespace's network: loopback, on which the whole of 11.0.0.0/8 is at home, and a pair of interfaces that
 * lead nowhere but hold the IPv6 addresses, for a machine whose only IPv6 is loopback counts as one without.
 */
export function bringUpNetwork(addresses: readonly string[]): void {
  const six = addresses.filter((address) => isIP(address) === 6);
  inNetwork([
    "ip link set lo up",
    "ip route add local 11.0.0.0/8 dev lo",
    "ip link add lab0 type veth peer name lab1",
    "ip link set lab0 up",
    "ip link set lab1 up",
    "ip -6 addr add 2a11:ffff::1/128 dev lab0 nodad",
    // BIND listens at addresses that an interface has, and at no others.
    `ip addr add ${SERVERS.hoster.second}/32 dev lo`,
    ...six.map((address) => `ip -6 addr add ${address}/128 dev lo nodad`),
  ]);
}

/** Runs commands such as `ip route` in this process's network, one after the other. */
export function inNetwork(commands: readonly string[]): void {
  const work = mkdtempSync(join(tmpdir(), "xmpp-edge-network-"));
  try {
    runInPeerRoot(peerRoot(), work, ["/bin/sh", "-ec", commands.join("\n")]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
