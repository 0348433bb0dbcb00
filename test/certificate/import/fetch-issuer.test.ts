import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { fetchIssuer } from "../../../src/certificate/import/fetch-issuer";
import { issue } from "../authority";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serving(answer: RequestListener): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen({ host: "127.0.0.1", port: 0 }, resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/ca.cer`;
}

describe("fetching a CA's certificate", () => {
  it("reads what is there, in DER as in PEM", async () => {
    const { der, pem } = await issue({ subject: "CN=Issuing", ca: true });
    const url = await serving((request, response) => response.end(request.url === "/ca.cer" ? der : pem));
    expect((await fetchIssuer(url)).map(({ subject }) => subject)).toEqual(["CN=Issuing"]);
    expect((await fetchIssuer(`${url}.pem`)).map(({ subject }) => subject)).toEqual(["CN=Issuing"]);
  });

  it.each<[string, RequestListener, string]>([
    ["a refusal", (_, response) => response.writeHead(404).end(), "answered 404"],
    ["a redirection", (_, response) => response.writeHead(302, { location: "/other" }).end(), "answered 302"],
    ["more than a certificate", (_, response) => response.end(Buffer.alloc(100_000)), "more than 65536 bytes"],
    ["an end half-way", (request, response) => response.write("x", () => request.socket.destroy()), "aborted"],
    ["silence", () => undefined, "no answer within 0.2 s"],
    [
      "a drip without end",
      (_, response) => setInterval(() => response.write("x"), 20).unref(),
      "no answer within 0.2 s",
    ],
  ])("gives up on %s", async (_, answer, found) => {
    await expect(fetchIssuer(await serving(answer), 200)).rejects.toMatchObject({
      code: "issuer-not-fetched",
      message: expect.stringContaining(found),
    });
  });

  it("refuses what is no certificate", async () => {
    const url = await serving((_, response) => response.end("<html>"));
    await expect(fetchIssuer(url)).rejects.toMatchObject({ name: "ReplyError", code: "unreadable" });
  });
});
