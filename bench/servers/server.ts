import type { TestCertificate } from "../../test/peers/rig/pki";

/** A server that is measured, running. */
export interface RunningServer {
  /** Whose CPU time and memory count. */
  readonly pid: number;
  /** The end of its log, for errors. */
  lastLines(): string;
  stop(): Promise<void>;
}

/** What all servers are given alike. */
export interface ServerSettings {
  readonly domain: string;
  readonly address: string;
  readonly s2sPort: number;
  readonly c2sPort: number;
  readonly certificates: TestCertificate;
  readonly resolver: { readonly address: string; readonly port: number };
  /** Domains that federate with it. */
  readonly partners: readonly string[];
  /** The one host that all of them are at. */
  readonly partnerHost: { readonly name: string; readonly address: string };
}

export interface MeasuredServer {
  readonly name: string;
  readonly version: string;
  start(settings: ServerSettings): Promise<RunningServer>;
}
