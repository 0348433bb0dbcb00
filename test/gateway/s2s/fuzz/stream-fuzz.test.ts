/** Streams under hostile words: whatever a peer says, nobody is believed without proof, and the stream ends or waits. */
import { expect, test } from "@jest/globals";
import { runs } from "../../../fuzz-runs";
import { underSeeds } from "./chance";
import { InboundEngine } from "./inbound-engine";
import { mutate } from "./mutate";
import { OutboundEngine } from "./outbound-engine";
import { initiatorsExchange, initiatorsWord, receiversExchange, receiversWord } from "./peer-words";

test("inward: no stanza, pair or key without proof, and nothing after the close", () => {
  const count = runs(45_000);
  const seen = { carried: 0, ended: 0 };
  underSeeds(1, count, (chance) => {
    const engine = new InboundEngine(chance);
    for (const packet of mutate(initiatorsExchange(chance), initiatorsWord, chance)) engine.feed(packet);
    if (engine.stanzas > 0) seen.carried++;
    if (engine.ended) seen.ended++;
  });
  // Else the cases reach nothing, or everything.
  expect(seen.carried).toBeGreaterThan(count / 20);
  expect(seen.ended).toBeGreaterThan(count / 4);
  process.stderr.write(
    `inbound streams: ${count} cases from seed 1, ${seen.carried} carried stanzas, ${seen.ended} ended\n`,
  );
});

test("outward: nothing is sent to who has not proved itself, nothing is ready that was not granted", () => {
  const count = runs(35_000);
  const seen = { ready: 0, ended: 0 };
  underSeeds(1, count, (chance) => {
    const engine = new OutboundEngine(chance);
    for (const packet of mutate(receiversExchange(chance), receiversWord, chance)) engine.feed(packet);
    if (engine.ready) seen.ready++;
    if (engine.ended) seen.ended++;
  });
  expect(seen.ready).toBeGreaterThan(count / 20);
  expect(seen.ended).toBeGreaterThan(count / 4);
  process.stderr.write(`outbound streams: ${count} cases from seed 1, ${seen.ready} were ready, ${seen.ended} ended\n`);
});
