import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "@jest/globals";
import { SCHEMA_VERSION } from "../../../src/gateway/store/schema";
import { StoreError } from "../../../src/gateway/store/store-error";
import { openState, outgoing, silent, stateFolder } from "./state-folder";

/** The error of an attempt that must fail. */
function refusal(attempt: () => unknown): StoreError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

/** State with enough in it to fill some pages. */
async function filled(folder: string): Promise<string> {
  const store = openState(folder);
  for (let n = 0; n < 500; n += 1) store.enqueue(outgoing(n));
  await store.close();
  return join(folder, "state.sqlite");
}

function alter(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe("a file that is not good is refused and stays as it is", () => {
  const overwrite = (path: string, at: number, bytes: Buffer) => {
    const content = readFileSync(path);
    bytes.copy(content, at);
    writeFileSync(path, content);
  };
  const cases: readonly [string, StoreError["code"], (path: string) => void][] = [
    ["text instead of a database", "state-corrupt", (path) => writeFileSync(path, "to do: buy milk\n".repeat(500))],
    ["a damaged header", "state-corrupt", (path) => overwrite(path, 0, Buffer.alloc(100, 0xff))],
    ["a damaged page", "state-corrupt", (path) => overwrite(path, 5 * 4096, Buffer.alloc(4096 * 3, 0xaa))],
    ["a file cut in the middle", "state-corrupt", (path) => writeFileSync(path, readFileSync(path).subarray(0, 9000))],
    ["a table that is missing", "state-corrupt", (path) => alter(path, "DROP TABLE watcher")],
    ["another program's database", "state-foreign", (path) => alter(path, "PRAGMA application_id = 7")],
    ["a database without a mark", "state-foreign", (path) => alter(path, "PRAGMA application_id = 0")],
    ["a newer schema", "state-newer", (path) => alter(path, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`)],
  ];

  test.each(cases)("%s", async (_name, code, spoil) => {
    const path = await filled(stateFolder());
    spoil(path);
    const before = readFileSync(path);
    const error = refusal(() => openState(join(path, "..")));
    expect(error.code).toBe(code);
    expect(error.message).toContain(path);
    expect(error.remedy).not.toBe("");
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("a newer schema is refused with both versions", async () => {
    const path = await filled(stateFolder());
    alter(path, "PRAGMA user_version = 4711");
    const { message } = refusal(() => openState(join(path, "..")));
    expect(message).toContain("4711");
    expect(message).toContain(`up to ${SCHEMA_VERSION}`);
  });
});

describe("a directory that cannot be used", () => {
  test("because a file is in its place", () => {
    const path = join(stateFolder(), "state");
    writeFileSync(path, "");
    expect(refusal(() => openState(path)).code).toBe("state-unusable");
  });

  test("because the state file is a directory", () => {
    const folder = stateFolder();
    mkdirSync(join(folder, "state.sqlite"));
    expect(refusal(() => openState(folder)).code).toBe("state-unusable");
  });
});

describe("one gateway a state directory", () => {
  test("a second one is refused with the remedy, and the first goes on", async () => {
    const folder = stateFolder();
    const first = openState(folder);
    const error = refusal(() => openState(folder));
    expect(error).toMatchObject({
      code: "state-in-use",
      remedy: expect.stringContaining("state directory of its own"),
    });
    expect(error.message).toContain(folder);
    first.putSetting("a", "b");
    await first.committed();
    // The refused attempt has not taken the lock away.
    expect(refusal(() => openState(folder)).code).toBe("state-in-use");
  });

  test("the directory is free after an orderly end", async () => {
    const folder = stateFolder();
    await openState(folder).close();
    expect(openState(folder).setting("a")).toBeUndefined();
  });
});

describe("migration", () => {
  test("a new file is brought to the present form, which is said once", async () => {
    const folder = stateFolder();
    const lines: unknown[] = [];
    const log = { ...silent, info: (event: string, fields?: object) => lines.push({ event, ...fields }) };
    await openState(folder, { log }).close();
    await openState(folder, { log }).close();
    expect(lines).toEqual([{ event: "state-migrated", from: 0, to: SCHEMA_VERSION }]);
  });

  test("what the first form left in the queue goes on to partners", async () => {
    const folder = stateFolder();
    const store = openState(folder);
    store.enqueue(outgoing(1));
    store.enqueue({ ...outgoing(2), inward: true });
    await store.close();
    const inwardOf = (found: ReturnType<typeof openState>) => found.outgoing().map(({ inward }) => inward);
    const again = openState(folder);
    expect(inwardOf(again)).toEqual([undefined, true]);
    await again.close();
    const path = join(folder, "state.sqlite");
    alter(path, "ALTER TABLE outgoing DROP COLUMN inward; DROP TABLE known_address; PRAGMA user_version = 1");
    expect(inwardOf(openState(folder))).toEqual([undefined, undefined]);
  });

  test("a migration that was cut off leaves nothing behind and is done at the next start", async () => {
    const folder = stateFolder();
    // The file was made, the process died before the first step was committed.
    writeFileSync(join(folder, "state.sqlite"), "");
    const store = openState(folder);
    store.putSetting("a", "b");
    expect(store.setting("a")).toBe("b");
  });
});

describe("no room left", () => {
  test("the store fails closed, says so once, and what was committed is kept", async () => {
    const folder = stateFolder();
    const faults: StoreError[] = [];
    const store = openState(folder, { maximumBytes: 300_000, onFault: (error) => faults.push(error) });
    const accepted: number[] = [];
    let refused: unknown;
    for (let n = 0; n < 5000 && refused === undefined; n += 1) {
      try {
        const { row } = store.enqueue(outgoing(n));
        if (n % 10 === 9) await store.committed();
        accepted.push(row);
      } catch (error) {
        refused = error;
      }
    }
    expect(refused).toMatchObject({ code: "store-failed", remedy: expect.stringContaining("free space") });
    expect(faults).toEqual([refused]);
    expect(() => store.enqueue(outgoing(0))).toThrow(refused as StoreError);
    expect(() => store.outgoing()).toThrow(refused as StoreError);
    await expect(store.committed()).rejects.toBe(refused);
    await store.close();

    const committed = accepted.length - (accepted.length % 10);
    expect(
      openState(folder)
        .outgoing()
        .map(({ row }) => row),
    ).toEqual(accepted.slice(0, committed));
  });
});
