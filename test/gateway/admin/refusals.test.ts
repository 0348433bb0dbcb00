import { connect } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { ALICE, type Ask, ask, askRaw, askSandbox, BOB, sandboxPort, TOKEN } from "./admin-port";

const message = { from: ALICE, to: BOB, body: "hello" };
const json = { "Content-Type": "application/json" };
const bearer = { Authorization: `Bearer ${TOKEN}` };
const post = (change: Partial<Ask>): Ask => ({
  method: "POST",
  path: "/sandbox/messages",
  headers: { ...json, ...bearer },
  body: JSON.stringify(message),
  ...change,
});
const read = (query: string): Ask => ({ path: `/sandbox/messages?${query}`, headers: bearer });
const body = (value: unknown): Ask => post({ body: JSON.stringify(value) });

describe("refused, with the reason and nothing done", () => {
  const cases: readonly [name: string, request: Ask, status: number, condition: string, text?: string | RegExp][] = [
    // Who asks
    ["no token", post({ headers: json }), 401, "not-authorized", "sandbox.token"],
    ["a wrong token", post({ headers: { ...json, Authorization: `Bearer ${"0".repeat(64)}` } }), 401, "not-authorized"],
    [
      "a token cut short",
      post({ headers: { ...json, Authorization: `Bearer ${TOKEN.slice(0, -1)}` } }),
      401,
      "not-authorized",
    ],
    ["two tokens", post({ headers: { ...json, Authorization: `Bearer ${TOKEN} ${TOKEN}` } }), 401, "not-authorized"],
    ["a token as a password", post({ headers: { ...json, Authorization: `Basic ${TOKEN}` } }), 401, "not-authorized"],
    ["a token in the query", { path: `/sandbox/messages?user=${ALICE}&token=${TOKEN}` }, 401, "not-authorized"],
    ["an unknown sandbox path without a token", { path: "/sandbox/secrets" }, 401, "not-authorized"],
    ["a detour to a sandbox path without a token", { path: "/status/../sandbox/messages" }, 401, "not-authorized"],
    ["a foreign name in Host", post({ headers: { ...json, ...bearer, Host: "rebound.example" } }), 421, "misdirected"],
    [
      "a foreign name in Host, for what anyone may read",
      { path: "/status", headers: { Host: "rebound.example" } },
      421,
      "misdirected",
    ],
    ["a foreign address in Host", { path: "/health", headers: { Host: "192.0.2.1" } }, 421, "misdirected"],
    // Where and how
    ["an unknown path", { path: "/admin" }, 404, "not-found", "/admin"],
    ["an unknown sandbox path", { path: "/sandbox/secrets", headers: bearer }, 404, "not-found"],
    ["a path below a known one", { path: "/health/x" }, 404, "not-found"],
    ["a path in another case", { path: "/Health" }, 404, "not-found"],
    ["a name of JavaScript's", { path: "/__proto__" }, 404, "not-found"],
    ["a wrong method", { method: "POST", path: "/health" }, 405, "method-not-allowed", "GET, HEAD"],
    [
      "a wrong method in the sandbox",
      { method: "PATCH", path: "/sandbox/contacts", headers: bearer },
      405,
      "method-not-allowed",
      "GET, HEAD, POST, DELETE",
    ],
    [
      "a question of CORS",
      { method: "OPTIONS", path: "/sandbox/messages", headers: bearer },
      405,
      "method-not-allowed",
    ],
    // The form of a body
    [
      "a form",
      post({ headers: { ...bearer, "Content-Type": "application/x-www-form-urlencoded" } }),
      415,
      "unsupported-media-type",
    ],
    ["plain text", post({ headers: { ...bearer, "Content-Type": "text/plain" } }), 415, "unsupported-media-type"],
    ["no type", post({ headers: bearer }), 415, "unsupported-media-type"],
    [
      "another charset",
      post({ headers: { ...bearer, "Content-Type": "application/json; charset=latin1" } }),
      415,
      "unsupported-media-type",
    ],
    [
      "a compressed body",
      post({ headers: { ...json, ...bearer, "Content-Encoding": "gzip" } }),
      415,
      "unsupported-media-type",
    ],
    ["no body", post({ body: "" }), 400, "malformed-json"],
    ["half a body", post({ body: '{"from":"alice' }), 400, "malformed-json", /position|Unterminated/],
    ["bytes that are not UTF-8", post({ body: Buffer.from([0x22, 0xff, 0x22]) }), 400, "malformed-json", "UTF-8"],
    ["a list", body([message]), 400, "malformed-json", "object"],
    ["null", body(null), 400, "malformed-json", "object"],
    ["JSON nested 100,000 deep", post({ body: "[".repeat(100_000) }), 400, "malformed-json"],
    ["a body of 257 KiB", body({ ...message, body: "x".repeat(257 * 1024) }), 413, "too-large", "262144"],
    // What a body says
    ["a field missing", body({ from: ALICE, to: BOB }), 400, "bad-request", '"body" is missing'],
    ["a field empty", body({ ...message, body: "" }), 400, "bad-request", '"body" is empty'],
    ["a field of another type", body({ ...message, to: 5 }), 400, "bad-request", '"to" must be a string'],
    ["a field null", body({ ...message, id: null }), 400, "bad-request", '"id" must be a string'],
    ["a field misspelt", body({ ...message, boby: "x" }), 400, "bad-request", /"boby" is not known.*from, to, body/],
    [
      "a field named __proto__",
      post({ body: `{"__proto__":{"body":"x"},"from":"${ALICE}","to":"${BOB}"}` }),
      400,
      "bad-request",
      '"body" is missing',
    ],
    ["an endless id", body({ ...message, id: "x".repeat(5000) }), 400, "bad-request", '"id" is longer than 4096'],
    ["a type that is none of ours", body({ ...message, type: "error" }), 400, "bad-request", "chat, normal, headline"],
    ["a NUL in the body", body({ ...message, body: "a\0b" }), 400, "bad-request", "XML 1.0"],
    ["half a surrogate pair", body({ ...message, body: "a\ud800b" }), 400, "bad-request", "XML 1.0"],
    ["a non-character", body({ ...message, subject: "\uffff" }), 400, "bad-request", "XML 1.0"],
    // Who is named
    ["a sender who is no user", body({ ...message, from: "mallory@contoso.example" }), 404, "item-not-found"],
    ["the echo as sender", body({ ...message, from: "echo@contoso.example" }), 403, "forbidden"],
    ["an address that is none", body({ ...message, to: "@fabrikam.example" }), 400, "jid-malformed"],
    // A query
    ["no user", read(""), 400, "bad-request", '"user" is missing'],
    ["an unknown user", read("user=mallory@contoso.example"), 404, "item-not-found"],
    ["a user twice", read(`user=${ALICE}&user=${ALICE}`), 400, "bad-request", "twice"],
    ["an unknown parameter", read(`user=${ALICE}&wait=5`), 400, "bad-request", '"wait" is not known'],
    ["a negative cursor", read(`user=${ALICE}&after=-1`), 400, "bad-request", '"after"'],
    ["a cursor beyond counting", read(`user=${ALICE}&after=9999999999999999`), 400, "bad-request", '"after"'],
    ["a limit of 0", read(`user=${ALICE}&limit=0`), 400, "bad-request", "from 1 to 1000"],
    ["a limit of 1001", read(`user=${ALICE}&limit=1001`), 400, "bad-request", "from 1 to 1000"],
    ["a limit in hexadecimal", read(`user=${ALICE}&limit=0x10`), 400, "bad-request", '"limit"'],
    // The other calls
    [
      "a contact without a user",
      { ...body({ contact: BOB }), path: "/sandbox/contacts" },
      400,
      "bad-request",
      '"user"',
    ],
    ["contacts of nobody", { path: "/sandbox/contacts", headers: bearer }, 400, "bad-request", '"user"'],
    [
      "nobody removed",
      { method: "DELETE", path: `/sandbox/contacts?user=${ALICE}`, headers: bearer },
      400,
      "bad-request",
      '"contact"',
    ],
    [
      "availability as text",
      { ...body({ user: ALICE, available: "yes" }), method: "PUT", path: "/sandbox/presence" },
      400,
      "bad-request",
      "true or false",
    ],
    [
      "an unknown show",
      { ...body({ user: ALICE, available: true, show: "busy" }), method: "PUT", path: "/sandbox/presence" },
      400,
      "bad-request",
      "away, chat, dnd, xa",
    ],
    [
      "an unknown chat state",
      { ...body({ from: ALICE, to: BOB, state: "thinking" }), path: "/sandbox/typing" },
      400,
      "bad-request",
      "composing",
    ],
    [
      "no chat state",
      { ...body({ from: ALICE, to: BOB }), path: "/sandbox/typing" },
      400,
      "bad-request",
      '"state" is missing',
    ],
  ];

  test.each(cases)("%s", async (_name, request, status, condition, text = "") => {
    const { admin, federation, sandbox } = await sandboxPort();
    const reply = await ask(admin, request);
    expect(reply.status).toBe(status);
    const answer = JSON.parse(reply.text) as { condition: string; text: string };
    expect(Object.keys(answer)).toEqual(["condition", "text"]);
    expect(answer.condition).toBe(condition);
    if (typeof text === "string") expect(answer.text).toContain(text);
    else expect(answer.text).toMatch(text);
    expect(answer.text.length).toBeLessThan(400);
    expect(reply.text).not.toMatch(/\.ts|node:|at Object/);
    expect(reply.headers["access-control-allow-origin"]).toBeUndefined();
    expect(reply.headers["www-authenticate"]).toBe(status === 401 ? 'Bearer realm="xmpp-edge sandbox"' : undefined);
    expect(federation.calls).toEqual([]);
    expect(sandbox.availability(ALICE)).toEqual({ available: false });
    // The port goes on.
    expect(await ask(admin, { path: "/health" })).toMatchObject({ status: 200 });
  });

  test("a wrong method names the right ones in Allow", async () => {
    const { admin } = await sandboxPort();
    expect((await ask(admin, { method: "PUT", path: "/ready" })).headers.allow).toBe("GET, HEAD");
    expect((await askSandbox(admin, "GET", "/sandbox/typing")).headers.allow).toBe("POST");
  });
});

