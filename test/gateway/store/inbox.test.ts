import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { openState, stateFolder } from "./state-folder";

const ALICE = "alice@contoso.example";
const plenty = { entries: 1000, characters: 1_000_000 };

test("each reader gets on by a cursor that holds over a restart", async () => {
  const folder = stateFolder();
  const store = openState(folder);
  for (const text of ["one", "two", "three"]) store.sandbox.append(ALICE, 5, text, plenty);
  store.sandbox.append("dan@contoso.example", 6, "for dan", plenty);
  const first = store.sandbox.entriesAfter(ALICE, 0, 2, 1000);
  expect(first.map(({ content, at }) => [content, at])).toEqual([
    ["one", 5],
    ["two", 5],
  ]);
  await store.close();

  const { sandbox } = openState(folder);
  sandbox.append(ALICE, 7, "four", plenty);
  const rest = sandbox.entriesAfter(ALICE, first[1]!.entry, 10, 1000);
  expect(rest.map(({ content }) => content)).toEqual(["three", "four"]);
  expect(sandbox.entriesAfter(ALICE, rest[1]!.entry, 10, 1000)).toEqual([]);
});

test("a page has no more characters than asked for, but always one entry", () => {
  const { sandbox } = openState(stateFolder());
  for (const length of [50, 40, 20, 5]) sandbox.append(ALICE, 1, "x".repeat(length), plenty);
  const lengths = (after: number, characters: number) =>
    sandbox.entriesAfter(ALICE, after, 10, characters).map(({ content }) => content.length);
  expect(lengths(0, 100)).toEqual([50, 40]);
  expect(lengths(0, 10)).toEqual([50]);
  expect(lengths(1, 65)).toEqual([40, 20, 5]);
});

test("reading a page does not keep later writes from being committed", async () => {
  const store = openState(stateFolder());
  store.sandbox.append(ALICE, 1, "x".repeat(100), plenty);
  store.sandbox.append(ALICE, 1, "y".repeat(100), plenty);
  // Stops before the end of the query's result.
  expect(store.sandbox.entriesAfter(ALICE, 0, 10, 100)).toHaveLength(1);
  await store.committed();
  store.sandbox.append(ALICE, 1, "z", plenty);
  await store.committed();
  expect(store.sandbox.entriesAfter(ALICE, 0, 10, 1000)).toHaveLength(3);
});

test("an inbox keeps the newest within its bound, over restarts too, and says how many went", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 150 }),
      fc.nat(40),
      async (lengths, entries, characters, restartAt) => {
        const folder = stateFolder();
        let store = openState(folder);
        const expected: string[] = [];
        const total = () => expected.reduce((sum, content) => sum + content.length, 0);
        for (const [index, length] of lengths.entries()) {
          if (index === restartAt) {
            await store.close();
            store = openState(folder);
          }
          const content = "é".repeat(length);
          expected.push(content);
          let dropped = 0;
          while (expected.length > 1 && (expected.length > entries || total() > characters)) {
            expected.shift();
            dropped += 1;
          }
          expect(store.sandbox.append(ALICE, index, content, { entries, characters })).toBe(dropped);
          store.sandbox.append("dan@contoso.example", index, content, plenty);
        }
        const kept = store.sandbox.entriesAfter(ALICE, 0, 1000, 1_000_000);
        expect(kept.map(({ content }) => content)).toEqual(expected);
        expect(store.sandbox.entriesAfter("dan@contoso.example", 0, 1000, 1_000_000)).toHaveLength(lengths.length);
        await store.close();
      },
    ),
    { numRuns: 25 },
  );
});

test("availability replaces the one before it and is kept", async () => {
  const folder = stateFolder();
  const store = openState(folder);
  expect(store.sandbox.availability(ALICE)).toBeUndefined();
  store.sandbox.putAvailability(ALICE, "one");
  store.sandbox.putAvailability(ALICE, "two");
  await store.close();
  expect(openState(folder).sandbox.availability(ALICE)).toBe("two");
});
