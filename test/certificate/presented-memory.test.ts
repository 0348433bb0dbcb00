import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { presentedChain } from "../../src/certificate/presented";
import { type Issued, issue, keyPem } from "./authority";
import { Scenery } from "./chains";

const HANDSHAKES = 600;
/** Behind the peer's own: what each handshake would leave behind, were it never freed. */
const ISSUERS = 12;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Resident bytes when everything that nobody holds has been let go. */
async function resident(): Promise<number> {
  for (let time = 0; time < 3; time++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage.rss();
}

test("reading chains leaves nothing behind, however long they are", async () => {
  const scenery = await Scenery.build();
  const chain: Issued[] = [await issue({ subject: "CN=CA 0", ca: true })];
  for (let index = 1; index < ISSUERS; index++)
    chain.unshift(await issue({ subject: `CN=CA ${index}`, ca: true, issuer: chain[0] as Issued }));
  const leaf = await scenery.leaf({ issuer: chain[0] as Issued });
  const credentials = { cert: [leaf, ...chain].map((one) => one.pem).join("\n"), key: await keyPem(leaf) };
  const server = createServer({ ...credentials, ca: [], requestCert: true, rejectUnauthorized: false });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const handshakes = async (count: number) => {
    for (let done = 0; done < count; done++) {
      const accepted = once(server, "secureConnection") as Promise<[TLSSocket]>;
      const client = connect({ host: "127.0.0.1", port, ca: [], rejectUnauthorized: false, ...credentials });
      const [served] = await accepted;
      expect(presentedChain(served)).toHaveLength(1 + ISSUERS);
      served.end();
      client.resume();
      await once(client, "close");
    }
  };
  try {
    await handshakes(HANDSHAKES); // the process comes to its size
    const before = await resident();
    await handshakes(HANDSHAKES);
    // By Node's other reading each certificate stays, 5 KiB and more: 35 MiB.
    expect((await resident()) - before).toBeLessThan(HANDSHAKES * ISSUERS * 2048);
  } finally {
    server.close();
  }
});