describe("refusals of the federation side", () => {
  test.each([
    ["jid-malformed", 400],
    ["forbidden", 403],
    ["policy-violation", 403],
    ["item-not-found", 404],
    ["remote-server-not-found", 404],
    ["resource-constraint", 429],
  ] as const)("%s is answered as %d with its text", async (condition, status) => {
    const { admin, federation } = await sandboxPort();
    federation.outcome = { ok: false, condition, text: "because" };
    const reply = await askSandbox(admin, "POST", "/sandbox/messages", message);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text)).toEqual({ condition, text: "because" });
  });
});

describe("bytes that are no good request", () => {
  test.each([
    ["no HTTP at all", "hello\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["no Host", "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["no Host in HTTP/1.0", "GET /health HTTP/1.0\r\n\r\n", /^HTTP\/1\.1 421 /],
    [
      "two Hosts",
      "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: rebound.example\r\nConnection: close\r\n\r\n",
      /^HTTP\/1\.1 4(00|21) /,
    ],
    [
      "a whole URL",
      "GET http://localhost/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    [
      "headers of 9 KiB",
      `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(9 * 1024)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    [
      "a length and chunks",
      "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    ["a tunnel", "CONNECT localhost:25 HTTP/1.1\r\nHost: localhost\r\n\r\n", /^$/],
  ])("%s", async (_name, bytes, expected) => {
    const { admin } = await sandboxPort();
    expect(await askRaw(admin, bytes)).toMatch(expected);
    expect(await ask(admin, { path: "/health" })).toMatchObject({ status: 200 });
  });

  test("a body without a length is cut off at the bound", async () => {
    const { admin, federation } = await sandboxPort();
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    const head = `POST /sandbox/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(
      await askRaw(
        admin,
        `${head}${chunk.repeat(20)}0\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 413 .*HTTP\/1\.1 200 /s);
    expect(federation.calls).toEqual([]);
  });

  test("who announces more than is read away is answered and cut off", async () => {
    const { admin } = await sandboxPort();
    const text = await askRaw(
      admin,
      "POST /sandbox/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\nabc",
    );
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(text).toMatch(/\r\nConnection: close\r\n/);
  });

  test("headers that never end are cut off", async () => {
    const { admin } = await sandboxPort();
    expect(await askRaw(admin, "GET /health HTTP/1.1\r\nHost: localh")).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("more connections than are allowed are closed, and those that stand are answered", async () => {
    const { admin } = await sandboxPort();
    const sockets = Array.from({ length: 80 }, () => connect(admin.port, admin.address));
    let closed = 0;
    for (const socket of sockets) {
      socket.on("close", () => {
        closed += 1;
      });
      socket.on("error", () => undefined);
    }
    while (closed < 16) await new Promise((resolve) => setTimeout(resolve, 5));
    const first = sockets[0]!;
    const answered = new Promise<string>((resolve) => first.once("data", (data) => resolve(data.toString())));
    first.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await answered).toMatch(/^HTTP\/1\.1 200 /);
    expect(closed).toBe(16);
    for (const socket of sockets) socket.destroy();
  });

  test("a client that goes away in the middle of its body does no harm", async () => {
    const { admin, federation } = await sandboxPort();
    const socket = connect(admin.port, admin.address);
    socket.write(
      `POST /sandbox/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"from"`,
      () => socket.resetAndDestroy(),
    );
    await new Promise((resolve) => socket.once("close", resolve));
    expect(await ask(admin, { path: "/health" })).toMatchObject({ status: 200 });
    expect(federation.calls).toEqual([]);
  });
});
