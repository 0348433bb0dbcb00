/** Fetching POSH documents: from whom, how far, how much, and for how long they hold. */
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { TrustStore } from "../../../../src/certificate/chain";
import { PoshDocuments, type PoshQuery } from "../../../../src/gateway/s2s/posh/posh-documents";
import { REMOTE } from "../../documents";
import { createLab, type Lab } from "../../lab";
import { namesOf } from "../../names";
import { POSH_PATH, startWebServer, stopWebServers, type WebServer } from "./web-server";

const HOSTER = "hosting.example";
const FINGERPRINT = { "sha-256": Buffer.alloc(32, 7).toString("base64") };
const document = (expires = 600) => JSON.stringify({ fingerprints: [FINGERPRINT], expires });
const delegation = (url: string, expires = 600) => JSON.stringify({ url, expires });
const PAGE = `${REMOTE} ${POSH_PATH}`;

let lab: Lab;
let web: WebServer;
let clock: number;
beforeAll(async () => {
  lab = await createLab();
});
beforeEach(async () => {
  web = await startWebServer(await lab.issue(REMOTE, HOSTER));
  clock = Date.now();
});
afterEach(stopWebServers);

const resolver = namesOf({
  addresses: {
    [REMOTE]: ["127.0.0.1"],
    [HOSTER]: ["127.0.0.1"],
    "other.example": ["127.0.0.1"],
    "down.example": "timeout",
  },
});
const documents = (port = web.port, patience = 60_000) =>
  new PoshDocuments({ resolver, now: () => clock, port, patience });
const row = {};
const query = (more: Partial<PoshQuery> = {}): PoshQuery => ({
  domain: REMOTE,
  row,
  trust: TrustStore.fromPem(lab.anchorsPem),
  policy: { allowed: ["127.0.0.0/8"], own: [] },
  ...more,
});
const at = (host: string, path = POSH_PATH) => `https://${host}:${web.port}${path}`;

test("a document is fetched from its domain", async () => {
  web.pages[PAGE] = document();
  expect(await documents().of(query())).toEqual({
    domain: REMOTE,
    url: at(REMOTE),
    fingerprints: [{ "sha-256": Buffer.alloc(32, 7) }],
  });
  expect(web.requests).toEqual([PAGE]);
});

test.each<[string, () => void]>([
  [
    "by its own word",
    () => {
      web.pages[PAGE] = delegation(at(HOSTER));
    },
  ],
  [
    "by HTTP",
    () => {
      web.pages[PAGE] = (_, response) => response.writeHead(302, { Location: at(HOSTER) }).end();
    },
  ],
  [
    "to another path",
    () => {
      web.pages[PAGE] = (_, response) => response.writeHead(307, { Location: "/elsewhere.json" }).end();
      web.pages[`${REMOTE} /elsewhere.json`] = delegation(at(HOSTER));
    },
  ],
])("it may be somewhere else %s", async (_, publish) => {
  publish();
  web.pages[`${HOSTER} ${POSH_PATH}`] = document();
  expect(await documents().of(query())).toMatchObject({ domain: REMOTE, url: at(HOSTER) });
});

