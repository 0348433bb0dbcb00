import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "@jest/globals";
import { StoreError } from "../../../src/gateway/store/store-error";
import { openState, outgoing, stateFolder } from "./state-folder";

const jiti = join(process.cwd(), "node_modules/jiti/lib/jiti-cli.mjs");
const program = join(__dirname, "state-process.ts");
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Runs the process with the state; `prefix` is a shell command that runs first. */
function start(folder: string, batch: number, prefix = ""): ChildProcess {
  const command = `${prefix} exec "$0" "$@"`;
  const child = spawn("sh", ["-c", command, process.execPath, jiti, program, folder, String(batch)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  return child;
}

/** Lines of the process up to the first that satisfies. */
async function linesUntil(child: ChildProcess, satisfies: (line: string) => boolean): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line);
    if (satisfies(line)) break;
  }
  return lines;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe("a gateway killed with SIGKILL", () => {
  test.each([1, 25])("loses nothing that was committed, in batches of %d, and its lock goes with it", async (batch) => {
    const folder = stateFolder();
    const child = start(folder, batch);
    const lines = await linesUntil(child, (line) => Number(line) >= 500);
    // It is in the middle of later batches now.
    child.kill("SIGKILL");
    await once(child, "exit");
    const confirmed = Number(lines.at(-1));

    const found = openState(folder).outgoing();
    expect(found.length).toBeGreaterThanOrEqual(confirmed);
    // A commit is whole or absent.
    expect(found.length % batch).toBe(0);
    expect(found).toEqual(found.map(({ row }, index) => ({ ...outgoing(index + 1), row, state: "queued" })));
  });

  test("was the only one who could have the state while it lived", async () => {
    const folder = stateFolder();
    const child = start(folder, 10);
    await linesUntil(child, () => true);
    expect(() => openState(folder)).toThrow(StoreError);
    expect(() => openState(folder)).toThrow(/in use by another process/);
  });
});

test("a file that cannot grow is reported, and everything confirmed before is there", async () => {
  const folder = stateFolder();
  // Files of this process end at 400 blocks of 512 bytes: writes beyond fail as on a full disk.
  const child = start(folder, 10, "trap '' XFSZ; ulimit -f 400;");
  const lines = await linesUntil(child, (line) => !/^\d+$/.test(line));
  if (child.exitCode === null) await once(child, "exit");
  expect(lines.at(-1)).toBe("store-failed");
  expect(child.exitCode).toBe(7);

  const confirmed = Number(lines.at(-2));
  expect(confirmed).toBeGreaterThan(0);
  expect(
    openState(folder)
      .outgoing()
      .map(({ stanzaId }) => stanzaId),
  ).toEqual(Array.from({ length: confirmed }, (_, index) => `m${index + 1}`));
});

test("opening the state prints no warning of Node's", async () => {
  const child = start(stateFolder(), 10);
  const printed = textOf(child.stderr!);
  await linesUntil(child, () => true);
  child.kill("SIGKILL");
  expect(await printed).toBe("");
});
