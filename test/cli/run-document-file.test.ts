import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { fileSource } from "../../src/cli/run-document-file";

let folder = "";
let watching: { close(): void } | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-file-"));
});
afterEach(() => {
  watching?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A compiled document as far as the source looks at it. */
const document = (name: string) => JSON.stringify({ format: "xmpp-edge-gateway", name });
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Seen {
  readonly times: number;
  /** Turns of ten milliseconds until then: time in which this process does not get its turn does not count. */
  readonly turns: number;
  readonly text: string;
}

/** Watches a file, changes something once it is being watched, and tells how often and how fast that was seen. */
async function seen(file: string, change: () => void): Promise<Seen> {
  const source = fileSource(file);
  let times = 0;
  watching = source.watch(() => {
    times++;
  });
  await pause(600);
  expect(times).toBe(0);
  change();
  let turns = 0;
  for (; times === 0 && turns < 1_000; turns++) await pause(10);
  await pause(800); // nothing more comes of it
  return { times, turns, text: (await source.read()).text };
}

const once = { times: 1, text: document("new") };
const soon = ({ turns, ...rest }: Seen) => {
  expect(turns).toBeLessThan(200); // two seconds
  return rest;
};

test("a file that is written anew is seen once, within two seconds", async () => {
  const file = join(folder, "edge.json");
  writeFileSync(file, document("old"));
  expect(soon(await seen(file, () => writeFileSync(file, document("new"))))).toEqual(once);
});

test("one that is renamed over it, with the same size and time", async () => {
  const file = join(folder, "edge.json");
  writeFileSync(file, document("old"));
  writeFileSync(`${file}.new`, document("new"));
  const time = new Date(1_700_000_000_000);
  utimesSync(file, time, time);
  utimesSync(`${file}.new`, time, time);
  expect(soon(await seen(file, () => renameSync(`${file}.new`, file)))).toEqual(once);
});

test("a folder that is swapped beneath links, as a mounted ConfigMap is", async () => {
  for (const name of ["old", "new"]) {
    mkdirSync(join(folder, `..${name}`));
    writeFileSync(join(folder, `..${name}`, "edge.json"), document(name));
  }
  symlinkSync("..old", join(folder, "..data"));
  symlinkSync(join("..data", "edge.json"), join(folder, "edge.json"));
  const swap = () => {
    symlinkSync("..new", join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  };
  expect(soon(await seen(join(folder, "edge.json"), swap))).toEqual(once);
});

test("a moment without the file, as editors make one, is not told", async () => {
  const file = join(folder, "edge.json");
  writeFileSync(file, document("old"));
  const replace = () => {
    renameSync(file, `${file}~`);
    setTimeout(() => writeFileSync(file, document("new")), 30);
  };
  expect(soon(await seen(file, replace))).toEqual(once);
});

test("what has no end is not read to it", async () => {
  const file = join(folder, "edge.json");
  symlinkSync("/dev/zero", file);
  await expect(fileSource(file).read()).rejects.toMatchObject({
    code: "source-invalid",
    message: expect.stringContaining("has more than"),
  });
});

test.each(["edge.json", "edge.yaml"])("a pipe named %s is refused, and not waited for", async (name) => {
  const file = join(folder, name);
  execFileSync("mkfifo", [file]);
  await expect(fileSource(file).read()).rejects.toMatchObject({
    code: "source-invalid",
    message: expect.stringContaining("is a pipe"),
  });
});
