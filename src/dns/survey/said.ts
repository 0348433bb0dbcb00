import type { Detour, ExtendedError, LookupFailure, Message, ServerAddress, WireQuestion } from "../resolver";
import { comparable } from "../resolver";
import { decodeResponse } from "../resolver/message";

/** What one server said to one question. */
export type Said =
  | {
      readonly status: "answered";
      readonly transport: "udp" | "tcp";
      /** Whether the question that was answered had EDNS; false where the server left that one unanswered. */
      readonly edns: boolean;
      /** Milliseconds. */
      readonly roundTrip: number;
      /** Why it was asked in this way; absent where the first one, UDP with EDNS, led to the answer. */
      readonly after?: Detour;
      /** The response code, by name. */
      readonly code: string;
      readonly authoritative: boolean;
      readonly extendedErrors: readonly ExtendedError[];
      /** The message as it came: `messageOf` reads it. Kept so because a thousand domains' answers are many. */
      readonly wire: Buffer;
    }
  | {
      readonly status: "failed";
      readonly code: LookupFailure | SurveyFailure;
      /** For people. */
      readonly reason: string;
    };

export type SurveyFailure =
  /** This machine has no IPv6; it says nothing about the server. */
  | "no-ipv6"
  /** Not asked: the server had given no answer to other questions, nor to TCP. */
  | "silent"
  /** Not asked: the time for the whole was over. */
  | "deadline";

export type Answered = Extract<Said, { status: "answered" }>;

export interface Observation {
  readonly server: ServerAddress;
  readonly said: Said;
}

/** One question, and everybody's answer to it. */
export interface Asked {
  readonly question: WireQuestion;
  readonly observations: readonly Observation[];
}

export interface AskedOfZone extends Asked {
  /** Whose servers were asked; undefined where nobody knows the zone. */
  readonly zone?: string;
}

/** The key of a question in a survey. */
export const questionKey = ({ name, type }: WireQuestion) => `${type} ${comparable(name)}`;

/** What was received, read again: it was well-formed when it came. */
export const messageOf = ({ wire }: Answered): Message => decodeResponse(wire);

/** The messages among the observations that are answers or absences (NOERROR, NXDOMAIN), with who sent them. */
export function messagesOf(observations: readonly Observation[]): { server: ServerAddress; message: Message }[] {
  return observations.flatMap(({ server, said }) =>
    said.status === "answered" && (said.code === "NOERROR" || said.code === "NXDOMAIN")
      ? [{ server, message: messageOf(said) }]
      : [],
  );
}
