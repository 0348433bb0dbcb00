import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "@jest/globals";
import { backUp } from "../../../src/gateway/store/backup";
import { writeBackup } from "../../../src/gateway/store/backup-file";
import { serveBackups } from "../../../src/gateway/store/backup-socket";
import { restore } from "../../../src/gateway/store/restore";
import { SCHEMA_VERSION } from "../../../src/gateway/store/schema";
import type { StoreError } from "../../../src/gateway/store/store-error";
import { openState, outgoing, silent, stateFolder } from "./state-folder";

const NOW = Date.UTC(2030, 5, 15, 12);
const back = (directory: string, file: string, replace = false) => backUp({ directory, file, replace, now: () => NOW });
const put = (file: string, directory: string, replace = false) => restore({ file, directory, replace, now: () => NOW });

const refused = async (attempt: Promise<unknown>): Promise<StoreError> => {
  const error = (await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as StoreError | undefined;
  expect(error?.name).toBe("StoreError");
  expect(error?.remedy).not.toBe("");
  return error as StoreError;
};

/** State with a contact, a secret and messages; closed. */
async function filled(messages = 500): Promise<string> {
  const folder = stateFolder();
  const store = openState(folder);
  store.putSetting("dialback-secret", "s3cr3t");
  store.putContact({
    local: "alice@contoso.example",
    remote: "bob@fabrikam.example",
    state: "subscribed",
    refreshedAt: 7,
  });
  for (let n = 0; n < messages; n += 1) store.enqueue(outgoing(n));
  await store.close();
  return folder;
}

/** What is in a state directory. */
async function contents(folder: string) {
  const store = openState(folder);
  const found = {
    secret: store.setting("dialback-secret"),
    contacts: store.contactsOf("alice@contoso.example").length,
    queued: store.outgoing().map(({ stanzaId }) => stanzaId),
  };
  await store.close();
  return found;
}

async function backedUp(messages?: number): Promise<{ folder: string; file: string }> {
  const folder = await filled(messages);
  const file = join(stateFolder(), "edge.state");
  await back(folder, file);
  return { folder, file };
}

describe("a backup", () => {
  test("holds everything, is its owner's alone, and leaves nothing else behind", async () => {
    const { folder, file } = await backedUp();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, ".."))).toEqual(["edge.state"]);
    const target = join(stateFolder(), "new", "state");
    const { header, kept } = await put(file, target);
    expect(header).toMatchObject({ schema: SCHEMA_VERSION, takenAt: "2030-06-15T12:00:00.000Z" });
    expect(kept).toBeUndefined();
    expect(readdirSync(target)).toEqual(["state.sqlite"]);
    expect(statSync(target).mode & 0o777).toBe(0o700);
    expect(statSync(join(target, "state.sqlite")).mode & 0o777).toBe(0o600);
    expect(await contents(target)).toEqual(await contents(folder));
    expect((await contents(target)).queued).toHaveLength(500);
  });

  test("of state that a killed gateway left, with its journal, holds what was committed", async () => {
    const folder = stateFolder();
    const store = openState(folder);
    store.enqueue(outgoing(1));
    await store.committed();
    const [copy, file] = [stateFolder(), join(stateFolder(), "edge.state")];
    for (const name of ["state.sqlite", "state.sqlite-wal"])
      writeFileSync(join(copy, name), readFileSync(join(folder, name)));
    await back(copy, file);
    const target = stateFolder();
    await put(file, target);
    expect((await contents(target)).queued).toEqual(["m1"]);
  });

  test("of running state is one moment of it: everything up to some message, nothing after", async () => {
    const folder = stateFolder();
    const store = openState(folder);
    const socket = serveBackups(store, folder, silent);
    const file = join(stateFolder(), "edge.state");
    let n = 0;
    for (; n < 3000; n += 1) store.enqueue(outgoing(n));
    await store.committed();
    let taken = false;
    const backup = back(folder, file).finally(() => {
      taken = true;
    });
    while (!taken) {
      for (let batch = 0; batch < 20; batch += 1) store.enqueue(outgoing(n++));
      await store.committed();
      await new Promise((turn) => setImmediate(turn));
    }
    await backup;
    await socket.close();
    expect(n).toBeGreaterThan(3000);
    const target = stateFolder();
    await put(file, target);
    const { queued } = await contents(target);
    expect(queued.length).toBeGreaterThanOrEqual(3000);
    expect(queued).toEqual(queued.map((_, index) => `m${index}`));
    expect(queued.length % 20).toBe(0); // whole transactions only
    expect(readdirSync(folder).filter((name) => name.includes("copy"))).toEqual([]);
  });

  test("is nobody else's to ask for, and one that nobody reads does not hold up the gateway's end", async () => {
    const folder = stateFolder();
    const store = openState(folder);
    for (let n = 0; n < 20_000; n += 1) store.enqueue(outgoing(n));
    await store.committed();
    const socket = serveBackups(store, folder, silent);
    expect(statSync(join(folder, "backup.sock")).mode & 0o777).toBe(0o600);
    const reader = createConnection(join(folder, "backup.sock"));
    reader.on("error", () => undefined);
    await once(reader, "readable"); // and reads no more
    await socket.close();
    await store.close();
    expect(readdirSync(folder)).toEqual(["state.sqlite"]);
  });

  test("is not written over a file unless that is said", async () => {
    const { folder, file } = await backedUp(1);
    const before = readFileSync(file);
    expect((await refused(back(folder, file))).message).toContain("is there already");
    expect(readFileSync(file).equals(before)).toBe(true);
    await back(folder, file, true);
  });

  test("of no state, and of state whose owner hands out none, is refused", async () => {
    expect((await refused(back(stateFolder(), join(stateFolder(), "x")))).code).toBe("state-missing");
    const folder = stateFolder();
    openState(folder);
    const target = stateFolder();
    expect((await refused(back(folder, join(target, "x")))).code).toBe("state-in-use");
    expect(readdirSync(target)).toEqual([]);
  });
});

