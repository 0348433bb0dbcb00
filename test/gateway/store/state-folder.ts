import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "@jest/globals";
import { createLog, type Log } from "../../../src/gateway/log";
import type { StateStore } from "../../../src/gateway/store/sandbox-store";
import { openStore, type StoreOptions } from "../../../src/gateway/store/sqlite-store";

export { outgoing } from "./outgoing";

const folders: string[] = [];
const stores: StateStore[] = [];

// Whatever a test has opened is closed after it, so that a failing test does not hold its lock.
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => undefined);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that lives as long as the test. */
export function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-state-"));
  folders.push(folder);
  return folder;
}

export const silent: Log = createLog(() => undefined, "error", Date.now);

/** Opens a store that is closed after the test. */
export function openState(folder: string, options: Partial<StoreOptions> = {}): StateStore {
  const store = openStore(folder, { now: Date.now, log: silent, ...options });
  stores.push(store);
  return store;
}
