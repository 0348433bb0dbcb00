import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { PingReport } from "../../gateway/operation/control";
import type { TraceLine } from "../../gateway/operation/traces";
import type { GatewayStatus } from "../../gateway/status";
import { CommandError, UsageError } from "../context";

/** Where a gateway's admin port is, and what opens it. */
export interface AdminFlags {
  readonly admin: { readonly address: string; readonly port: number };
  readonly state: string;
  readonly tokenFile?: string;
}

const ANSWER_MS = 10_000;
/** What a gateway may answer with: one status of ten thousand partners fits. */
const MAXIMUM_ANSWER = 64 * 1024 * 1024;
const LONGEST_LINE = 1024 * 1024;

/** Adds `--admin`; with `token` also where the operator's token is found. */
export function addAdminOptions(command: Command, { token }: { readonly token: boolean }): Command {
  command.addOption(
    new Option("--admin <address:port>", "the gateway's admin port, as run was given it")
      .env("XMPP_EDGE_ADMIN")
      .argParser(place)
      .default({ address: "127.0.0.1", port: 9269 }, "127.0.0.1:9269"),
  );
  if (!token) return command;
  return command
    .addOption(
      new Option("--state <directory>", "the gateway's state directory, which holds admin.token")
        .env("XMPP_EDGE_STATE")
        .default("xmpp-edge-state"),
    )
    .addOption(new Option("--token-file <file>", "a file with the token, instead of the state directory's"));
}

function place(text: string): AdminFlags["admin"] {
  const [, address = "", port = ""] = /^\[?([0-9A-Fa-f.:]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (isIP(address) === 0 || Number(port) > 65535 || (isIP(address) === 6) !== text.startsWith("["))
    throw new InvalidArgumentError("Give an address and a port, such as 127.0.0.1:9269 or [::1]:9269.");
  return { address, port: Number(port) };
}

/** What a ping is answered with where the gateway does not carry it out. */
export interface RefusedPing {
  readonly condition: string;
  readonly text: string;
}

/** A running gateway's admin port, as an operator's commands use it. */
export class AdminClient {
  readonly #place: string;
  readonly #token: string | undefined;
  readonly #signal: AbortSignal;

  private constructor(place: string, token: string | undefined, signal: AbortSignal) {
    this.#place = place;
    this.#token = token;
    this.#signal = signal;
  }

  /** For what anyone may read. */
  static reader({ admin }: Pick<AdminFlags, "admin">, signal: AbortSignal): AdminClient {
    return new AdminClient(placeText(admin), undefined, signal);
  }

  /** @throws UsageError where there is no token to be read */
  static operator(flags: AdminFlags, signal: AbortSignal): AdminClient {
    return new AdminClient(placeText(flags.admin), readToken(flags), signal);
  }

  async status(): Promise<GatewayStatus> {
    return (await this.#json(await this.#ask("GET", "/status"))) as GatewayStatus;
  }

  async ping(body: { to: string; from?: string; timeout: number }): Promise<PingReport | RefusedPing> {
    const response = await this.#ask("POST", "/control/ping", { body, patience: (body.timeout + 10) * 1000 });
    return (await this.#json(response, [400, 403, 404, 429])) as PingReport | RefusedPing;
  }

  /**
   * Watches a partner until the gateway ends it or the signal aborts.
   * @returns why it ended: `gateway` where the connection did
   */
  async trace(
    partner: string,
    onLine: (line: TraceLine | { readonly watching: string }) => void,
    signal: AbortSignal,
  ): Promise<"gateway" | "stopped"> {
    try {
      const path = `/control/trace?partner=${encodeURIComponent(partner)}`;
      const response = await this.#ask("GET", path, { signal });
      if (!response.ok) await this.#json(response);
      let rest = "";
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        if (rest.length > LONGEST_LINE) throw this.#strange("a line that does not end");
        for (const line of lines) if (line !== "") onLine(this.#parsed(line) as TraceLine);
      }
      return "gateway";
    } catch (error) {
      if (signal.aborted) return "stopped";
      if (error instanceof CommandError) throw error;
      throw new CommandError(`the connection to ${this.#place} broke: ${(error as Error).message}`, 3, "trace again");
    }
  }

  async #ask(
    method: string,
    path: string,
    { body, patience = ANSWER_MS, signal }: { body?: object; patience?: number; signal?: AbortSignal } = {},
  ): Promise<Response> {
    try {
      return await fetch(`http://${this.#place}${path}`, {
        method,
        headers: {
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: signal ?? AbortSignal.any([this.#signal, AbortSignal.timeout(patience)]),
      });
    } catch (error) {
      if ((signal ?? this.#signal).aborted) throw error;
      const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
      throw new CommandError(
        `no gateway answers at ${this.#place}: ${cause?.code ?? cause?.message ?? message}`,
        3,
        "start it, or give the address that its run was given by --admin",
      );
    }
  }

  /** @param expected statuses beside the good ones whose answer is wanted as it is */
  async #json(response: Response, expected: readonly number[] = []): Promise<unknown> {
    const answer = this.#parsed(await this.#text(response)) as { condition?: string; text?: string };
    if (response.ok || expected.includes(response.status)) return answer;
    if (response.status === 401)
      throw new UsageError(`${this.#place} refuses the token`, "give the state directory of that gateway by --state");
    throw new CommandError(`${this.#place} answered ${response.status}: ${answer.text ?? answer.condition ?? ""}`, 1);
  }

  async #text(response: Response): Promise<string> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += (chunk as Uint8Array).length;
      if (length > MAXIMUM_ANSWER) throw this.#strange("more than 64 MiB");
      chunks.push(chunk as Uint8Array);
    }
    return Buffer.concat(chunks).toString();
  }

  #parsed(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw this.#strange("what is not JSON");
    }
  }

  #strange(what: string): CommandError {
    return new CommandError(
      `${this.#place} answered with ${what}: it is no gateway's admin port`,
      3,
      "give the address that run was given by --admin",
    );
  }
}

function placeText({ address, port }: AdminFlags["admin"]): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function readToken({ state, tokenFile }: AdminFlags): string {
  const file = tokenFile ?? join(state, "admin.token");
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `the operator's token ${file} cannot be read: ${code === "ENOENT" ? "there is no such file" : (code ?? "unreadable")}`,
      "run this as the gateway's user, and give its state directory by --state",
    );
  }
  if (!/^[\x21-\x7e]{1,512}$/.test(token))
    throw new UsageError(`${file} does not hold a token`, "give admin.token of the state directory");
  return token;
}
