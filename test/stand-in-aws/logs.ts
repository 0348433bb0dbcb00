import {
  type AwsAnswer,
  type AwsCall,
  type AwsService,
  inputOf,
  jsonAnswer,
  jsonRefusal,
  operationOf,
} from "./service";

export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

const HOUR = 3_600_000;
/** What PutLogEvents documents: bytes of messages plus 26 for each, events, bytes of one event. */
const LIMIT = { batch: 1_048_576, overhead: 26, events: 10_000, event: 1_048_576, span: 24 * HOUR } as const;
const TOO_NEW = 2 * HOUR;
const TOO_OLD = 14 * 24 * HOUR;

/** A stand-in for CloudWatch Logs: CreateLogStream and PutLogEvents with their documented limits, on groups that are there. */
export class LogsStandIn implements AwsService {
  readonly name = "logs";
  /** By group and stream. */
  readonly streams = new Map<string, LogEvent[]>();
  /** How many events each batch had. */
  readonly batches: number[] = [];
  now: () => number = Date.now;

  constructor(private readonly groups: readonly string[]) {}

  /** Everything that a group has, as it came. */
  events(group: string): LogEvent[] {
    return [...this.streams].filter(([name]) => name.startsWith(`${group} `)).flatMap(([, events]) => events);
  }

  answer(call: AwsCall): AwsAnswer {
    const input = inputOf(call);
    const { logGroupName: group = "", logStreamName: stream = "" } = input as Record<string, string>;
    if (!/^[.\-_/#A-Za-z0-9]{1,512}$/.test(group) || !/^[^:*]{1,512}$/.test(stream))
      return this.refuse(400, "InvalidParameterException", "a name has characters that it may not have");
    if (!this.groups.includes(group))
      return this.refuse(400, "ResourceNotFoundException", "The specified log group does not exist.");
    const name = `${group} ${stream}`;
    switch (operationOf(call)) {
      case "CreateLogStream":
        if (this.streams.has(name))
          return this.refuse(400, "ResourceAlreadyExistsException", "The specified log stream already exists");
        this.streams.set(name, []);
        return jsonAnswer({});
      case "PutLogEvents":
        return this.#put(name, input.logEvents as LogEvent[]);
      default:
        return this.refuse(400, "UnknownOperationException", "the stand-in does not play this call");
    }
  }

  refuse = jsonRefusal;

  #put(name: string, events: readonly LogEvent[]): AwsAnswer {
    const invalid = (message: string) => this.refuse(400, "InvalidParameterException", message);
    const stream = this.streams.get(name);
    if (stream === undefined)
      return this.refuse(400, "ResourceNotFoundException", "The specified log stream does not exist.");
    const sizes = events.map(({ message }) => Buffer.byteLength(message) + LIMIT.overhead);
    if (events.length === 0 || events.length > LIMIT.events) return invalid("between 1 and 10,000 events");
    if (sizes.some((size) => size > LIMIT.event || size === LIMIT.overhead)) return invalid("an event's size");
    if (sizes.reduce((sum, size) => sum + size, 0) > LIMIT.batch) return invalid("Upload too large");
    const times = events.map(({ timestamp }) => timestamp);
    if (times.some((time, index) => !Number.isInteger(time) || time < (times[index - 1] ?? 0)))
      return invalid("Log events in a single PutLogEvents request must be in chronological order.");
    if ((times.at(-1) ?? 0) - (times[0] ?? 0) > LIMIT.span) return invalid("a batch spans more than 24 hours");
    const [old, tooNew] = [this.now() - TOO_OLD, this.now() + TOO_NEW];
    stream.push(...events.filter(({ timestamp }) => timestamp >= old && timestamp <= tooNew));
    this.batches.push(events.length);
    const tooOld = times.filter((time) => time < old).length;
    const firstNew = times.findIndex((time) => time > tooNew);
    return jsonAnswer({
      ...(tooOld === 0 && firstNew < 0
        ? {}
        : {
            rejectedLogEventsInfo: {
              ...(tooOld === 0 ? {} : { tooOldLogEventEndIndex: tooOld }),
              ...(firstNew < 0 ? {} : { tooNewLogEventStartIndex: firstNew }),
            },
          }),
    });
  }
}
