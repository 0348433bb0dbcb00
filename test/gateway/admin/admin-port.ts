import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterEach } from "@jest/globals";
import { type Admin, type AdminOptions, startAdmin } from "../../../src/gateway/admin/admin";
import type { ProcessFigures } from "../../../src/gateway/admin/metrics";
import { Counters } from "../../../src/gateway/counters";
import { createSandbox } from "../../../src/gateway/internal/sandbox";
import type { Log } from "../../../src/gateway/log";
import type { GatewayStatus } from "../../../src/gateway/status";
import { type RecordedFederation, recordedFederation } from "../internal/recorded-federation";
import { openState, silent, stateFolder } from "../store/state-folder";

export const TOKEN = "7e57".repeat(16);
export const ALICE = "alice@contoso.example";
export const BOB = "bob@fabrikam.example";

export const STATUS: GatewayStatus = {
  name: "contoso",
  ready: true,
  listening: ["127.0.0.2:5269"],
  streams: [],
  queued: 0,
  queues: [],
  failures: [],
  counters: {},
  blockedUsers: [],
  lastFailures: {},
};

export const FIGURES: ProcessFigures = {
  residentMemory: 4096,
  heapUsed: 1024,
  cpu: 1.5,
  started: 1_700_000_000,
  eventLoopLag: 0.25,
  storeWritable: true,
};

const running: Admin[] = [];

afterEach(async () => {
  for (const admin of running.splice(0)) await admin.close();
});

/** An admin port that is closed after the test. */
export async function adminPort(options: Partial<AdminOptions> = {}): Promise<Admin> {
  const admin = await startAdmin({
    address: "127.0.0.1",
    port: 0,
    status: () => STATUS,
    counters: new Counters(),
    health: async () => ({ alive: true, faults: [] }),
    readiness: async () => ({ ready: true }),
    process: () => FIGURES,
    log: silent,
    ...options,
  });
  running.push(admin);
  return admin;
}

/** An admin port with a sandbox behind it, on real state. */
export async function sandboxPort(log: Log = silent) {
  const store = openState(stateFolder(), { maximumBytes: 4 * 1024 * 1024 });
  const federation: RecordedFederation = recordedFederation();
  const sandbox = createSandbox({
    users: [ALICE],
    localDomains: ["contoso.example"],
    store,
    now: () => Date.parse("2026-01-02T12:00:00Z"),
    log,
  })(federation);
  const admin = await adminPort({ sandbox, token: TOKEN, log });
  return { admin, sandbox, store, federation };
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One request on a connection of its own; nothing is added to it but Host and the length. */
export function ask({ port, address }: Admin, { method = "GET", path, headers = {}, body }: Ask): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: address, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** As `ask`, with the token, and JSON where a value is given. */
export function askSandbox(admin: Admin, method: string, path: string, value?: unknown): Promise<Reply> {
  const authorization = { Authorization: `Bearer ${TOKEN}` };
  if (value === undefined) return ask(admin, { method, path, headers: authorization });
  const headers = { ...authorization, "Content-Type": "application/json" };
  return ask(admin, { method, path, headers, body: JSON.stringify(value) });
}

/** Sends bytes as they are and gives all that comes back until the connection closes. */
export function askRaw({ port, address }: Admin, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address, () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}
