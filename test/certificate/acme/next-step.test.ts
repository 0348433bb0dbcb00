import { describe, expect, test } from "@jest/globals";
import type { Authorization, Order } from "../../../src/certificate/acme/acme-server";
import { nameStep, nextStep } from "../../../src/certificate/acme/next-step";

const order = (status: Order["status"], certificate?: string) =>
  ({
    status,
    url: "u",
    finalize: "f",
    identifiers: [],
    authorizations: [],
    ...(certificate && { certificate }),
  }) as Order;

/** RFC 8555 section 7.1.6, row by row. */
test.each([
  [order("pending"), "authorize"],
  [order("ready"), "finalize"],
  [order("processing"), "wait"],
  [order("valid"), "wait"],
  [order("valid", "https://ca.example/1"), "download"],
  [order("invalid"), "abandon"],
])("an order %j needs: %s", (one, step) => {
  expect(nextStep(one).do).toBe(step);
});

describe("a name whose authorization is", () => {
  const authorization = (status: string, challenge?: string, type = "dns-01") =>
    ({
      status,
      url: "u",
      identifier: { type: "dns", value: "contoso.example" },
      challenges: challenge === undefined ? [] : [{ type, url: "c", status: challenge }],
    }) as Authorization;
  test.each([
    [authorization("pending", "pending"), "publish"],
    [authorization("pending", "processing"), "wait"],
    [authorization("pending", "valid"), "wait"],
    [authorization("pending", "invalid"), "failed"],
    [authorization("pending", "pending", "http-01"), "failed"],
    [authorization("pending"), "failed"],
    [authorization("valid"), "done"],
    [authorization("valid", "invalid"), "done"],
    [authorization("invalid", "invalid"), "failed"],
    [authorization("expired"), "failed"],
    [authorization("revoked"), "failed"],
    [authorization("deactivated"), "failed"],
  ])("%j needs: %s", (one, step) => {
    expect(nameStep(one, "dns-01")).toBe(step);
  });
});
