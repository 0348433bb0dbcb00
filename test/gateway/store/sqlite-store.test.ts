import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Contact } from "../../../src/gateway/store/store";
import { openState, outgoing, silent, stateFolder } from "./state-folder";

const contact = (remote: string, refreshedAt = 1000, state: Contact["state"] = "asked"): Contact => ({
  local: "alice@contoso.example",
  remote,
  state,
  refreshedAt,
});

/** Whatever is asked is asked of the open store, then of the same state opened again. */
async function inBoth<T>(
  fill: (store: ReturnType<typeof openState>) => void,
  ask: (store: ReturnType<typeof openState>) => T,
) {
  const folder = stateFolder();
  const store = openState(folder);
  fill(store);
  const before = ask(store);
  await store.close();
  const after = ask(openState(folder));
  expect(after).toEqual(before);
  return after;
}

describe("settings", () => {
  test("a value replaces the one before it", async () => {
    const values = await inBoth(
      (store) => {
        store.putSetting("dialback-secret", "one");
        store.putSetting("dialback-secret", "two");
      },
      (store) => [store.setting("dialback-secret"), store.setting("absent")],
    );
    expect(values).toEqual(["two", undefined]);
  });
});

describe("addresses of partners", () => {
  test("are kept by partner and address, the oldest first", async () => {
    const at = (partner: string, address: string, seenAt: number) => ({ partner, address, seenAt });
    const found = await inBoth(
      (store) => {
        store.putKnownAddress(at("fabrikam.example", "192.0.2.1", 3000.5));
        store.putKnownAddress(at("fabrikam.example", "192.0.2.2", 2000));
        store.putKnownAddress(at("tailspin.example", "192.0.2.1", 1000));
        store.putKnownAddress(at("fabrikam.example", "192.0.2.2", 4000));
        store.putKnownAddress(at("gone.example", "192.0.2.1", 1000));
        store.removeKnownAddress("gone.example", "192.0.2.1");
      },
      (store) => store.knownAddresses(),
    );
    expect(found).toEqual([
      at("tailspin.example", "192.0.2.1", 1000),
      at("fabrikam.example", "192.0.2.1", 3000),
      at("fabrikam.example", "192.0.2.2", 4000),
    ]);
  });
});

describe("contacts", () => {
  test("are found by both addresses and by their owner", async () => {
    const found = await inBoth(
      (store) => {
        store.putContact(contact("carol@fabrikam.example"));
        store.putContact(contact("bob@fabrikam.example"));
        store.putContact({ ...contact("bob@fabrikam.example"), local: "dan@contoso.example" });
        store.putContact(contact("bob@fabrikam.example", 2000, "subscribed"));
        store.putContact(contact("gone@fabrikam.example"));
        store.removeContact("alice@contoso.example", "gone@fabrikam.example");
      },
      (store) => ({
        one: store.contact("alice@contoso.example", "bob@fabrikam.example"),
        gone: store.contact("alice@contoso.example", "gone@fabrikam.example"),
        all: store.contactsOf("alice@contoso.example"),
        none: store.contactsOf("nobody@contoso.example"),
      }),
    );
    const bob = contact("bob@fabrikam.example", 2000, "subscribed");
    expect(found).toEqual({ one: bob, gone: undefined, all: [bob, contact("carol@fabrikam.example")], none: [] });
  });

  test("due for a refresh come oldest first, none beyond the limit, none that is not due", async () => {
    const due = await inBoth(
      (store) => {
        for (const moment of [400, 100, 300, 200]) store.putContact(contact(`u${moment}@fabrikam.example`, moment));
      },
      (store) => [store.contactsBefore(301, 2), store.contactsBefore(301, 9), store.contactsBefore(100, 9)],
    );
    expect(due.map((contacts) => contacts.map(({ refreshedAt }) => refreshedAt))).toEqual([
      [100, 200],
      [100, 200, 300],
      [],
    ]);
  });

  test("take a moment with a fraction, as a precise clock gives it", async () => {
    const store = openState(stateFolder());
    store.putContact(contact("bob@fabrikam.example", 1234.75));
    expect(store.contact("alice@contoso.example", "bob@fabrikam.example")?.refreshedAt).toBe(1234);
  });
});

describe("watchers", () => {
  test("are found by both addresses, by whom they see, and by their domain alone", async () => {
    const found = await inBoth(
      (store) => {
        for (const remote of [
          "bob@fabrikam.example",
          "bob@fabrikam.example",
          "eve@it.fabrikam.example",
          "fabrikam.example",
        ]) {
          store.addWatcher("alice@contoso.example", remote);
        }
        store.addWatcher("dan@contoso.example", "bob@fabrikam.example");
        store.addWatcher("dan@contoso.example", "gone@fabrikam.example");
        store.removeWatcher("dan@contoso.example", "gone@fabrikam.example");
      },
      (store) => ({
        is: store.isWatcher("alice@contoso.example", "bob@fabrikam.example"),
        isNot: store.isWatcher("dan@contoso.example", "gone@fabrikam.example"),
        of: store.watchersOf("alice@contoso.example").map(({ remote }) => remote),
        from: store.watchersFrom("fabrikam.example").map(({ local, remote }) => `${local} ${remote}`),
        elsewhere: store.watchersFrom("example"),
      }),
    );
    expect(found).toEqual({
      is: true,
      isNot: false,
      of: ["bob@fabrikam.example", "eve@it.fabrikam.example", "fabrikam.example"],
      from: [
        "alice@contoso.example bob@fabrikam.example",
        "alice@contoso.example fabrikam.example",
        "dan@contoso.example bob@fabrikam.example",
      ],
      elsewhere: [],
    });
  });

  test("with an @ or a / in the resource still count for their domain", () => {
    const store = openState(stateFolder());
    store.addWatcher("alice@contoso.example", "bob@fabrikam.example/a@b/c");
    store.addWatcher("alice@contoso.example", "fabrikam.example/x@y");
    expect(store.watchersFrom("fabrikam.example")).toHaveLength(2);
  });
});

