import type { Account } from "./inside";
import type { Target } from "./opened-stream";
import type { Summary } from "./percentile";
import type { RequestKind } from "./stanzas";

/** A partner domain and what it proves itself with. */
export interface PartnerCredentials {
  readonly domain: string;
  readonly certPem: string;
  readonly keyPem: string;
}

/** How the load is what stands inside: a user online at the measured server, or the server behind the gateway. */
export type Inside =
  | ({ readonly kind: "user" } & Account)
  | ({ readonly kind: "server"; readonly address: string; readonly port: number } & PartnerCredentials);

/** Everything that one load process needs to know. */
export interface LoadPlan {
  readonly target: Target;
  /** The process whose CPU time and memory count. */
  readonly serverPid: number;
  /** Where the load listens for the server's streams back, for all partners. */
  readonly listen: { readonly address: string; readonly port: number };
  /** Those that send requests. */
  readonly partners: readonly PartnerCredentials[];
  /** Those that only set streams up, each once. */
  readonly newcomers: readonly PartnerCredentials[];
  /** Where messages arrive; needed for deliveries alone. */
  readonly inside?: Inside;
}

/** Which of the plan's partners connect: `count` from `first` on. */
export interface ConnectTask {
  readonly first: number;
  readonly count: number;
}

export interface TrafficTask {
  readonly request: RequestKind;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface TrafficResult {
  /** Those in and those out. */
  readonly stanzas: number;
  readonly seconds: number;
  /** Of the server. */
  readonly cpuSeconds: number;
  /** Of the load itself: where it comes near `seconds`, the load was the limit and not the server. */
  readonly loadCpuSeconds: number;
  readonly latencyMs: Summary;
  /** Of the server, at the end. */
  readonly residentBytes: number;
}

/** How a partner proves who it is, over TLS. */
export type Method = "external" | "dialback";

export interface SetUpTask {
  readonly method: Method;
  /** This many first, not measured. */
  readonly warmUp: number;
  /** Set-ups under way at once. */
  readonly atOnce: number;
}

export interface SetUpResult {
  readonly streams: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly latencyMs: Summary;
  /** Before the first stream, and with all of them open and idle. */
  readonly residentBefore: number;
  readonly residentWithStreams: number;
  /** All that are open, those of the warm-up too. */
  readonly idleStreams: number;
}

export interface HoldTask {
  /** Streams that are open in the end, each of another newcomer; those of an earlier task count. */
  readonly streams: number;
  readonly atOnce: number;
}

export interface ChurnTask {
  /** Streams opened, up to authenticated, and closed again in order; the newcomers take turns. */
  readonly openings: number;
  readonly atOnce: number;
  /** How often the server's memory is read on the way. */
  readonly samples: number;
}

export interface ChurnResult {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** In the order in which they were read. */
  readonly residentBytes: readonly number[];
}

/** What the load process can be told to do, with what it answers. */
export interface LoadCommands {
  prepare: { argument: LoadPlan; result: null };
  setUps: { argument: SetUpTask; result: SetUpResult };
  hold: { argument: HoldTask; result: null };
  /** Stands ready inside for what partners send. */
  receive: { argument: null; result: null };
  release: { argument: null; result: null };
  churn: { argument: ChurnTask; result: ChurnResult };
  connect: { argument: ConnectTask; result: null };
  saturate: { argument: TrafficTask & { readonly outstanding: number }; result: TrafficResult };
  pace: { argument: TrafficTask & { readonly perSecond: number }; result: TrafficResult };
  disconnect: { argument: null; result: null };
}

export type LoadCommand = keyof LoadCommands;

export interface CommandMessage<C extends LoadCommand = LoadCommand> {
  readonly command: C;
  readonly argument: LoadCommands[C]["argument"];
}

/** One answer to each command, in order. */
export type ReplyMessage = { readonly result: unknown } | { readonly error: string };
