import type { ServerAddress } from "../resolver";
import type { ParentWord } from "./parent-word";

/** A name server at one address. */
export interface ZoneServer extends ServerAddress {
  readonly host: string;
  /** How the address is known: from the root hints, the parent's glue, the host's own zone, or because it was given. */
  readonly from: "hint" | "glue" | "host" | "given";
  /** Who names the host as a server of the zone: its parent, or the zone alone. */
  readonly namedBy: "parent" | "zone";
}

export interface Zone {
  /** The root is `.`. */
  readonly name: string;
  /** The zones from the root, or where the walk began, down to this one. */
  readonly path: readonly string[];
  /** What each server of the parent that was asked says of the delegation. */
  readonly parentSays: readonly ParentWord[];
  readonly servers: readonly ZoneServer[];
  /** Name servers that no address was found for. */
  readonly withoutAddress: readonly WithoutAddress[];
}

export interface WithoutAddress {
  readonly host: string;
  /**
   * `no-glue`: it is in the zone, and the parent gives no address; `alias` and `absent`: so its own servers say;
   * `unknown`: nobody said; `too-far`: not looked for, for that would take too many other look-ups.
   */
  readonly why: "no-glue" | "alias" | "absent" | "unknown" | "too-far";
  /** For people. */
  readonly reason: string;
  /** Who names the host as a server of the zone: its parent, or the zone alone. */
  readonly namedBy: "parent" | "zone";
}

/** Where a name belongs. */
export type Place =
  | { readonly status: "found"; readonly zone: Zone }
  /** The zone's servers say that `at`, the name or one above it, does not exist. */
  | {
      readonly status: "denied";
      readonly zone: Zone;
      readonly at: string;
      /** What each of the zone's servers says of `at`. */
      readonly parentSays: readonly ParentWord[];
    }
  /** Nobody said. This is no absence. */
  | {
      readonly status: "unknown";
      readonly at: string;
      readonly reason: string;
      readonly parentSays: readonly ParentWord[];
    };

/** Finds the zones of names. */
export interface Places {
  place(name: string): Promise<Place>;
  /** Servers of the name's zone as soon as some are known, before the zone itself was asked who else serves it. */
  firstServers(name: string): Promise<readonly ServerAddress[]>;
}
