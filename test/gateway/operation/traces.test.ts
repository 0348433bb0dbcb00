import { expect, test } from "@jest/globals";
import { partnerPolicy } from "../../../src/definition/facts/partner-policy";
import { MAXIMUM_LINES_A_SECOND, MAXIMUM_TRACES, type TraceLine, Traces } from "../../../src/gateway/operation/traces";
import { serverNamespace } from "../../../src/stream/namespaces";
import { xml } from "../../../src/stream/xml/element";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";

const OTHER = "other.example";
const STANZA = xml("presence", serverNamespace, { id: "1" });

function traces() {
  const world = { at: Date.parse("2026-01-02T12:00:00Z") };
  const policy = partnerPolicy(documentOf([partner(), partner({ domain: OTHER })]));
  const made = new Traces(
    () => policy,
    () => world.at,
  );
  return { world, traces: made };
}

test("only the partner that is watched is shown, and only while somebody watches", () => {
  const { traces: made } = traces();
  const seen: TraceLine[] = [];
  const watched = made.stream("in", () => ({ local: LOCAL, remote: REMOTE }));
  const other = made.stream("out", () => ({ local: LOCAL, remote: OTHER }));
  const unknown = made.stream("in", () => ({}));
  watched.received(STANZA);
  const stop = made.watch(REMOTE, (line) => seen.push(line));
  watched.received(STANZA);
  watched.note("a note");
  other.received(STANZA);
  unknown.received(STANZA);
  stop();
  watched.received(STANZA);
  expect(seen).toEqual([
    {
      at: "2026-01-02T12:00:00.000Z",
      direction: "in",
      stream: 1,
      local: LOCAL,
      remote: REMOTE,
      what: "received",
      text: "<presence id='1'/>",
    },
    expect.objectContaining({ what: "note", text: "a note" }),
  ]);
});

test("a header counts by whom it claims to come from, until something better is known", () => {
  const { traces: made } = traces();
  const seen: TraceLine[] = [];
  made.watch(REMOTE, (line) => seen.push(line));
  const header = (from: string) => ({ name: "stream", ns: "", attrs: { from, to: LOCAL }, declared: {} });
  const stream = made.stream("in", () => ({}));
  stream.header(header("FABRIKAM.example"));
  stream.header(header("evil.example"));
  stream.header(header("a b"));
  expect(seen).toEqual([expect.objectContaining({ remote: REMOTE, text: expect.stringContaining("FABRIKAM") })]);
});

test("too many lines in a second are counted instead, and told in the next", () => {
  const { world, traces: made } = traces();
  const seen: TraceLine[] = [];
  made.watch(REMOTE, (line) => seen.push(line));
  const stream = made.stream("in", () => ({ local: LOCAL, remote: REMOTE }));
  for (let n = 0; n < MAXIMUM_LINES_A_SECOND + 25; n++) stream.received(STANZA);
  expect(seen).toHaveLength(MAXIMUM_LINES_A_SECOND);
  world.at += 1000;
  stream.received(STANZA);
  expect(seen.slice(MAXIMUM_LINES_A_SECOND)).toEqual([{ leftOut: 25 }, expect.objectContaining({ what: "received" })]);
});

test("one write of many elements counts as many lines", () => {
  const { traces: made } = traces();
  const seen: TraceLine[] = [];
  made.watch(REMOTE, (line) => seen.push(line));
  made.stream("out", () => ({ local: LOCAL, remote: REMOTE })).sent("<presence/>".repeat(MAXIMUM_LINES_A_SECOND + 50));
  expect(seen).toHaveLength(MAXIMUM_LINES_A_SECOND);
});

test("so many may watch and no more", () => {
  const { traces: made } = traces();
  const stops = Array.from({ length: MAXIMUM_TRACES }, () => made.watch(REMOTE, () => undefined));
  expect(made.full).toBe(true);
  stops[0]?.();
  expect(made.full).toBe(false);
});
