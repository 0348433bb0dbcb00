import { once } from "node:events";
import { Server } from "node:http";
import { connect } from "node:net";
import { describe, expect, jest, test } from "@jest/globals";
import { AdminError } from "../../../src/gateway/admin/admin-error";
import { Counters } from "../../../src/gateway/counters";
import type { GatewayStatus } from "../../../src/gateway/status";
import { silent } from "../store/state-folder";
import { adminPort, ask, askRaw, STATUS, sandboxPort } from "./admin-port";

const statusOf = (change: Partial<GatewayStatus>) => ({ status: () => ({ ...STATUS, ...change }) });

describe("what anyone may read", () => {
  test("health while nothing is wrong", async () => {
    const admin = await adminPort(statusOf({ ready: false }));
    expect(await ask(admin, { path: "/health" })).toMatchObject({ status: 200, text: '{"alive":true}\n' });
  });

  test("health that names what is wrong", async () => {
    const health = { alive: false, faults: ["the state did not commit within 5 s"] };
    const reply = await ask(await adminPort({ health: async () => health }), { path: "/health" });
    expect(reply.status).toBe(503);
    expect(JSON.parse(reply.text)).toEqual(health);
  });

  test.each([
    ["a gateway that serves", { ready: true }, 200],
    ["a gateway that serves most of its domains", { ready: true, degraded: ["no certificate names a.example"] }, 200],
    ["a gateway that does not", { ready: false, reason: "starting or stopping" }, 503],
  ])("readiness of %s", async (_name, readiness, status) => {
    const reply = await ask(await adminPort({ readiness: async () => readiness }), { path: "/ready" });
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text)).toEqual(readiness);
  });

  test("the status as it is", async () => {
    const reply = await ask(await adminPort(statusOf({ queued: 7 })), { path: "/status" });
    expect(JSON.parse(reply.text)).toEqual({ ...STATUS, queued: 7 });
    expect(reply.headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
  });

  test("metrics in the text format of Prometheus", async () => {
    const counters = new Counters();
    counters.add('stanzas_total{direction="in"}', 5);
    const reply = await ask(await adminPort({ counters }), { path: "/metrics" });
    expect(reply.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(reply.text).toContain('xmpp_edge_stanzas_total{direction="in"} 5\n');
    expect(reply.text).toMatch(/^process_resident_memory_bytes 4096$/m);
  });

  test("HEAD is GET without a body", async () => {
    const reply = await ask(await adminPort(), { method: "HEAD", path: "/health" });
    expect(reply).toMatchObject({ status: 200, text: "", headers: { "content-length": "15" } });
  });

  test("a connection is used again", async () => {
    const admin = await adminPort();
    const get = "GET /health HTTP/1.1\r\nHost: localhost\r\n";
    const text = await askRaw(admin, `${get}\r\n${get}Connection: close\r\n\r\n`);
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });
});

describe("what cannot be served", () => {
  test("a taken port is an error with its remedy", async () => {
    const { port } = await adminPort();
    const second = adminPort({ port });
    await expect(second).rejects.toBeInstanceOf(AdminError);
    await expect(second).rejects.toMatchObject({
      code: "address-in-use",
      message: expect.stringContaining(`127.0.0.1 port ${port}`),
      remedy: expect.stringContaining("--admin"),
    });
  });

  test("an address of another machine is an error", async () => {
    await expect(adminPort({ address: "192.0.2.1" })).rejects.toMatchObject({ code: "address-unusable" });
  });

  test("a sandbox without a token is an error", async () => {
    const { sandbox } = await sandboxPort();
    await expect(adminPort({ sandbox })).rejects.toMatchObject({ code: "token-missing" });
    await expect(adminPort({ sandbox, token: "" })).rejects.toMatchObject({ code: "token-missing" });
  });

  test("without a sandbox there is no sandbox, token or not", async () => {
    const admin = await adminPort({ token: "abc" });
    const headers = { Authorization: "Bearer abc" };
    expect(await ask(admin, { path: "/sandbox/messages?user=a@b.example", headers })).toMatchObject({ status: 404 });
  });
});

test("a fault inside is told to the log, not to the client", async () => {
  const errors: unknown[] = [];
  const admin = await adminPort({
    status: () => {
      throw new Error("the reason");
    },
    log: { ...silent, error: (event, fields) => errors.push({ event, ...fields }) },
  });
  const reply = await ask(admin, { path: "/status" });
  expect(reply.status).toBe(500);
  expect(reply.text).not.toMatch(/the reason|\.ts|at /);
  expect(errors).toEqual([{ event: "admin-fault", path: "/status", reason: "Error: the reason" }]);
});

test("closing ends idle connections at once, and twice is no fault", async () => {
  const admin = await adminPort();
  const idle = connect(admin.port, admin.address);
  idle.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(idle, "data");
  const ended = once(idle, "close");
  const force = jest.spyOn(Server.prototype, "closeAllConnections");
  await admin.close();
  await ended;
  expect(force).not.toHaveBeenCalled(); // as connections in use are closed, two seconds later
  force.mockRestore();
  await admin.close();
});
