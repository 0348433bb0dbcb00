import { createServer } from "node:net";
import type { Places } from "../../definition";
import { CommandError } from "../context";

const USUAL_PORT = 5269;
/** Loopback addresses to try, from 127.0.0.2 on. */
const FIRST = 2;
const LAST = 250;

/** Loopback places for edges: 127.0.0.2, .3 … on port 5269 where that is free, else on a free port. */
export async function findPlaces(count: number): Promise<Places[]> {
  const places: Places[] = [];
  for (let host = FIRST; host <= LAST && places.length < count; host++) {
    const address = `127.0.0.${host}`;
    const port = (await tryPort(address, USUAL_PORT)) ?? (await tryPort(address, 0));
    if (port !== undefined) places.push({ address, port });
  }
  if (places.length < count)
    throw new CommandError(
      `no free loopback address for ${count} edges`,
      1,
      "up needs 127.0.0.2 and further; on systems without them add them to the loopback interface",
    );
  return places;
}

/** The port if it can be listened on (0: any free one). */
function tryPort(address: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ host: address, port, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : undefined));
    });
  });
}