describe("messages on their way out", () => {
  test("come back oldest first with their state, and without those that are done", async () => {
    const rows = await inBoth(
      (store) => {
        const [a, b, c, d] = [1, 2, 3, 4].map((n) => store.enqueue(outgoing(n)));
        store.markWritten([a!.row, b!.row, c!.row]);
        store.markQueued([b!.row]);
        store.dequeue([c!.row]);
        expect(d).toEqual({ ...outgoing(4), row: d!.row, state: "queued" });
      },
      (store) => store.outgoing(),
    );
    expect(rows.map(({ row, ...message }) => message)).toEqual([
      { ...outgoing(1), state: "written" },
      { ...outgoing(2), state: "queued" },
      { ...outgoing(4), state: "queued" },
    ]);
  });

  test("never share a row number while the gateway runs, also after the newest is gone", () => {
    const store = openState(stateFolder());
    const first = store.enqueue(outgoing(1));
    store.dequeue([first.row]);
    expect(store.enqueue(outgoing(2)).row).toBeGreaterThan(first.row);
  });

  test("get row numbers above those that waited from the last run", async () => {
    const folder = stateFolder();
    const store = openState(folder);
    const last = store.enqueue(outgoing(1));
    await store.close();
    expect(openState(folder).enqueue(outgoing(2)).row).toBeGreaterThan(last.row);
  });

  test("rows that are not there, and no rows, are nothing to do", async () => {
    const store = openState(stateFolder());
    store.markWritten([]);
    store.dequeue([]);
    store.dequeue([77]);
    await store.committed();
    expect(store.outgoing()).toEqual([]);
  });
});

test("any text that XML can carry comes back as it was", async () => {
  const folder = stateFolder();
  const texts = fc.sample(fc.string({ unit: "grapheme", maxLength: 200 }), { numRuns: 200, seed: 7 });
  const store = openState(folder);
  for (const text of texts) store.enqueue({ ...outgoing(0), xml: text, recipient: text });
  await store.close();
  const back = openState(folder).outgoing();
  expect(back.map(({ xml }) => xml)).toEqual(texts);
  expect(back.map(({ recipient }) => recipient)).toEqual(texts);
});

describe("files", () => {
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

  test("are made for their owner alone", async () => {
    const directory = join(stateFolder(), "deep", "state");
    const store = openState(directory);
    store.putSetting("a", "b");
    await store.committed();
    expect(mode(directory)).toBe("700");
    const files = readdirSync(directory);
    expect(files).toContain("state.sqlite-wal");
    expect(files.map((file) => mode(join(directory, file)))).toEqual(files.map(() => "600"));
  });

  test.each([
    ["an empty directory is closed to others", [], "700"],
    ["a directory with our state is closed to others", ["state.sqlite"], "700"],
    ["a directory with other things stays as it is, and a warning says so", ["letters.txt"], "755"],
  ])("%s", (_name, files, expected) => {
    const directory = join(stateFolder(), "there");
    mkdirSync(directory);
    for (const file of files) writeFileSync(join(directory, file), "");
    chmodSync(directory, 0o755);
    const warnings: string[] = [];
    openState(directory, { log: { ...silent, warn: (event) => warnings.push(event) } });
    expect(mode(directory)).toBe(expected);
    expect(mode(join(directory, "state.sqlite"))).toBe("600");
    expect(warnings).toEqual(expected === "755" ? ["state-directory-open-to-others"] : []);
  });
});

test("a closed store answers nothing and closes again without a word", async () => {
  const store = openState(stateFolder());
  store.putSetting("a", "b");
  await store.close();
  await store.close();
  const closed = expect.objectContaining({ code: "store-closed" });
  expect(() => store.setting("a")).toThrow(closed as never);
  expect(() => store.putSetting("a", "c")).toThrow(closed as never);
  await expect(store.committed()).rejects.toEqual(closed);
});

test("contacts and watchers are counted by local user", async () => {
  const counts = await inBoth(
    (store) => {
      for (const remote of ["a@fabrikam.example", "b@fabrikam.example"]) {
        store.putContact(contact(remote));
        store.addWatcher("alice@contoso.example", remote);
      }
      store.addWatcher("bob@contoso.example", "a@fabrikam.example");
    },
    (store) =>
      ["alice", "bob", "carol"].map((name) => [
        store.countContacts(`${name}@contoso.example`),
        store.countWatchers(`${name}@contoso.example`),
      ]),
  );
  expect(counts).toEqual([
    [2, 2],
    [0, 1],
    [0, 0],
  ]);
});
