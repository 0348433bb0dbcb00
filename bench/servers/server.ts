import type { TestCertificate } from "../../test/peers/rig/pki";
import type { Method } from "../load/protocol";

/** A server that is measured, running. */
export interface RunningServer {
  /** Whose CPU time and memory count. */
  readonly pid: number;
  /** The end of its log, for errors. */
  lastLines(): string;
  /** What of its JavaScript heap is alive after a collection; only where it was started with an inspector. */
  heapBytes?(): Promise<number>;
  stop(): Promise<void>;
}

/** What all servers are given alike. */
export interface ServerSettings {
  /** How partners prove who they are: by this method alone. */
  readonly method: Method;
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
  /** The server behind a gateway; a server of users needs none. */
  readonly inner?: InnerServer;
}

/** A server behind the gateway, which trusts it by its certificate, and where the gateway speaks for the partners. */
export interface InnerServer {
  readonly address: string;
  readonly port: number;
  readonly certificate: TestCertificate;
  /** What the gateway proves itself with there: it names the partners. */
  readonly gatewayCertificate: TestCertificate;
}

export interface MeasuredServer {
  readonly name: string;
  /** Who gets what arrives for a user: the user, online here, or a server behind it. */
  readonly deliversTo: "user" | "server";
  readonly version: string;
  start(settings: ServerSettings): Promise<RunningServer>;
}

/** What the peers' rig calls a method. */
export const modeOf = (method: Method) => (method === "external" ? "external" : "tls-dialback");
