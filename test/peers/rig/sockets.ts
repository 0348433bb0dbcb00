import { readFile } from "node:fs/promises";

/**
 * The TCP connections that stand and have that place at one end, as the kernel tells them apart: the same entry is the
 * same connection. IPv4 alone.
 */
export async function standingConnections(address: string, port: number): Promise<string[]> {
  const place = `${hexOf(address)}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = (await readFile("/proc/net/tcp", "utf8")).trim().split("\n").slice(1);
  return lines.flatMap((line) => {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    const stands = state === "01" && (local === place || remote === place);
    return stands ? [`${local} ${remote} ${inode}`] : [];
  });
}

/** As proc(5) has it: the bytes in the machine's order, and all that run this are little-endian. */
const hexOf = (address: string): string =>
  address
    .split(".")
    .reverse()
    .map((part) => Number(part).toString(16).toUpperCase().padStart(2, "0"))
    .join("");
