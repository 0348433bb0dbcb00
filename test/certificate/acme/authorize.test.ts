import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { AcmeServer, Authorization, Order } from "../../../src/certificate/acme/acme-server";
import { AcmeState, type AnswerRecord } from "../../../src/certificate/acme/acme-state";
import { authorize } from "../../../src/certificate/acme/authorize";
import type { ObtainOptions } from "../../../src/certificate/acme/obtain-options";
import { OrderWork } from "../../../src/certificate/acme/order-work";

const record = (name: string): AnswerRecord => ({
  type: "response",
  challenge: "http-01",
  name,
  token: `token-of-${name}`,
  keyAuthorization: `token-of-${name}.thumbprint`,
});

/** What the CA says of a name, one answer after the other. */
type Status = "pending" | "processing" | "valid";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-authorize-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An order whose names the CA judges as given, gone on with by a process that knows of it by the store alone. */
async function resume(course: Readonly<Record<string, readonly Status[]>>) {
  const state = new AcmeState(join(folder, "acme"), "https://ca.example/directory");
  const names = Object.keys(course);
  const key = { type: "ECDSA", bits: 256 } as const;
  state.order = { names, key, keyPem: "", csrPem: "", records: names.map(record) };
  const asked = new Map<string, number>();
  const answered: string[] = [];
  const authorization = async (url: string): Promise<Authorization> => {
    const statuses = course[url]!;
    const turn = asked.get(url) ?? 0;
    asked.set(url, turn + 1);
    const status = statuses[Math.min(turn, statuses.length - 1)]!;
    return {
      url,
      identifier: { type: "dns", value: url },
      status: status === "valid" ? "valid" : "pending",
      challenges: [{ type: "http-01", url: `${url}/challenge`, status, token: `token-of-${url}` }],
    };
  };
  const server = {
    authorization,
    keyAuthorization: async ({ token }: { token?: string }) => `${token}.thumbprint`,
    respond: async ({ url }: { url: string }) => void answered.push(url),
  } as unknown as AcmeServer;
  const present = jest.fn(async (_: readonly AnswerRecord[]) => undefined);
  const answerer = {
    type: "http-01",
    remedy: "",
    recordFor: async ({ identifier }: Authorization) => record(identifier.value),
    present,
    shown: async () => undefined,
    remove: async () => undefined,
    close: async () => undefined,
  };
  const options = { names, key, answerer, now: Date.now, sleep: async () => undefined } as unknown as ObtainOptions;
  const order = { authorizations: names } as unknown as Order;
  await authorize(new OrderWork(options, state, server), order);
  return { presented: present.mock.calls.map(([records]) => records), answered };
}

test("what the CA judges already is answered again: who listened has gone with the process", async () => {
  const { presented, answered } = await resume({ "a.example": ["processing", "valid"] });
  expect(presented).toEqual([[record("a.example")]]);
  expect(answered).toEqual([]); // it is asked to judge once
});

test("so is it beside a name that it does not judge yet", async () => {
  const { presented, answered } = await resume({
    "a.example": ["processing", "valid"],
    "b.example": ["pending", "valid"],
  });
  expect(presented).toEqual([[record("a.example"), record("b.example")]]);
  expect(answered).toEqual(["b.example/challenge"]);
});
