import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type CertificateStore, openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { readLive, watchLive } from "../../../src/certificate/store/live";
import { pairOf } from "./pair";

let base: string;
let store: CertificateStore;
let ids: string[];

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "live-test-"));
  store = openCertificateStore(join(base, "store"));
  ids = [await pairOf(), await pairOf()].map(
    ({ certificatePem, keyPem }) => store.addCertificate({ certificatePem, keyPem, source: "imported" }).id,
  );
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/**
 * Resolves when `condition` holds, and fails after the two seconds in which a change has to be seen: two hundred turns
 * of ten milliseconds, so that time in which this process does not get its turn does not count.
 */
async function within2s(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !condition(); turn++) await pause(10);
  expect(condition()).toBe(true);
}

describe("watching what is live", () => {
  it("tells each assignment and roll-back within two seconds, and nothing after it was closed", async () => {
    const seen: (string | undefined)[] = [];
    const watching = watchLive(store.directory, () => seen.push(readLive(store.directory)?.id));
    try {
      store.assign(ids[0]!);
      await within2s(() => seen.length === 1);
      store.assign(ids[1]!);
      await within2s(() => seen.length === 2);
      store.rollBack();
      await within2s(() => seen.length === 3);
      expect(seen).toEqual([ids[0], ids[1], ids[0]]);
    } finally {
      watching.close();
    }
    store.assign(ids[1]!);
    await pause(1_500);
    expect(seen).toHaveLength(3);
  });

  it("tells nothing for a new certificate or another file", async () => {
    let changes = 0;
    const watching = watchLive(store.directory, () => changes++);
    const { certificatePem, keyPem } = await pairOf();
    store.addCertificate({ certificatePem, keyPem, source: "imported" });
    writeFileSync(join(store.directory, "note.txt"), "");
    await pause(1_500);
    watching.close();
    expect(changes).toBe(0);
  });

  it("finds an assignment in a directory that was not there when the watch began", async () => {
    const later = join(base, "later");
    let changes = 0;
    const watching = watchLive(later, () => changes++);
    const { certificatePem, keyPem } = await pairOf();
    const other = openCertificateStore(later);
    other.assign(other.addCertificate({ certificatePem, keyPem, source: "imported" }).id);
    await within2s(() => changes === 1);
    watching.close();
  });
});

describe("reading what is live", () => {
  it("refuses a store that others may look into since", () => {
    store.assign(ids[0]!);
    chmodSync(store.directory, 0o755);
    expect(() => readLive(store.directory)).toThrow(expect.objectContaining({ code: "store-open-to-others" }));
  });
});
