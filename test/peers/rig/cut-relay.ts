import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** A network that breaks when a test says so: what was on its way over it is lost. */
export class CutRelay {
  readonly #links = new Set<Socket>();
  /** Of them, those from which nothing comes back any more. */
  readonly #mute = new Set<Socket>();
  readonly #server = createServer((socket) => this.#join(socket));
  /** Of them, those over which nothing gets there any more. */
  readonly #stalled = new Set<Socket>();
  /** Where it leads to; nowhere: whoever comes is turned away. */
  upstream: Place | undefined;

  private constructor(readonly place: Place) {}

  static async listen(place: Place): Promise<CutRelay> {
    const relay = new CutRelay(place);
    relay.#server.listen(place.port, place.address);
    await once(relay.#server, "listening");
    return relay;
  }

  /** From now on nothing comes back over the connections that stand; what goes there arrives. */
  mute(): void {
    for (const socket of this.#links) this.#mute.add(socket);
  }

  /** From now on nothing gets there over the connections that stand; what comes back arrives. */
  stall(): void {
    for (const socket of this.#links) this.#stalled.add(socket);
  }

  /** Breaks every connection over it. */
  cut(): void {
    for (const socket of this.#links) socket.resetAndDestroy();
    this.#links.clear();
    this.#mute.clear();
    this.#stalled.clear();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(near: Socket): void {
    if (this.upstream === undefined) {
      near.destroy();
      return;
    }
    const far = connect(this.upstream.port, this.upstream.address);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#links.add(socket);
      socket.setNoDelay(true);
      socket.on("data", (chunk) => {
        const lost = socket === far ? this.#mute : this.#stalled;
        if (lost.has(socket) || other.write(chunk)) return;
        socket.pause(); // who reads slowly is written to slowly
        other.once("drain", () => socket.resume());
      });
      socket.on("end", () => other.end());
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#links.delete(socket);
        other.destroySoon();
      });
    }
  }
}
