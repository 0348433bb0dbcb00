import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { LogLine } from "./log-buffer";

/** A log stream in CloudWatch Logs. */
export interface LogDestination {
  /**
   * Hands a batch over.
   * @returns how many lines CloudWatch would not have, for their time
   * @throws ShippingError
   */
  put(batch: readonly LogLine[]): Promise<number>;
  close(): void;
}

/** A batch was not taken over; it is worth another attempt. */
export class ShippingError extends Error {
  override readonly name = "ShippingError";
  readonly code = "log-unreachable";
  constructor(
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const PATIENCE = { connectionTimeout: 5_000, requestTimeout: 10_000 } as const;

/** A stream of a group that is there; the stream is made with the first batch. Takes logs:CreateLogStream and logs:PutLogEvents. */
export async function openLogStream(logGroupName: string, logStreamName: string): Promise<LogDestination> {
  const { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } = await import(
    "@aws-sdk/client-cloudwatch-logs"
  );
  const client: CloudWatchLogsClient = new CloudWatchLogsClient({ maxAttempts: 2, requestHandler: PATIENCE });
  const place = { logGroupName, logStreamName };
  const put = async (batch: readonly LogLine[]) => {
    const { rejectedLogEventsInfo: refused = {} } = await client.send(
      new PutLogEventsCommand({ ...place, logEvents: [...batch] }),
    );
    const { expiredLogEventEndIndex: expired = 0, tooOldLogEventEndIndex: old = 0, tooNewLogEventStartIndex } = refused;
    return (
      Math.max(expired, old) + (tooNewLogEventStartIndex === undefined ? 0 : batch.length - tooNewLogEventStartIndex)
    );
  };
  const makeStream = () =>
    client.send(new CreateLogStreamCommand(place)).catch((error: Error) => {
      if (error.name !== "ResourceAlreadyExistsException") throw error;
    });
  return {
    async put(batch) {
      try {
        return await put(batch).catch(async (error: Error) => {
          if (error.name !== "ResourceNotFoundException") throw error;
          await makeStream();
          return put(batch);
        });
      } catch (error) {
        const { name, message } = error as Error;
        throw new ShippingError(
          `CloudWatch Logs does not take lines for ${logGroupName}: ${name}: ${message.slice(0, 300)}`,
          "see that the group is there, and that this host's role has logs:CreateLogStream and logs:PutLogEvents on it",
          { cause: error },
        );
      }
    },
    close: () => client.destroy(),
  };
}
