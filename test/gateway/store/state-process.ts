/**
 * A process with a state directory of its own, for tests that kill it or cramp it: `state-process.ts FOLDER BATCH`.
 * Queues messages in batches and prints the number of the last one after each commit, until it is stopped or the store
 * fails. Writes more after each commit without waiting, which therefore nobody may count on.
 */
import { createLog } from "../../../src/gateway/log";
import { openStore } from "../../../src/gateway/store/sqlite-store";
import { outgoing } from "./outgoing";

const [folder = "", size = "10"] = process.argv.slice(2);
const store = openStore(folder, { now: Date.now, log: createLog(() => undefined, "error", Date.now) });

async function main() {
  for (let n = 1; ; ) {
    for (const end = n + Number(size); n < end; n += 1) store.enqueue(outgoing(n));
    await store.committed();
    process.stdout.write(`${n - 1}\n`);
  }
}

main().catch((error) => {
  process.stdout.write(`${error.code}\n`);
  process.exitCode = 7;
});
