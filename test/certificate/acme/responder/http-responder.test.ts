import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, test } from "@jest/globals";
import { openHttpResponder } from "../../../../src/certificate/acme/responder/http-responder";
import { RESPONDER_LIMITS, type Responder } from "../../../../src/certificate/acme/responder/responder";
import { exchangeRaw, holdOpen } from "./raw-client";

const answer = { name: "contoso.example", token: "evaGxfADs6pSRb2LAv9IZf17", keyAuthorization: "evaGxf.thumbprint" };
const PATH = `/.well-known/acme-challenge/${answer.token}`;

let responder: Responder;
let port: number;

beforeEach(async () => {
  responder = await openHttpResponder([{ address: "127.0.0.1", port: 0 }]);
  port = responder.addresses[0]!.port;
  await responder.answer([answer]);
});
afterEach(() => responder.close());

const ask = (text: string) => exchangeRaw(port, text);
const get = (path: string) => ask(`GET ${path} HTTP/1.1\r\nHost: contoso.example\r\n\r\n`);

describe("HTTP-01 (RFC 8555 section 8.3)", () => {
  it("gives the key authorization at the challenge's path, and ends the connection", async () => {
    const text = await get(PATH);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toMatch(/^content-type: application\/octet-stream\r$/im);
    expect(text.split("\r\n\r\n")[1]).toBe(answer.keyAuthorization);
  });

  test.each([
    ["the root", "/"],
    ["another token", "/.well-known/acme-challenge/other"],
    ["no token", "/.well-known/acme-challenge/"],
    ["a query", `${PATH}?x`],
    ["a longer path", `${PATH}/`],
    ["a way up", `/.well-known/acme-challenge/../acme-challenge/${answer.token}`],
    ["an escape", PATH.replace("eva", "%65va")],
    ["another case", PATH.toUpperCase()],
    ["the absolute form", `http://contoso.example${PATH}`],
    ["a property of objects", "/.well-known/acme-challenge/__proto__"],
  ])("is 404 without a body for %s", async (_, path) => {
    const text = await get(path);
    expect(text).toMatch(/^HTTP\/1\.1 404 /);
    expect(text).not.toContain("thumbprint");
    expect(text).toMatch(/\r\n\r\n$/);
  });

  test.each(["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])("is not given to %s", async (method) => {
    expect(await ask(`${method} ${PATH} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  test.each([
    ["a request with a body", `GET ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`],
    ["one in chunks", `GET ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
    ["one that expects", `GET ${PATH} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`],
    ["a second on one connection", `GET / HTTP/1.1\r\nHost: a\r\n\r\nGET ${PATH} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ["CONNECT", "CONNECT contoso.example:80 HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a head without an end", `GET ${PATH} HTTP/1.1\r\nX: ${"x".repeat(RESPONDER_LIMITS.head)}\r\n\r\n`],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["nonsense", "\0\0\0\0\r\n\r\n"],
  ])("is not given to %s", async (_, text) => {
    expect(await ask(text)).not.toMatch(/thumbprint|100 Continue/);
    expect(await get(PATH)).toContain("thumbprint"); // and it lives on
  });

  it("is gone when the answer is", async () => {
    await responder.answer([]);
    expect(await get(PATH)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("is not kept from the CA by those who hold connections open", async () => {
    const held = await holdOpen(port, RESPONDER_LIMITS.connections + 5);
    try {
      expect(await get(PATH)).toContain("thumbprint");
      expect(held.ended()).toBeGreaterThanOrEqual(5);
    } finally {
      held.close();
    }
  });

  it("ends with open connections and all", async () => {
    const held = await holdOpen(port, 3);
    await responder.close();
    await expect(get(PATH)).rejects.toThrow("ECONNREFUSED");
    held.close();
  });
});

async function listening() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise((done) => server.close(done)) };
}

describe("an address that cannot be had", () => {
  it("is named, and none is listened on", async () => {
    const [other, gone] = [await listening(), await listening()];
    const free = { address: "127.0.0.1", port: gone.port };
    await gone.close();
    const taken = other.port;
    try {
      await expect(openHttpResponder([free, { address: "127.0.0.1", port: taken }])).rejects.toMatchObject({
        code: "acme-listen",
        message: `127.0.0.1:${taken} cannot be listened on: another process does`,
      });
      await expect(exchangeRaw(free.port, "GET / HTTP/1.0\r\n\r\n")).rejects.toThrow("ECONNREFUSED");
    } finally {
      await other.close();
    }
  });

  it("that is none of this host is named", async () => {
    await expect(openHttpResponder([{ address: "192.0.2.1", port: 0 }])).rejects.toMatchObject({
      code: "acme-listen",
      message: expect.stringContaining("EADDRNOTAVAIL"),
    });
  });

  it("stands for every address where it is the unspecified one", async () => {
    const everywhere = await openHttpResponder([{ address: "::", port: 0 }]);
    const [{ port: open } = { port: 0 }] = everywhere.addresses;
    try {
      expect(await exchangeRaw(open, "GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 404 /);
    } finally {
      await everywhere.close();
    }
  });
});
