import { describe, expect, test } from "@jest/globals";
import { TerraformStack, Testing } from "cdktf";
import { ConstructError, StateBackend } from "xmpp-edge/constructs";

const placed = (backend: StateBackend): unknown => {
  const stack = new TerraformStack(Testing.app(), "contoso");
  backend.place(stack);
  return JSON.parse(Testing.synth(stack, true)).terraform.backend;
};

describe("the state of a stack", () => {
  test("lies in a file", () => {
    expect(placed(StateBackend.local("../contoso.tfstate"))).toEqual({ local: { path: "../contoso.tfstate" } });
  });

  test("lies in S3, encrypted and locked", () => {
    expect(placed(StateBackend.s3({ bucket: "states", region: "eu-central-1" }))).toEqual({
      s3: {
        bucket: "states",
        region: "eu-central-1",
        key: "xmpp-edge/contoso.tfstate",
        encrypt: true,
        use_lockfile: true,
      },
    });
  });

  test("lies on a server, locked", () => {
    expect(placed(StateBackend.http({ address: "https://states.example/edge" }))).toEqual({
      http: {
        address: "https://states.example/edge",
        lock_address: "https://states.example/edge/lock",
        unlock_address: "https://states.example/edge/lock",
        lock_method: "LOCK",
        unlock_method: "UNLOCK",
      },
    });
  });

  test.each([
    ["a readable way", "http://states.example/edge", /is no https address/],
    ["nothing of the kind", "states", /is no https address/],
    ["a password that would be written down", "https://a:b@states.example/edge", /TF_HTTP_PASSWORD/],
  ])("refuses %s", (_, address, message) => {
    expect(() => StateBackend.http({ address })).toThrow(ConstructError);
    expect(() => StateBackend.http({ address })).toThrow(message);
  });
});
