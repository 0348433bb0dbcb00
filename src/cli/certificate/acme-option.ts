import { InvalidArgumentError } from "commander";

const LONGEST = 7 * 24 * 3600;

/** An option that may be given several times; in its environment variable, commas separate. */
export function repeated<T>(parse: (text: string) => T | undefined, usage: string) {
  return (text: string, before: readonly T[] = []): readonly T[] => [
    ...before,
    ...text.split(",").map((part) => {
      const value = parse(part.trim());
      if (value === undefined) throw new InvalidArgumentError(usage);
      return value;
    }),
  ];
}

/** A duration of up to a week. */
export function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && value <= LONGEST) return value;
  throw new InvalidArgumentError(`Give whole seconds, more than 0 and at most ${LONGEST}.`);
}