describe("nothing is proved", () => {
  test.each<[string, () => void, RegExp]>([
    ["without a document", () => undefined, /posh\/xmpp-server\.json: HTTP status 404$/],
    [
      "by what is none",
      () => {
        web.pages[PAGE] = "<html>";
      },
      /it is not JSON$/,
    ],
    [
      "by documents in a circle",
      () => {
        web.pages[PAGE] = delegation(at(REMOTE));
      },
      /somewhere else more than 3 times$/,
    ],
    [
      "by one in plain HTTP",
      () => {
        web.pages[PAGE] = delegation(`http://${HOSTER}/`);
      },
      /no https URL of a host$/,
    ],
    [
      "by one at an address",
      () => {
        web.pages[PAGE] = delegation(`https://127.0.0.1:${web.port}/`);
      },
      /no https URL of a host$/,
    ],
    [
      "by one behind a password",
      () => {
        web.pages[PAGE] = delegation(`https://a:b@${HOSTER}:${web.port}/`);
      },
      /a URL with a password in it is not fetched$/,
    ],
    [
      "by one that is moved to what is no URL",
      () => {
        web.pages[PAGE] = (_, response) => response.writeHead(301, { Location: "https://[" }).end();
      },
      /no https URL of a host$/,
    ],
    [
      "by a web server of another name",
      () => {
        web.pages[PAGE] = delegation(at("other.example"));
      },
      /the web server's certificate: wrong-name: other\.example/,
    ],
    [
      "by a host that cannot be looked up",
      () => {
        web.pages[PAGE] = delegation(at("down.example"));
      },
      /addresses of down\.example: timeout/,
    ],
    [
      "by more octets than it may have",
      () => {
        web.pages[PAGE] = `${document()}${" ".repeat(64 * 1024)}`;
      },
      /more than 65536 octets$/,
    ],
    [
      "by an answer that breaks off",
      () => {
        web.pages[PAGE] = (_, response) => {
          response.writeHead(200, { "Content-Length": "1000" });
          response.write(document(), () => response.destroy());
        };
      },
      /the answer broke off/,
    ],
    [
      "by a refusal that never ends",
      () => {
        web.pages[PAGE] = (_, response) => response.writeHead(404, { "Content-Length": "1000" }).write("not");
      },
      /HTTP status 404$/,
    ],
    [
      "by an answer that asks for another protocol",
      () => {
        web.pages[PAGE] = (_, response) => response.writeHead(101, { Upgrade: "x", Connection: "Upgrade" }).end();
      },
      /the connection was closed without an answer|socket hang up/,
    ],
    [
      "by one whose place cannot be printed",
      () => {
        web.pages[PAGE] = delegation("\u001b[2J\u202e");
      },
      /posh\/xmpp-server\.json: \?\[2J\? is no https URL of a host$/,
    ],
    [
      "by endless header fields",
      () => {
        web.pages[PAGE] = (_, response) => response.writeHead(200, { Endless: "x".repeat(20_000) }).end(document());
      },
      /Header overflow/,
    ],
  ])("%s", async (_, publish, reason) => {
    publish();
    expect(await documents().of(query())).toEqual({ domain: REMOTE, failed: expect.stringMatching(reason) });
  });

  test("by a web server that nobody vouches for, or where nobody is trusted", async () => {
    const forged = await startWebServer(lab.forged);
    forged.pages[PAGE] = document();
    expect(await documents(forged.port).of(query())).toMatchObject({ failed: expect.stringMatching(/untrusted/) });
    expect(forged.requests).toEqual([]);
    expect(await documents().of(query({ trust: undefined }))).toMatchObject({
      failed: expect.stringMatching(/no trust anchors are configured/),
    });
  });

  test("at addresses that are never dialled", async () => {
    web.pages[PAGE] = document();
    expect(await documents().of(query({ policy: { allowed: [], own: [] } }))).toMatchObject({
      failed: expect.stringMatching(/points at addresses that are never dialled/),
    });
    expect(web.requests).toEqual([]);
  });

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ["that speaks no TLS", (socket) => socket.resume().end("HTTP/1.1 200 OK\r\n\r\n"), /TLS failed/],
    ["that hangs up", (socket) => socket.destroy(), /TLS failed|connection was closed/],
  ])("by a server %s", async (_, onSocket, reason) => {
    const server: Server = createServer(onSocket);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    expect(await documents(port).of(query())).toMatchObject({ failed: expect.stringMatching(reason) });
    await new Promise((resolve) => server.close(resolve));
  });

  test.each<[string, (socket: Socket) => void]>([
    ["the handshake", () => undefined],
    ["the answer", () => undefined],
  ])("by a server that is silent in %s: it is given up", async (phase) => {
    const silent = createServer((socket) => socket.on("error", () => undefined).resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    web.pages[PAGE] = () => undefined;
    const { port } = phase === "the answer" ? web : (silent.address() as { port: number });
    expect(await documents(port, 500).of(query())).toMatchObject({
      failed: expect.stringMatching(/no whole answer in time/),
    });
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe("a document is kept", () => {
  test("for as long as it says, and as the one that leads to it", async () => {
    web.pages[PAGE] = delegation(at(HOSTER), 60);
    web.pages[`${HOSTER} ${POSH_PATH}`] = document(3600);
    const posh = documents();
    await posh.of(query());
    clock += 59_000;
    await posh.of(query());
    expect(web.requests).toHaveLength(2);
    clock += 1_000;
    await posh.of(query());
    expect(web.requests).toHaveLength(4);
  });

  test("for 30 s at least, for a day at most", async () => {
    web.pages[PAGE] = document(1);
    const posh = documents();
    await posh.of(query());
    clock += 29_999;
    await posh.of(query());
    expect(web.requests).toHaveLength(1);
    web.pages[PAGE] = document(1e9);
    clock += 1;
    await posh.of(query());
    clock += 86_399_999;
    await posh.of(query());
    expect(web.requests).toHaveLength(2);
    clock += 1;
    await posh.of(query());
    expect(web.requests).toHaveLength(3);
  });

  test("and so is a failure, for 30 s", async () => {
    const posh = documents();
    await posh.of(query());
    web.pages[PAGE] = document();
    clock += 29_999;
    expect(await posh.of(query())).toHaveProperty("failed");
    clock += 1;
    expect(await posh.of(query())).toHaveProperty("fingerprints");
  });

  test("for its row alone: another one may have other anchors", async () => {
    web.pages[PAGE] = document();
    const posh = documents();
    await posh.of(query());
    expect(await posh.of(query({ row: {}, trust: TrustStore.of([]) }))).toHaveProperty("failed");
  });

  test("and fetched once for all who ask meanwhile", async () => {
    web.pages[PAGE] = document();
    const posh = documents();
    await Promise.all(Array.from({ length: 20 }, () => posh.of(query())));
    expect(web.requests).toHaveLength(1);
  });
});

test("only so many are fetched at once", async () => {
  web.pages[PAGE] = document();
  const posh = documents();
  const all = await Promise.all(
    Array.from({ length: 65 }, (_, index) => posh.of(query({ domain: index === 0 ? REMOTE : `d${index}.example` }))),
  );
  expect(all[0]).toHaveProperty("fingerprints");
  expect(all[64]).toEqual({ domain: "d64.example", failed: "64 documents are being fetched already" });
  expect(await posh.of(query({ domain: "d65.example" }))).toMatchObject({
    failed: expect.stringMatching(/no address/),
  });
});
