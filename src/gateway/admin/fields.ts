import { RefusedRequest } from "./answer";

/** What XML 1.0 (section 2.2) can carry; anything else could never go out. Lone surrogates do not match. */
const XML_TEXT = /^[\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;
/** Characters of an address, an id or a thread. */
const SHORT = 4096;

/** The fields of a request, each taken out by name; `end` refuses what is left over. */
export class Fields {
  readonly #known: string[] = [];

  private constructor(private readonly values: ReadonlyMap<string, unknown>) {}

  static ofJson(object: Record<string, unknown>): Fields {
    return new Fields(new Map(Object.entries(object)));
  }

  static ofQuery(query: URLSearchParams): Fields {
    const values = new Map<string, unknown>();
    for (const [name, value] of query) {
      if (values.has(name)) throw invalid(`${quoted(name)} is given twice`);
      values.set(name, value);
    }
    return new Fields(values);
  }

  /** A text that must be there and not be empty. */
  text(name: string, maximum = SHORT): string {
    const value = this.optionalText(name, maximum);
    if (value === undefined) throw invalid(`${quoted(name)} is missing`);
    if (value === "") throw invalid(`${quoted(name)} is empty`);
    return value;
  }

  optionalText(name: string, maximum = SHORT): string | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw invalid(`${quoted(name)} must be a string`);
    if (value.length > maximum) throw invalid(`${quoted(name)} is longer than ${maximum} characters`);
    if (!XML_TEXT.test(value)) throw invalid(`${quoted(name)} has a character that XML 1.0 cannot carry`);
    return value;
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.optionalOneOf(name, choices);
    if (value === undefined) throw invalid(`${quoted(name)} is missing: one of ${choices.join(", ")}`);
    return value;
  }

  optionalOneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const choice = choices.find((known) => known === value);
    if (choice === undefined) throw invalid(`${quoted(name)} must be one of ${choices.join(", ")}`);
    return choice;
  }

  boolean(name: string): boolean {
    const value = this.#take(name);
    if (typeof value !== "boolean") throw invalid(`${quoted(name)} must be true or false`);
    return value;
  }

  /** A whole number in a JSON object. */
  optionalCount(name: string, least: number, greatest: number): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= greatest) return value;
    throw invalid(`${quoted(name)} must be a whole number from ${least} to ${greatest}`);
  }

  /** A whole number in a query; `fallback` when it is not given. */
  number(name: string, fallback: number, least: number, greatest: number): number {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least && number <= greatest)) {
      throw invalid(`${quoted(name)} must be a whole number from ${least} to ${greatest}`);
    }
    return number;
  }

  /** Refuses fields that nobody took: a misspelt one would be ignored otherwise. */
  end(): void {
    for (const name of this.values.keys()) {
      if (!this.#known.includes(name)) {
        throw invalid(`${quoted(name)} is not known here; known: ${this.#known.join(", ")}`);
      }
    }
  }

  #take(name: string): unknown {
    this.#known.push(name);
    return this.values.get(name);
  }
}

function invalid(text: string): RefusedRequest {
  return new RefusedRequest(400, "bad-request", text);
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
