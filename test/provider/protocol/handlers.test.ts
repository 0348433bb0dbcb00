import { describe, expect, test } from "@jest/globals";
import { handlers } from "../../../src/provider/protocol/handlers";
import { type Call, type Provider, ProviderError, type Resource } from "../../../src/provider/protocol/provider";
import type { Block } from "../../../src/provider/protocol/schema";
import { decode, encode, type ObjectValue, UNKNOWN } from "../../../src/provider/protocol/value";

const schema: Block = {
  attributes: { name: { type: "string", required: true }, id: { type: "string", computed: true } },
  blocks: {},
};
const settled = (value: ObjectValue): ObjectValue => ({ ...value, id: `id of ${value.name}` });

function served(resource: Partial<Resource<object>>) {
  const thing: Resource<object> = {
    schema,
    create: settled,
    update: settled,
    read: (state) => state,
    delete: () => {},
    ...resource,
  };
  const provider: Provider<object> = {
    config: { attributes: {}, blocks: {} },
    configure: () => ({}),
    resources: { thing },
    data: {
      seen: {
        schema,
        validate: () => [{ severity: "error", summary: "no", detail: "", path: ["name"] }],
        read: settled,
      },
    },
  };
  return handlers(provider);
}

/** A request as the wire has it: fields that are not given are null or empty. */
const request = (fields: object) =>
  ({
    type_name: "thing",
    id: "",
    config: null,
    prior_state: null,
    current_state: null,
    proposed_new_state: null,
    planned_state: null,
    raw_state: { json: Buffer.alloc(0) },
    ...fields,
  }) as never;

async function configured(resource: Partial<Resource<object>> = {}) {
  const rpc = served(resource);
  await rpc.ConfigureProvider(request({ config: encode({}) }));
  return rpc;
}
const create = { planned_state: encode({ name: "a", id: UNKNOWN }) };

describe("a call", () => {
  test("is told of Terraform's Stop, and ends as its own code ends it", async () => {
    const rpc = await configured({
      create: (_, __, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const answer = Promise.resolve(rpc.ApplyResourceChange(request(create)));
    await rpc.StopProvider(request({}));
    expect(await answer).toMatchObject({ new_state: null, diagnostics: [{ severity: 1, summary: "interrupted" }] });
  });

  test("warns beside its result", async () => {
    const warn = (call: Call) => call.report({ severity: "warning", summary: "mind", detail: "this", path: ["name"] });
    const rpc = await configured({
      create(value, _, call) {
        warn(call);
        return settled(value);
      },
    });
    const answer = (await rpc.ApplyResourceChange(request(create))) as { new_state: { msgpack: Buffer } };
    expect(decode(answer.new_state)).toEqual({ name: "a", id: "id of a" });
    expect(answer).toMatchObject({
      diagnostics: [{ severity: 2, summary: "mind", attribute: { steps: [{ attribute_name: "name" }] } }],
    });
  });

  test("that fails keeps what was there, and what it warned of", async () => {
    const rpc = await configured({
      update(_, __, ___, call) {
        call.report({ severity: "warning", summary: "first", detail: "" });
        throw new ProviderError("second", "do this", ["name"]);
      },
    });
    const prior_state = encode({ name: "a", id: "id of a" });
    const answer = await rpc.ApplyResourceChange(request({ ...create, prior_state }));
    expect(answer).toMatchObject({
      new_state: prior_state,
      diagnostics: [{ summary: "first" }, { summary: "second", detail: "do this" }],
    });
  });

  test("of a plan that is refused has its place", async () => {
    const rpc = await configured({
      plan() {
        throw new ProviderError("no", "", ["name"]);
      },
    });
    const fields = { proposed_new_state: encode({ name: "a", id: null }), config: encode({ name: "a", id: null }) };
    await expect(rpc.PlanResourceChange(request(fields))).rejects.toMatchObject({ message: "no", path: ["name"] });
  });

  test("for a data source is validated", async () => {
    const rpc = await configured();
    expect(
      await rpc.ValidateDataResourceConfig(request({ type_name: "seen", config: encode({ name: "a" }) })),
    ).toMatchObject({
      diagnostics: [{ summary: "no", attribute: { steps: [{ attribute_name: "name" }] } }],
    });
  });

  test.each(["nothing", "constructor", "__proto__"])(
    "for a resource type %s that is not served is refused",
    async (type_name) => {
      const rpc = await configured();
      expect(() => rpc.ValidateResourceConfig(request({ type_name, config: encode({ name: "a" }) }))).toThrow(
        /no resource type/,
      );
    },
  );
});
