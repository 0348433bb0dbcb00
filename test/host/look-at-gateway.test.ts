import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { acceptsStreams, gatewayStatus } from "../../src/host/look-at-gateway";

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** A port of somebody who does that with each connection. */
async function listening(serve: (socket: Socket) => void): Promise<{ address: string; port: number }> {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { address: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>";
const look = async (serve: (socket: Socket) => void, patience: number) =>
  acceptsStreams(await listening(serve), "contoso.example", patience);

describe("whether a gateway accepts streams", () => {
  test("it does where header and features come, in however many pieces", async () => {
    let asked = "";
    const accepts = await look((socket) => {
      socket.on("data", (data) => {
        if (asked === "")
          for (const [index, piece] of [HEADER.slice(0, 9), HEADER.slice(9), "<stream:features/>"].entries())
            setTimeout(() => socket.write(piece), index * 10);
        asked += String(data);
      });
    }, 60_000);
    expect(accepts).toBe(true);
    expect(asked).toContain("to='contoso.example'");
  });
  test.each<[string, (socket: Socket) => void]>([
    ["it hangs", () => undefined],
    ["it closes at once", (socket) => socket.end()],
    ["it resets", (socket) => socket.resetAndDestroy()],
    ["it answers with an error", (socket) => socket.end(`${HEADER}<stream:error><policy-violation/></stream:error>`)],
    ["it answers with a header alone", (socket) => socket.write(HEADER)],
    ["something else answers", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n<stream:features/>")],
    [
      "it talks without end",
      (socket) => {
        const timer = setInterval(() => socket.write("x".repeat(9999)), 5);
        socket.on("close", () => clearInterval(timer));
      },
    ],
  ])("it does not where %s", async (_name, serve) => {
    expect(await look(serve, 300)).toBe(false);
  });
  test("it does not where nobody listens", async () => {
    const place = await listening(() => undefined);
    server?.close();
    expect(await acceptsStreams(place, "contoso.example")).toBe(false);
  });
});

describe("a gateway's status", () => {
  test("is read", async () => {
    const body = JSON.stringify({ streams: [], queued: 2 });
    const place = await listening((socket) =>
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`)),
    );
    expect(await gatewayStatus(place)).toEqual({ streams: [], queued: 2 });
  });
  test("is not known where the port answers with something else", async () => {
    expect(
      await gatewayStatus(await listening((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nhello"))),
    ).toBeUndefined();
  });
});
