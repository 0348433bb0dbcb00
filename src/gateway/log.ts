export type LogLevel = "debug" | "info" | "warn" | "error";
/** Fields of a log line: never a message body, a key, a token or a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A structured log: one JSON object a line, an event name on each. */
export interface Log {
  /** Whether debug lines are written: what is costly to say is not made for nothing. */
  readonly detailed: boolean;
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** What a peer sends ends up in some fields: keep lines short. */
const MAXIMUM_FIELD = 512;

/** A log that writes lines from a level on. Control characters are escaped by JSON itself. */
export function createLog(write: (line: string) => void, level: LogLevel, now: () => number): Log {
  const at =
    (rank: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (RANK[rank] < RANK[level]) return;
      const line: Record<string, unknown> = { time: new Date(now()).toISOString(), level: rank, event };
      for (const [key, value] of Object.entries(fields)) {
        if (value === undefined) continue;
        line[key] =
          typeof value === "string" && value.length > MAXIMUM_FIELD ? `${value.slice(0, MAXIMUM_FIELD)}…` : value;
      }
      write(`${JSON.stringify(line)}\n`);
    };
  return { detailed: level === "debug", debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