describe("a file that is no good backup changes nothing", () => {
  const header = (change: object) => (file: string) => {
    const content = readFileSync(file);
    const end = content.indexOf(0x0a);
    const read = JSON.parse(content.toString("utf8", 0, end)) as object;
    writeFileSync(file, Buffer.concat([Buffer.from(JSON.stringify({ ...read, ...change })), content.subarray(end)]));
  };
  const cases: readonly [string, StoreError["code"], (file: string) => void][] = [
    ["empty", "backup-foreign", (file) => writeFileSync(file, "")],
    ["a text", "backup-foreign", (file) => writeFileSync(file, "to do: buy milk\n".repeat(500))],
    ["null", "backup-foreign", (file) => writeFileSync(file, "null\n")],
    ["a database as it is", "backup-foreign", (file) => writeFileSync(file, "SQLite format 3\0\n\n")],
    ["without an end to its first line", "backup-foreign", (file) => writeFileSync(file, "x".repeat(100_000))],
    ["of a newer format", "backup-newer", header({ version: 2 })],
    ["of a newer schema", "backup-newer", header({ schema: SCHEMA_VERSION + 1 })],
    ["without a length", "backup-damaged", header({ bytes: undefined })],
    ["truncated in its first line", "backup-foreign", (file) => truncateSync(file, 40)],
    ["truncated", "backup-damaged", (file) => truncateSync(file, statSync(file).size - 1)],
    ["longer than it says", "backup-damaged", (file) => writeFileSync(file, "x", { flag: "a" })],
    [
      "with a bit turned",
      "backup-damaged",
      (file) => {
        const content = readFileSync(file);
        content[content.length - 5000] = (content.at(-5000) ?? 0) ^ 1;
        writeFileSync(file, content);
      },
    ],
  ];
  test.each(cases)("%s", async (_name, code, spoil) => {
    const { folder, file } = await backedUp(50);
    spoil(file);
    const before = readFileSync(join(folder, "state.sqlite"));
    expect((await refused(put(file, folder, true))).code).toBe(code);
    expect(readFileSync(join(folder, "state.sqlite")).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(["state.sqlite"]);
  });

  test("a database of another program within a well-formed backup", async () => {
    const { folder, file } = await backedUp(1);
    const other = join(stateFolder(), "other.sqlite");
    const database = new DatabaseSync(other);
    database.exec("CREATE TABLE milk (litres INTEGER)");
    database.close();
    const forged = join(stateFolder(), "forged");
    await writeBackup(other, forged, { schema: 1, takenAt: "2030-06-15T12:00:00.000Z" });
    expect((await refused(put(forged, folder, true))).code).toBe("state-foreign");
    expect((await contents(folder)).queued).toEqual(["m0"]);
    expect(existsSync(file)).toBe(true);
  });
});

describe("restoring over state", () => {
  test("is refused while it is in use", async () => {
    const { folder, file } = await backedUp(1);
    openState(folder);
    expect((await refused(put(file, folder, true))).code).toBe("state-in-use");
  });

  test("is refused unless it may be put aside; then it is kept", async () => {
    const { file } = await backedUp(3);
    const folder = await filled(1);
    expect((await refused(put(file, folder))).code).toBe("state-exists");
    expect((await contents(folder)).queued).toEqual(["m0"]);
    const { kept } = await put(file, folder, true);
    expect((await contents(folder)).queued).toEqual(["m0", "m1", "m2"]);
    const aside = stateFolder();
    writeFileSync(join(aside, "state.sqlite"), readFileSync(kept ?? ""));
    expect((await contents(aside)).queued).toEqual(["m0"]);
    expect(kept).toBe(join(folder, "state.sqlite.before-restore-20300615T120000Z"));
  });

  test("replaces damaged state, whose journal is not read into the new one", async () => {
    const { file } = await backedUp(2);
    const folder = stateFolder();
    writeFileSync(join(folder, "state.sqlite"), "damage".repeat(5000));
    writeFileSync(join(folder, "state.sqlite-wal"), "more damage");
    const { kept } = await put(file, folder, true);
    expect(readFileSync(kept ?? "", "utf8")).toBe("damage".repeat(5000));
    expect(readFileSync(`${kept}-wal`, "utf8")).toBe("more damage");
    expect((await contents(folder)).queued).toEqual(["m0", "m1"]);
  });
});
