import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runInPeerRoot } from "../rig/peer-command";
import { peerRoot } from "../rig/peer-root";
import { makeWorkFolder } from "../rig/work-folder";
import type { Window } from "./world";
import type { ZoneKey } from "./zone-key";

export interface UnsignedZone {
  readonly name: string;
  readonly text: string;
  readonly key: ZoneKey;
  readonly window: Window;
  /** Absence by NSEC3 with so many iterations; by NSEC where this is left out. */
  readonly nsec3Iterations?: number;
}

const DAY = 86_400_000;
const stamp = (days: number, now: number) => new Date(now + days * DAY).toISOString().replace(/\D/g, "").slice(0, 14);

/** Signs zones by BIND's dnssec-signzone, all in one start of the peer root; their texts, in the same order. */
export async function signZones(zones: readonly UnsignedZone[], now = Date.now()): Promise<string[]> {
  const work = await makeWorkFolder();
  try {
    for (const folder of ["in", "out", "keys"]) await mkdir(join(work, folder));
    const script = zones.map(({ name, key, window, nsec3Iterations }, index) => {
      const denial = nsec3Iterations === undefined ? "" : `-3 - -H ${nsec3Iterations}`;
      const times = `-s ${stamp(window.from, now)} -e ${stamp(window.to, now)}`;
      return `dnssec-signzone -q -P -z -O full -o ${name} ${times} ${denial} -f out/${index} in/${index} keys/${key.file}`;
    });
    for (const [index, { text, key }] of zones.entries()) {
      await writeFile(join(work, "in", `${index}`), text);
      await writeFile(join(work, "keys", `${key.file}.key`), key.publicFile);
      await writeFile(join(work, "keys", `${key.file}.private`), key.privateFile);
    }
    await writeFile(join(work, "sign.sh"), ["set -e", ...script, ""].join("\n"));
    runInPeerRoot(peerRoot(), work, ["/bin/sh", "/peer/sign.sh"]);
    return await Promise.all(zones.map((_, index) => readFile(join(work, "out", `${index}`), "utf8")));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
