import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6, type Server } from "node:net";
import { PeerRigError } from "./peer-error";

/** 254 loopback addresses that belong to this process until released: test files running side by side never meet. */
export class LoopbackNetwork {
  private next = 1;

  private constructor(
    private readonly prefix: string,
    private readonly claim: Server,
  ) {}

  /**
   * Claims a free network 127.x.y.0/24. The claim is a listening socket on its address 255, which the kernel gives
   * to one process only and takes back when that process ends, however it ends.
   */
  static async claim(): Promise<LoopbackNetwork> {
    for (let attempt = 0; attempt < 100; attempt++) {
      // 127.16 to 127.239: away from the addresses that people and distributions use by hand
      const number = (process.pid + attempt * 251) % (224 * 256);
      const prefix = `127.${16 + (number >> 8)}.${number & 255}`;
      const claim = await listen(`${prefix}.255`, claimPort);
      if (claim !== undefined) {
        claim.unref();
        return new LoopbackNetwork(prefix, claim);
      }
    }
    throw new PeerRigError(
      "address-taken",
      "100 loopback networks were tried and all are claimed; end other test runs",
    );
  }

  /** An address that was not given out before. */
  address(): string {
    if (this.next > 254) throw new PeerRigError("address-taken", `all 254 addresses of ${this.prefix}.0/24 are in use`);
    return `${this.prefix}.${this.next++}`;
  }

  async release(): Promise<void> {
    this.claim.close();
    await once(this.claim, "close");
  }
}

const claimPort = 5299;

/** A port at `address` that nobody has, for TCP and UDP: the preferred one, or one that the kernel chooses. */
export async function freePort(address: string, preferred: number): Promise<number> {
  if (await isFree(address, preferred)) return preferred;
  for (let attempt = 0; attempt < 20; attempt++) {
    const server = await listen(address, 0);
    if (server === undefined) break;
    const { port } = server.address() as { port: number };
    await close(server);
    if (await isFree(address, port)) return port;
  }
  throw new PeerRigError("address-taken", `found no port at ${address} that is free for TCP and UDP`);
}

/**
 * Makes sure that a peer will be alone at its port. unbound and Prosody listen with SO_REUSEPORT: beside a forgotten
 * one they start without complaint, and the old one answers every second question from old data.
 *
 * @throws PeerRigError `address-taken`
 */
export async function requireFree(address: string, port: number): Promise<void> {
  if (await isFree(address, port)) return;
  throw new PeerRigError(
    "address-taken",
    `${address} port ${port} is in use; a peer needs it for itself. End what listens there`,
  );
}

/** Node binds without SO_REUSEPORT, so the kernel refuses where anyone listens, sharing or not. */
async function isFree(address: string, port: number): Promise<boolean> {
  const server = await listen(address, port);
  if (server === undefined) return false;
  await close(server);
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, "listening");
    return true;
  } catch (error) {
    return refuseOthers(error);
  } finally {
    socket.close();
  }
}

async function listen(address: string, port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ host: address, port, exclusive: true });
    await once(server, "listening");
    return server;
  } catch (error) {
    refuseOthers(error);
    return undefined;
  }
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

/** "In use" is an answer; anything else is a fault. */
function refuseOthers(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
  return false;
}
