import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type ConnectionOptions, connect, createServer, type SecureVersion, type TLSSocket } from "node:tls";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore, validateChain } from "../../src/certificate/chain";
import { ChainAlreadyReadError, presentedChain } from "../../src/certificate/presented";
import { type Issued, issue, keyPem, NOW } from "./authority";
import { DOMAIN, Scenery } from "./chains";

interface Credentials {
  readonly cert: string;
  readonly key: string;
  readonly sent: readonly Buffer[];
}

let scenery: Scenery;
let ours: Credentials;

const credentialsOf = async (...chain: Issued[]): Promise<Credentials> => ({
  cert: chain.map((one) => one.pem).join("\n"),
  key: await keyPem(chain[0]!),
  sent: chain.map((one) => one.der),
});

beforeAll(async () => {
  scenery = await Scenery.build();
  ours = await credentialsOf(await scenery.leaf({ subject: "CN=ours", names: ["ours.example"] }), scenery.issuing);
});

/** What was seen on both sides of one connection. */
interface Seen {
  readonly server: Buffer[];
  readonly client: Buffer[];
  readonly reused: boolean;
  /** The client's side, closed by now. */
  readonly socket: TLSSocket;
}

/** A server as the gateway runs it (but for tickets), and connections to it, one after the other. */
async function withServer<Result>(
  credentials: Credentials,
  act: (dial: (options: ConnectionOptions, use?: (socket: TLSSocket) => void) => Promise<Seen>) => Promise<Result>,
): Promise<Result> {
  const { cert, key } = credentials;
  const server = createServer({ cert, key, ca: [], requestCert: true, rejectUnauthorized: false });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    return await act(async (options, use) => {
      const accepted = once(server, "secureConnection") as Promise<[TLSSocket]>;
      const client = connect({ host: "127.0.0.1", port, ca: [], rejectUnauthorized: false, ...options });
      use?.(client);
      await once(client, "secureConnect");
      const seenByClient = presentedChain(client);
      const [served] = await accepted;
      const reused = client.isSessionReused();
      const seen = { server: presentedChain(served), client: seenByClient, reused, socket: client };
      served.end("done"); // in TLS 1.3 the ticket comes with the first data
      client.resume();
      await once(client, "close");
      return seen;
    });
  } finally {
    server.close();
    await once(server, "close");
  }
}

const only = (version: SecureVersion): ConnectionOptions => ({ minVersion: version, maxVersion: version });

describe.each<SecureVersion>(["TLSv1.2", "TLSv1.3"])("over %s", (version) => {
  test("each side reads what the other has sent, leaf first", async () => {
    const theirs = await credentialsOf(await scenery.leaf(), scenery.issuing, scenery.root);
    const seen = await withServer(ours, (dial) => dial({ ...only(version), cert: theirs.cert, key: theirs.key }));
    expect(seen.server).toEqual(theirs.sent);
    expect(seen.client).toEqual(ours.sent);
    const trust = TrustStore.fromPem(scenery.root.pem);
    const judged = { presented: seen.server, trust, domain: DOMAIN, now: NOW };
    expect(validateChain(judged)).toMatchObject({ ok: true });
    expect(validateChain({ ...judged, presented: seen.client })).toMatchObject({ ok: false, code: "wrong-name" });
  });

  test("an untrusted authority is read as well; what does not belong is left out", async () => {
    const ca = await scenery.ca({ issuer: scenery.other });
    const theirs = await credentialsOf(await scenery.leaf({ issuer: ca }), scenery.twin, ca, scenery.other);
    const [leaf, , issuer, other] = theirs.sent;
    const seen = await withServer(theirs, (dial) => dial({ ...only(version), cert: theirs.cert, key: theirs.key }));
    expect(seen.server).toEqual([leaf, issuer, other]);
    expect(seen.client).toEqual([leaf, issuer, other]);
  });

  test("a client without a certificate has an empty chain", async () => {
    const seen = await withServer(ours, (dial) => dial(only(version)));
    expect(seen.server).toEqual([]);
    expect(seen.client).toEqual(ours.sent);
  });

  test("of twenty certificates seventeen are read, which is too many", async () => {
    const chain: Issued[] = [await issue({ subject: "CN=CA 0", ca: true })];
    for (let index = 1; index < 19; index++)
      chain.unshift(await issue({ subject: `CN=CA ${index}`, ca: true, issuer: chain[0] as Issued }));
    const theirs = await credentialsOf(await scenery.leaf({ issuer: chain[0] as Issued }), ...chain);
    const seen = await withServer(ours, (dial) => dial({ ...only(version), cert: theirs.cert, key: theirs.key }));
    expect(seen.server).toEqual(theirs.sent.slice(0, 17));
    const trust = TrustStore.fromPem(scenery.root.pem);
    const verdict = validateChain({ presented: seen.server, trust, domain: DOMAIN, now: NOW });
    expect(verdict).toMatchObject({ ok: false, code: "too-many-certificates" });
  });

  test("a resumed session has an empty chain on both sides", async () => {
    const theirs = await credentialsOf(await scenery.leaf(), scenery.issuing);
    const options = { ...only(version), cert: theirs.cert, key: theirs.key };
    const [first, second] = await withServer(ours, async (dial) => {
      let session: Buffer | undefined;
      const full = await dial(options, (socket) => socket.on("session", (ticket) => (session ??= ticket)));
      if (!session) throw new Error("the server gave out no session");
      return [full, await dial({ ...options, session })];
    });
    expect(first).toMatchObject({ reused: false, server: theirs.sent, client: ours.sent });
    expect(second).toMatchObject({ reused: true, server: [], client: [] });
  });
});

test("a self-signed certificate is a chain of one", async () => {
  const theirs = await credentialsOf(await scenery.leaf({ issuer: undefined }));
  const seen = await withServer(theirs, (dial) => dial({ cert: theirs.cert, key: theirs.key }));
  expect([seen.server, seen.client]).toEqual([theirs.sent, theirs.sent]);
});

test("a second reading is refused", async () => {
  const { socket } = await withServer(ours, (dial) => dial({}));
  expect(() => presentedChain(socket)).toThrow(ChainAlreadyReadError);
});
