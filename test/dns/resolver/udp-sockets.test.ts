import { afterEach, expect, test } from "@jest/globals";
import { type Exchanged, exchange, UdpSockets } from "../../../src/dns/resolver";
import { type Behaviour, type Query, type Responder, reply, startResponder } from "../responder";

const running: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()));
});

async function responder(behaviour: Behaviour, options?: { tcp: boolean }): Promise<Responder> {
  const started = await startResponder(behaviour, options);
  running.push(started);
  return started;
}

function shared(): UdpSockets {
  const sockets = new UdpSockets();
  running.push(sockets);
  return sockets;
}

const nameOf = ({ packet }: Query) => packet.questions![0]!.name;
const good = (query: Query) => reply(query, [{ type: "A", name: nameOf(query), ttl: 1, data: "192.0.2.1" }]);
const withId = (message: Buffer, change: (id: number) => number) => {
  const changed = Buffer.from(message);
  changed.writeUInt16BE(change(message.readUInt16BE(0)) & 0xffff, 0);
  return changed;
};

/** Silence lasts as long as the test. */
const PATIENT = { recursion: false, patience: 100_000, timeout: 100_000 };

const ask = (sockets: UdpSockets, server: Responder, name: string, options = {}): Promise<Exchanged> =>
  exchange({ name, type: "A" }, server, { ...PATIENT, udp: sockets.transport, ...options });

const answered = (outcome: Exchanged) =>
  outcome.status === "answered" ? outcome.message.answers.map(({ name }) => name) : outcome;

/** A server that keeps its answers until so many have asked, and then gives them, the last first. */
function holding(count: number, seen: (query: Query) => void): Behaviour {
  const held: (() => void)[] = [];
  return (query) => {
    seen(query);
    const turn = new Promise<void>((resolve) => held.push(resolve));
    if (held.length === count) for (const give of held.splice(0).toReversed()) give();
    return turn.then(() => [good(query)]);
  };
}

test("a hundred questions at once get each its own answer, over a few ports, under ids of their own", async () => {
  const idsOf = new Map<number, number[]>();
  const server = await responder(
    holding(100, ({ packet, port }) => idsOf.set(port, [...(idsOf.get(port) ?? []), packet.id!])),
  );
  const sockets = shared();
  const names = Array.from({ length: 100 }, (_, index) => `${index}.example`);
  const outcomes = await Promise.all(names.map((name) => ask(sockets, server, name)));
  expect(outcomes.map(answered)).toEqual(names.map((name) => [name]));
  expect(idsOf.size).toBeGreaterThan(1);
  expect(idsOf.size).toBeLessThan(20);
  for (const ids of idsOf.values()) expect(new Set(ids).size).toBe(ids.length);
});

test("a port is given up after a number of questions", async () => {
  const asked = new Map<number, number>();
  const server = await responder((query) => {
    asked.set(query.port, (asked.get(query.port) ?? 0) + 1);
    return [good(query)];
  });
  const sockets = shared();
  for (let index = 0; index < 300; index++)
    expect(answered(await ask(sockets, server, `${index}.example`))).toEqual([`${index}.example`]);
  expect(asked.size).toBeGreaterThan(5);
  expect(Math.max(...asked.values())).toBeLessThanOrEqual(48);
});

test("a message with another question's id is no answer to this one, and the right one is still heard", async () => {
  const wrong = (query: Query) => reply(query, [], { questions: [{ type: "A", name: "forged.example" }] });
  const server = await responder((query) => [withId(good(query), (id) => id + 1), wrong(query), good(query)]);
  expect(answered(await ask(shared(), server, "a.example"))).toEqual(["a.example"]);
});

test("a server that gives a wrong id is told apart from a silent one, also beside a question it never answers", async () => {
  const server = await responder(
    (query) => (nameOf(query) === "wrong.example" ? [withId(good(query), (id) => id + 1)] : []),
    { tcp: false },
  );
  const sockets = shared();
  const brief = { patience: 100, timeout: 5_000 };
  // So many that they share sockets.
  const names = ["wrong.example", ...Array.from({ length: 12 }, (_, index) => `silent-${index}.example`)];
  const outcomes = await Promise.all(names.map((name) => ask(sockets, server, name, brief)));
  expect(outcomes[0]).toMatchObject({ status: "failed", code: "malformed" });
  expect(outcomes.slice(1)).not.toContainEqual(expect.objectContaining({ code: "malformed" }));
});

test("an answer that comes twice, or late, harms no other question on the same socket", async () => {
  let first: Buffer | undefined;
  const server = await responder((query) => {
    if (nameOf(query) === "last.example") return [first!, first!];
    first ??= good(query);
    return [good(query), good(query)];
  });
  const sockets = shared();
  // Enough that the last one shares its socket with an earlier one.
  for (const index of Array(8).keys()) await ask(sockets, server, `${index}.example`);
  const outcome = await ask(sockets, server, "last.example", { patience: 60_000, timeout: 500 });
  expect(outcome).toMatchObject({ status: "failed", code: "timeout" });
});

test("where nobody listens, all on their way are told, and the next question has a socket that works", async () => {
  const gone = await startResponder(() => []);
  await gone.close();
  const sockets = shared();
  const outcomes = await Promise.all(["a.example", "b.example"].map((name) => ask(sockets, gone, name)));
  expect(outcomes).toEqual([
    expect.objectContaining({ status: "failed", code: "unreachable" }),
    expect.objectContaining({ status: "failed", code: "unreachable" }),
  ]);
  const server = await responder((query) => [good(query)]);
  expect(answered(await ask(sockets, server, "c.example"))).toEqual(["c.example"]);
});
