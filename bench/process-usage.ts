import { readdirSync, readFileSync } from "node:fs";

/** What a process and all that it started have used. */
export interface Usage {
  /** User and system time in seconds, of children too, ended ones included. */
  readonly cpuSeconds: number;
  /** Resident memory in bytes, now. */
  readonly residentBytes: number;
}

/** Linux counts in these for user space on every architecture that Node runs on (`getconf CLK_TCK`). */
const TICKS_A_SECOND = 100;

/** Reads a process's usage from /proc, to a hundredth of a second. */
export function usageOf(pid: number): Usage {
  const family = familyOf(pid);
  return {
    cpuSeconds: family.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_A_SECOND,
    residentBytes: family.reduce((sum, one) => sum + residentBytes(one.pid), 0),
  };
}

/** The child of a process whose command line holds the text. */
export function childRunning(parent: number, text: string): number {
  for (const one of runningProcesses())
    if (one.parent === parent && readProc(one.pid, "cmdline")?.replaceAll("\0", " ").includes(text)) return one.pid;
  throw new Error(`process ${parent} has no child that runs ${text}`);
}

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

function familyOf(pid: number): ProcessTimes[] {
  const all = runningProcesses();
  const root = all.find((one) => one.pid === pid);
  if (root === undefined) throw new Error(`process ${pid} has ended`);
  const family = [root];
  for (const member of family) family.push(...all.filter((one) => one.parent === member.pid)); // grows while read
  return family;
}

function runningProcesses(): ProcessTimes[] {
  const found: ProcessTimes[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const times = timesOf(Number(name));
    if (times !== undefined) found.push(times);
  }
  return found;
}

/** proc(5): the program's name, in parentheses, may hold anything; fields are counted behind it. */
function timesOf(pid: number): ProcessTimes | undefined {
  const stat = readProc(pid, "stat");
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [utime, stime, childrenUtime, childrenStime] = fields.slice(11, 15).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return { pid, parent: Number(fields[1]), ticks: utime + stime + childrenUtime + childrenStime };
}

function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readProc(pid, "status") ?? "")?.[1];
  return Number(kib ?? 0) * 1024;
}

/** Undefined where the process has ended meanwhile. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}
