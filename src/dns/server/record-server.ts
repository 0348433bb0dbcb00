import type { DnsRecord } from "../../definition/facts";

export interface RecordServerOptions {
  /** Address to listen on, UDP and TCP. */
  readonly address: string;
  /** Port of both; left out: a free one is chosen. */
  readonly port?: number;
  /** What is served. A function is asked at every question, so the records may change while we run. */
  readonly records: readonly DnsRecord[] | (() => readonly DnsRecord[]);
  /** Told of socket errors after the start; default: a process warning. */
  readonly onError?: (error: Error) => void;
}

/** A running authoritative server. */
export interface RecordServer {
  readonly address: string;
  readonly port: number;
  /** Stops listening and drops TCP clients; resolves when both sockets are closed. */
  close(): Promise<void>;
  /** How many questions were answered so far. */
  queries(): number;
}
