/** A process whose log explains why a test failed. */
export interface Witness {
  /** `gateway contoso`, `prosody of partner.example`. */
  readonly name: string;
  readonly log: readonly string[];
  /** How it ended; undefined while it runs. */
  readonly end: string | undefined;
}

const key = Symbol.for("the processes that a test file started");
type World = { [key]?: Witness[] };

/** From now on its log is told when a test fails. The test's world and its environment's are two: by the first. */
export function tellOnFailure(process: Witness): void {
  const world = globalThis as World;
  world[key] ??= [];
  world[key].push(process);
}

/** The processes that the tests in that world have to do with, oldest first. */
export const witnessesIn = (world: object): readonly Witness[] => (world as World)[key] ?? [];

/** Lets go of those that had ended when the next test began. */
export function forgetEnded(world: object): void {
  const kept = witnessesIn(world).filter(({ end }) => end === undefined);
  (world as World)[key] = kept;
}

const LINES = 40;
const LONGEST_LINE = 300;
/** Lines of one event: a thousand messages must not hide why a stream ended. */
const OF_A_KIND = 8;

/** The last lines of each log. */
export function testimony(witnesses: readonly Witness[]): string {
  return witnesses
    .map(({ name, log, end }) => {
      const last = lastOf(log).map((line) => `  ${line.slice(0, LONGEST_LINE)}`);
      return [`${name}, ${end ?? "which runs"}; the last of the ${log.length} lines of its log:`, ...last].join("\n");
    })
    .join("\n");
}

function lastOf(log: readonly string[]): string[] {
  const told: string[] = [];
  const kinds = new Map<string, number>();
  for (let at = log.length - 1; at >= 0 && told.length < LINES; at--) {
    const line = log[at] as string;
    const [, kind] = /"event":"([^"]*)"/.exec(line) ?? [];
    const seen = kind === undefined ? 0 : (kinds.get(kind) ?? 0);
    if (seen >= OF_A_KIND) continue;
    if (kind !== undefined) kinds.set(kind, seen + 1);
    told.unshift(line);
  }
  return told;
}
