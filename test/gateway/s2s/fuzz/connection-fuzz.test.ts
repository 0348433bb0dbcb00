/** The same words over a connection, to the gateway's own streams: bytes as they come, TLS that never is, sudden ends. */

import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeAll, expect, test } from "@jest/globals";
import { runs } from "../../../fuzz-runs";
import { partnerOfRow } from "../../documents";
import { createLab, type Lab } from "../../lab";
import { startFederation, stopFederations } from "../federation-rig";
import { Chance } from "./chance";
import { mutate } from "./mutate";
import { initiatorsExchange, initiatorsWord } from "./peer-words";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(stopFederations);

/** Of a connection, what the gateway uses. */
class PlayedSocket extends Duplex {
  readonly remoteAddress: string;
  written = 0;

  constructor(number: number) {
    super();
    this.remoteAddress = `2001:db8:${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}::1`;
  }
  setNoDelay(): this {
    return this;
  }
  destroySoon(): void {
    this.end();
    this.destroy();
  }
  resetAndDestroy(): this {
    return this.destroy();
  }
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.length;
    done();
  }
}

/** MiB of heap that is in use, after what nobody holds any more has been collected. */
async function heap(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let time = 0; time < 3; time++) {
    await turn(); // what ends later ends now
    collect();
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

// Row 17 has TCP dialback alone; row 1 has TLS. No name has a server, so that no key can be verified.
test.each([1, 17])("row %d: no crash, no stanza, an answer to all who begin, and nothing left of them", async (row) => {
  let clock = Date.now();
  const rig = await startFederation(
    lab,
    partnerOfRow(row),
    {},
    undefined,
    () => clock,
    () => ({ srv: {}, addresses: {} }),
  );
  const count = runs(2_500);
  let answered = 0;
  const before = await heap();
  for (let seed = 1; seed <= count; seed++) {
    clock += 1_000; // the rates of new connections are another test's matter
    const chance = new Chance(seed);
    const socket = new PlayedSocket(seed);
    rig.federation.accept(socket as unknown as Socket);
    for (const packet of mutate(initiatorsExchange(chance), initiatorsWord, chance)) {
      if (socket.destroyed || packet.length === 0) continue;
      socket.push(packet);
      if (chance.once(2)) await turn();
    }
    await turn();
    if (chance.once(2)) socket.push(null);
    else socket.destroy();
    await turn();
    if (socket.written > 0) answered++;
    rig.lines.length = 0; // the log that the rig keeps
    socket.destroy();
  }
  await turn();
  expect(rig.stanzas).toEqual([]);
  expect(answered).toBeGreaterThan(count / 2);
  expect(rig.federation.status().streams).toEqual([]);
  expect(rig.counters.get('streams_authenticated_total{direction="in",method="sasl-over-tls"}') ?? 0).toBe(0);
  // Not the resident memory: this test's own sockets and log are in it. `npm run attack` watches a gateway alone.
  const more = (await heap()) - before;
  process.stderr.write(
    `row ${row}: ${count} connections from seed 1, ${answered} answered, ${more.toFixed(1)} MiB more heap\n`,
  );
  expect(more).toBeLessThan(20);
});
