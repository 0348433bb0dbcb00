import { listed } from "../check";
import type { Found } from "../family";
import type { ZoneView } from "./zone-view";

/** A fault of a zone or of one of its servers. */
export interface ZoneFound extends Omit<Found, "domain" | "touches" | "subject"> {
  readonly view: Pick<ZoneView, "names">;
  /** Zone, or name and type, that it was found at. */
  readonly about: readonly string[];
  /** Names of the definition that it concerns. Default: all in the zone. */
  readonly names?: readonly string[];
}

/**
 * Findings as they are reported: the same fault of a server that many zones are at, or of a host that many name, is
 * one, about the first of their names.
 */
export function* together(found: Iterable<ZoneFound>): Iterable<Found> {
  const same = new Map<string, { first: ZoneFound; names: Set<string>; about: Set<string> }>();
  for (const one of found) {
    const { view, about, names = view.names, onlyAt, ...rest } = one;
    const key = JSON.stringify([rest, onlyAt]);
    const known = same.get(key);
    if (known === undefined) same.set(key, { first: one, names: new Set(names), about: new Set(about) });
    else {
      for (const name of names) known.names.add(name);
      for (const subject of about) known.about.add(subject);
    }
  }
  for (const { first, names, about } of same.values()) {
    const { view, about: _, names: __, ...rest } = first;
    const [domain = null, ...touches] = names;
    yield { ...rest, domain, ...(touches.length > 0 && { touches }), subject: listed([...about]) };
  }
}
