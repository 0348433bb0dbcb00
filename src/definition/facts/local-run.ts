import type { Definition } from "../schema";
import { type Facts, facts } from "./facts";

/** Where an edge stands on this machine instead of where it is defined. */
export interface Places {
  /** Loopback address, such as 127.0.0.2. */
  readonly address: string;
  readonly port: number;
}

/** The same facts with the Access Edge on a loopback address and a free port. Everything else is as defined. */
export function localRun(definition: Definition, places: Places): Facts {
  return facts({
    ...definition,
    accessEdge: { ...definition.accessEdge, addresses: [places.address], port: places.port },
  });
}
