import { generateKeyPairSync } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { AcmeServer } from "../../../src/certificate/acme/acme-server";
import { type Answerer, directory, directoryStandIn, json } from "./directory-stand-in";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const accountKeyPem = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();

async function server(answer: Answerer, patience = 1000) {
  const standIn = await directoryStandIn(answer);
  const made = new AcmeServer({
    directory: `${standIn.base}/dir`,
    accountKeyPem,
    accountUrl: `${standIn.base}/account/1`,
    patience,
  });
  closing.push(standIn.close, () => made.close());
  return { standIn, server: made };
}

/** A directory and nonces in order, and what the test has to say to everything else. */
const then =
  (answer: Answerer): Answerer =>
  (request, response, base) => {
    if (request.url === "/dir") json(response, directory(base));
    else if (request.url === "/nonce") response.writeHead(200, { "replay-nonce": "bm9uY2U" }).end();
    else answer(request, response, base);
  };

const order = (base: string) => ({
  status: "pending",
  identifiers: [{ type: "dns", value: "contoso.example" }],
  authorizations: [`${base}/authorization/1`],
  finalize: `${base}/finalize/1`,
});
const problem = (type: string, detail = "because") => ({ type: `urn:ietf:params:acme:error:${type}`, detail });

describe("an ACME server that", () => {
  test.each<[string, string, RegExp, Answerer]>([
    [
      "gives an order without its URL",
      "acme-answer",
      /order link/,
      (_, response, base) => json(response, order(base), 201),
    ],
    [
      "gives an order in a state that is none",
      "acme-answer",
      /status/,
      (_, response, base) => json(response, { ...order(base), status: "maybe" }, 201, { location: `${base}/order/1` }),
    ],
    [
      "lists authorizations without end",
      "acme-answer",
      /authorizations/,
      (_, response, base) =>
        json(response, { ...order(base), authorizations: Array(1001).fill(base) }, 201, {
          location: `${base}/order/1`,
        }),
    ],
    ["answers with a web page", "acme-answer", /order/, (_, response) => response.writeHead(201).end("<html>")],
    [
      "sends without end",
      "acme-answer",
      /more than 1048576 octets/,
      (_, response) => {
        response.writeHead(200);
        const more = () => {
          while (response.write("x".repeat(65_536)));
        };
        response.on("drain", more);
        more();
      },
    ],
    ["stalls", "acme-unreachable", /no whole answer in 300 ms/, () => undefined],
    [
      "drips an octet at a time",
      "acme-unreachable",
      /no whole answer in 300 ms/,
      (_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write("x"), 20);
        response.on("close", () => clearInterval(timer));
      },
    ],
    ["breaks the connection", "acme-unreachable", /hang up|ECONNRESET/, (_, response) => response.destroy()],
    [
      "redirects",
      "acme-answer",
      /redirect/,
      (_, response) => response.writeHead(307, { location: "https://elsewhere.example/" }).end(),
    ],
    [
      "has a fault",
      "acme-unreachable",
      /503: because/,
      (_, response) => json(response, problem("serverInternal"), 503),
    ],
    [
      "limits the rate",
      "acme-rate-limited",
      /too many certificates/,
      (_, response) => json(response, problem("rateLimited", "too many certificates"), 429, { "retry-after": "3600" }),
    ],
    [
      "lost the account",
      "acme-account",
      /accountDoesNotExist/,
      (_, response) => json(response, problem("accountDoesNotExist"), 400),
    ],
    [
      "wants new terms agreed to",
      "acme-terms",
      /userActionRequired/,
      (_, response) => json(response, problem("userActionRequired"), 403),
    ],
    [
      "refuses with control characters in its words",
      "acme-refused",
      /^[^\p{Cc}]*red green[^\p{Cc}]*$/u,
      (_, response) => json(response, problem("rejectedIdentifier", "red\r\n\u0007green"), 400),
    ],
    ["refuses nonces for ever", "acme-answer", /because/, (_, response) => json(response, problem("badNonce"), 400)],
  ])("%s is %s, and no order comes of it", async (_, code, message, answer) => {
    const { server: one } = await server(then(answer), 300);
    await expect(one.newOrder(["contoso.example"])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      remedy: expect.any(String),
    });
  });

  test("refuses a nonce now and then is asked again with the one it gave", async () => {
    let refused = 0;
    const { server: one } = await server(
      then((_, response, base) =>
        refused++ < 3
          ? json(response, problem("badNonce"), 400)
          : json(response, order(base), 201, { location: `${base}/order/1` }),
      ),
    );
    await expect(one.newOrder(["contoso.example"])).resolves.toMatchObject({ status: "pending" });
    expect(refused).toBe(4);
  });

  test("brings a nonce with each answer is not asked for one before each request", async () => {
    const { standIn, server: one } = await server(
      then((_, response, base) => json(response, order(base), 201, { location: `${base}/order/1` })),
    );
    for (let n = 0; n < 5; n++) await one.newOrder(["contoso.example"]);
    expect(standIn.asked.filter((request) => request === "HEAD /nonce")).toHaveLength(1);
    expect(standIn.asked.filter((request) => request === "POST /order")).toHaveLength(5);
  });

  test("asks us to wait: how long is in the error", async () => {
    const { server: one } = await server(
      then((_, response) => json(response, problem("rateLimited"), 429, { "retry-after": "3600" })),
    );
    await expect(one.newOrder(["contoso.example"])).rejects.toMatchObject({ retryAfter: 3_600_000 });
  });

  test("names URLs in clear text elsewhere is not followed there", async () => {
    const { server: one } = await server((_, response, base) =>
      json(response, directory(base, { newNonce: "http://metadata.example/" })),
    );
    await expect(one.newOrder(["contoso.example"])).rejects.toMatchObject({
      code: "acme-answer",
      message: expect.stringContaining("not https"),
    });
  });

  test("changes its directory to one without orders is told so", async () => {
    const { server: one } = await server((_, response) => json(response, { hello: "world" }));
    await expect(one.newOrder(["contoso.example"])).rejects.toMatchObject({ code: "acme-answer" });
  });

  test("is no HTTP at all", async () => {
    const listener = createServer((socket) => socket.end("220 smtp.example ESMTP\r\n"));
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    closing.push(() => listener.close());
    const { port } = listener.address() as AddressInfo;
    const one = new AcmeServer({ directory: `http://127.0.0.1:${port}/dir`, accountKeyPem });
    await expect(one.fetchJson(`http://127.0.0.1:${port}/dir`)).rejects.toMatchObject({ code: "acme-unreachable" });
  });
});
