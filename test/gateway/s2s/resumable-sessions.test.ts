import { beforeEach, describe, expect, test } from "@jest/globals";
import { ResumableSessions, type SessionStream } from "../../../src/gateway/s2s/resumable-sessions";

const PAIR = { local: "contoso.example", remote: "fabrikam.example" };
const OTHER = { local: "contoso.example", remote: "northwind.example" };
const KEPT_MS = 60_000;

interface Stream extends SessionStream {
  handled: number;
  superseded: number;
}
const streamOf = (handled = 0): Stream => ({
  handled,
  superseded: 0,
  supersede() {
    this.superseded++;
  },
});

let now = 0;
let ids = 0;
let sessions: ResumableSessions;
beforeEach(() => {
  [now, ids] = [1_000, 0];
  sessions = new ResumableSessions(
    () => now,
    (bytes) => `id-${++ids}-of-${bytes}`,
  );
});
const lost = (pair = PAIR, handled = 0) => {
  const { id } = sessions.begin(pair, streamOf(handled));
  sessions.lose(id);
  return id;
};

test("has an id of 128 bits and says how long it is kept", () => {
  expect(sessions.begin(PAIR, streamOf())).toEqual({ id: "id-1-of-16", seconds: KEPT_MS / 1000 });
});

describe("is resumed", () => {
  test("after its connection was lost, with what was handled until then", () => {
    const stream = streamOf(3);
    const { id } = sessions.begin(PAIR, stream);
    stream.handled = 7;
    sessions.lose(id);
    stream.handled = 9; // counts no more
    expect(sessions.resume(PAIR, id, streamOf())).toBe(7);
    expect(stream.superseded).toBe(0);
  });

  test("while its connection seems to stand, which is heard no more", () => {
    const stream = streamOf(3);
    const { id } = sessions.begin(PAIR, stream);
    expect(sessions.resume(PAIR, id, streamOf())).toBe(3);
    expect(stream.superseded).toBe(1);
  });

  test("again and again", () => {
    const id = lost(PAIR, 1);
    for (let handled = 1; handled < 5; handled++) {
      expect(sessions.resume(PAIR, id, streamOf(handled + 1))).toBe(handled);
      sessions.lose(id);
    }
    expect(sessions.size).toBe(1);
  });
});

describe("is not resumed", () => {
  test.each([
    ["for another partner", () => sessions.resume(OTHER, lost(), streamOf())],
    ["for another domain of ours", () => sessions.resume({ ...PAIR, local: "b.example" }, lost(), streamOf())],
    ["by an id that nobody has", () => sessions.resume(PAIR, "id-99-of-16", streamOf())],
    ["by no id", () => sessions.resume(PAIR, "", streamOf())],
    [
      "once it was forgotten",
      () => {
        const id = lost();
        sessions.forget(id);
        return sessions.resume(PAIR, id, streamOf());
      },
    ],
    [
      "once its time is over",
      () => {
        const id = lost();
        now += KEPT_MS;
        return sessions.resume(PAIR, id, streamOf());
      },
    ],
  ])("%s", (_, resume) => {
    expect(resume()).toBeUndefined();
  });

  test("an attempt for another pair takes nothing from its own", () => {
    const id = lost(PAIR, 4);
    sessions.resume(OTHER, id, streamOf());
    expect(sessions.resume(PAIR, id, streamOf())).toBe(4);
  });
});

describe("memory", () => {
  test("a lost one is kept for a minute, one that stands for as long as it stands", () => {
    const standing = sessions.begin(PAIR, streamOf(2));
    lost();
    now += KEPT_MS - 1;
    sessions.sweep();
    expect(sessions.size).toBe(2);
    now += 1;
    sessions.sweep();
    expect(sessions.size).toBe(1);
    expect(sessions.resume(PAIR, standing.id, streamOf())).toBe(2);
  });

  test("one resumed is not forgotten when the time of its loss is over", () => {
    const id = lost(PAIR, 2);
    sessions.resume(PAIR, id, streamOf(2));
    now += KEPT_MS;
    sessions.sweep();
    expect(sessions.has(PAIR, id)).toBe(true);
  });

  test("of one pair the four lost last are kept", () => {
    const all = Array.from({ length: 10 }, () => lost());
    const other = lost(OTHER);
    expect(all.map((id) => sessions.has(PAIR, id))).toEqual(all.map((_, index) => index >= 6));
    expect(sessions.has(OTHER, other)).toBe(true);
  });

  test("in all 1,024 are kept", () => {
    const pair = (index: number) => ({ local: PAIR.local, remote: `p${index}.example` });
    const all = Array.from({ length: 1_100 }, (_, index) => lost(pair(index)));
    expect(sessions.size).toBe(1_024);
    expect(sessions.has(pair(75), all[75]!)).toBe(false);
    expect(sessions.has(pair(76), all[76]!)).toBe(true);
  });
});
