import { readdirSync, readFileSync } from "node:fs";

/** A process, told from a later one of the same number by when it began. */
type Living = `${number} ${string}`;

interface Known {
  readonly parent: number;
  readonly living: Living;
  readonly command: string;
}

/** Everything that this process has started and that has not ended, by command. */
export function descendants(): ReadonlyMap<Living, string> {
  const all = processes();
  const found = new Map<Living, string>();
  for (let parents = new Set([process.pid]); parents.size > 0; ) {
    const children = [...all].filter(([, { parent }]) => parents.has(parent));
    for (const [, { living, command }] of children) found.set(living, command);
    parents = new Set(children.map(([pid]) => pid));
  }
  return found;
}

/** Those of them that still run. */
export function stillThere(earlier: ReadonlyMap<Living, string>): string[] {
  const now = new Set([...processes().values()].map(({ living }) => living));
  return [...earlier].filter(([living]) => now.has(living)).map(([living, command]) => `${living} ${command}`);
}

function processes(): Map<number, Known> {
  const found = new Map<number, Known>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    // proc(5): the second field may hold spaces and parentheses; 3 is the state, 4 the parent, 22 the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state = "Z", parent = "0"] = fields;
    if (state === "Z") continue;
    const command = /\((.*)\)/.exec(stat)?.[1] ?? "";
    found.set(Number(name), { parent: Number(parent), living: `${Number(name)} ${fields[19]}`, command });
  }
  return found;
}

/** Empty where the process ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
