import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { MAXIMUM_LIST_BYTES } from "../../../src/certificate/revocation/crl";
import { httpListSource, type ListSourceOptions } from "../../../src/certificate/revocation/list-source";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ca.crl`;
}

const LOOPBACK: ListSourceOptions = { allowedTargets: ["127.0.0.0/8"] };
const fetched = (url: string, options: ListSourceOptions = LOOPBACK) => httpListSource(options)(url);

test("a list is fetched whole", async () => {
  const url = await serve((_, response) => response.end(Buffer.alloc(100_000, 7)));
  expect(await fetched(url)).toEqual(Buffer.alloc(100_000, 7));
});

describe("addresses that are not global are never asked", () => {
  const named = (address: string, family: number) =>
    ((_name: string, _options: unknown, done: (error: null, found: unknown) => void) =>
      done(null, [
        { address: "93.184.215.14", family: 4 },
        { address, family },
      ])) as unknown as NonNullable<ListSourceOptions["lookup"]>;

  test.each(["http://127.0.0.1:1/", "http://169.254.169.254/latest/", "http://[::1]/", "http://[::ffff:10.0.0.1]/"])(
    "%s",
    async (url) => {
      await expect(fetched(url, {})).rejects.toMatchObject({ code: "forbidden-address" });
    },
  );

  test.each([
    ["169.254.169.254", 4],
    ["fd00::1", 6],
  ])("a name that leads to %s beside a global one", async (address, family) => {
    const source = httpListSource({ lookup: named(address, family) });
    await expect(source("http://crl.example/")).rejects.toMatchObject({ code: "forbidden-address" });
  });
});

describe("a list that cannot be had says why", () => {
  test.each<[string, RequestListener, string, number?]>([
    ["not there", (_, response) => response.writeHead(404).end(), "http-status"],
    [
      "moved, which is not followed",
      (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      "http-status",
    ],
    ["too large", (_, response) => response.end(Buffer.alloc(MAXIMUM_LIST_BYTES + 1)), "too-large"],
    [
      "broken off",
      (_, response) => {
        response.writeHead(200, { "content-length": "1000" }).write("half");
        setTimeout(() => response.destroy(), 20);
      },
      "unreachable",
    ],
    ["without end in time", (_, response) => void response.writeHead(200).write("a"), "timeout", 300],
  ])("%s", async (_, answer, code, timeout = 60_000) => {
    const url = await serve(answer);
    await expect(fetched(url, { ...LOOPBACK, timeout })).rejects.toMatchObject({ code });
  });

  test.each([
    ["https://crl.example/", "not-http"],
    ["file:///etc/passwd", "not-http"],
    ["http://", "not-http"],
  ])("%s", async (url, code) => {
    await expect(fetched(url)).rejects.toMatchObject({ code });
  });

  test("nobody listens", async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(fetched(url)).rejects.toMatchObject({ code: "unreachable" });
  });
});
