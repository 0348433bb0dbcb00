import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { comparable } from "../resolver";
import { checkRecord, type DnsHost, DnsHostError, type HostRecord, recordLine, sameRecord } from "./dns-host";

const HEADER = "; Written by xmpp-edge: records for $INCLUDE. Lines added by hand are refused, not overwritten.\n";

/**
 * A file of our own with one record a line, for the operator's zone to `$INCLUDE`. Records reach the DNS when the
 * name server loads it: that is the operator's, or a watcher's, doing.
 */
export function zoneFileHost(file: string): DnsHost {
  const records = async (): Promise<HostRecord[]> => parse(await textOf(file), file);
  const rewrite = async (kept: readonly HostRecord[]) =>
    replaceFile(file, `${HEADER}${kept.map((record) => `${recordLine(record)}\n`).join("")}`);
  return {
    name: `zone file ${file}`,
    async publish(added) {
      for (const record of added) checkRecord(record);
      const kept = await records();
      for (const record of added) if (!kept.some((one) => sameRecord(one, record))) kept.push(record);
      await rewrite(kept);
    },
    async remove(gone) {
      const kept = await records();
      await rewrite(kept.filter((record) => !gone.some((one) => sameRecord(one, record))));
    },
    async read(owner, type) {
      return (await records()).filter((one) => one.type === type && comparable(one.owner) === comparable(owner));
    },
  };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** Reads what we write, and nothing else: a file that somebody else keeps is not ours to rewrite. */
function parse(text: string, file: string): HostRecord[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "" || line === HEADER.trimEnd()) return [];
    const record = parseLine(line);
    if (record !== undefined) return [record];
    throw new DnsHostError(
      "dns-host-answer",
      `${file} line ${index + 1} is not one that we wrote`,
      "give a file of its own, and $INCLUDE it in the zone",
    );
  });
}

function parseLine(line: string): HostRecord | undefined {
  const [, owner = "", ttl = "", type = "", data = ""] = /^(\S+)\. (\d+) IN ([A-Z]+) (.+)$/.exec(line) ?? [];
  const head = { owner, ttl: Number(ttl) };
  const candidate = dataOf(type, data);
  if (candidate === undefined) return undefined;
  const record = { ...head, ...candidate } as HostRecord;
  return recordLine(record) === line ? record : undefined;
}

function dataOf(type: string, data: string): object | undefined {
  switch (type) {
    case "A":
    case "AAAA":
      return { type, address: data };
    case "TXT":
      return { type, text: unquoted(data) };
    case "SRV": {
      const [priority, weight, port, target = ""] = data.split(" ");
      return {
        type,
        priority: Number(priority),
        weight: Number(weight),
        port: Number(port),
        target: target.slice(0, -1),
      };
    }
    case "CAA": {
      const [, flags, tag, value = ""] = /^(\d+) (\w+) (".*")$/.exec(data) ?? [];
      return { type, flags: Number(flags), tag, value: unquoted(value) };
    }
    default:
      return undefined;
  }
}

const unquoted = (text: string) => text.slice(1, -1).replace(/\\(.)/g, "$1");

/** The old text or the new one is there at any moment, also after a power cut. */
async function replaceFile(file: string, text: string): Promise<void> {
  const beside = `${file}.${randomUUID()}`;
  try {
    const handle = await open(beside, "wx", 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  const folder = await open(dirname(file));
  await folder.sync().finally(() => folder.close());
}
