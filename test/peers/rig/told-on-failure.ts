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

const LONGEST_LINE = 400;

/** The last lines of each log. What a test's own looks leave there is left out: it asks fifty times a second. */
export function testimony(witnesses: readonly Witness[], lines = 50): string {
  return witnesses
    .map(({ name, log, end }) => {
      const worth = log.filter((line) => !line.includes('"event":"admin-answered"'));
      const last = worth.slice(-lines).map((line) => `  ${line.slice(0, LONGEST_LINE)}`);
      return [`${name}, ${end ?? "which runs"}; the last ${last.length} lines of its log:`, ...last].join("\n");
    })
    .join("\n");
}
