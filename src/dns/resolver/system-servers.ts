import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { ServerAddress } from "./server-address";

/** As many as the system's own resolver asks (resolv.conf(5), MAXNS). */
const MAX_SERVERS = 3;

/** The resolvers of this machine, from resolv.conf; without any, the one on this host, as resolv.conf(5) has it. */
export function systemServers(path = "/etc/resolv.conf"): ServerAddress[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    text = "";
  }
  const servers = parseResolvConf(text);
  return servers.length > 0 ? servers : [{ address: "127.0.0.1", port: 53 }];
}

/** The `nameserver` lines of a resolv.conf, at most three. */
export function parseResolvConf(text: string): ServerAddress[] {
  return text
    .split("\n")
    .flatMap((line) => /^nameserver[ \t]+(\S+)/.exec(line)?.[1] ?? [])
    .filter((address) => isIP(address) !== 0)
    .slice(0, MAX_SERVERS)
    .map((address) => ({ address, port: 53 }));
}
