import protobuf from "protobufjs/light";

/** One gRPC method as @grpc/grpc-js takes it. */
export interface Method {
  readonly path: string;
  readonly requestStream: false;
  readonly responseStream: false;
  readonly requestDeserialize: (bytes: Buffer) => object;
  readonly requestSerialize: (message: object) => Buffer;
  readonly responseSerialize: (message: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

/** field → [number, type]; `*` before a type is repeated, `{}` a map with string keys. */
interface Fields {
  readonly [field: string]: readonly [number, string];
}

// Plugin protocol 6 (`tfplugin6.proto`) as data. Only what this server speaks; protobuf skips unknown fields.
const typed: Fields = { type_name: [1, "string"] };
const typedConfig: Fields = { ...typed, config: [2, "DynamicValue"] };
const diagnostics = (field: number): Fields => ({ diagnostics: [field, "*Diagnostic"] });

const messages: { readonly [name: string]: Fields } = {
  DynamicValue: { msgpack: [1, "bytes"], json: [2, "bytes"] },
  RawState: { json: [1, "bytes"] },
  Step: { attribute_name: [1, "string"], element_key_string: [2, "string"], element_key_int: [3, "int64"] },
  AttributePath: { steps: [1, "*Step"] },
  Diagnostic: {
    severity: [1, "int32"],
    summary: [2, "string"],
    detail: [3, "string"],
    attribute: [4, "AttributePath"],
  },
  NestedObject: { attributes: [1, "*Attribute"], nesting: [3, "int32"] },
  Attribute: {
    name: [1, "string"],
    type: [2, "bytes"],
    description: [3, "string"],
    required: [4, "bool"],
    optional: [5, "bool"],
    computed: [6, "bool"],
    sensitive: [7, "bool"],
    nested_type: [10, "NestedObject"],
  },
  NestedBlock: {
    type_name: [1, "string"],
    block: [2, "Block"],
    nesting: [3, "int32"],
    min_items: [4, "int64"],
    max_items: [5, "int64"],
  },
  Block: {
    version: [1, "int64"],
    attributes: [2, "*Attribute"],
    block_types: [3, "*NestedBlock"],
    description: [4, "string"],
  },
  Schema: { version: [1, "int64"], block: [2, "Block"] },
  ServerCapabilities: { plan_destroy: [1, "bool"], get_provider_schema_optional: [2, "bool"] },
  ImportedResource: { ...typed, state: [2, "DynamicValue"], private: [3, "bytes"] },
  Empty: {},
};

/** rpc → [request, response] */
const rpcs = {
  GetProviderSchema: [
    {},
    {
      provider: [1, "Schema"],
      resource_schemas: [2, "{}Schema"],
      data_source_schemas: [3, "{}Schema"],
      ...diagnostics(4),
      server_capabilities: [6, "ServerCapabilities"],
    },
  ],
  ValidateProviderConfig: [{ config: [1, "DynamicValue"] }, diagnostics(2)],
  ValidateResourceConfig: [typedConfig, diagnostics(1)],
  ValidateDataResourceConfig: [typedConfig, diagnostics(1)],
  UpgradeResourceState: [
    { ...typed, version: [2, "int64"], raw_state: [3, "RawState"] },
    { upgraded_state: [1, "DynamicValue"], ...diagnostics(2) },
  ],
  ConfigureProvider: [{ terraform_version: [1, "string"], config: [2, "DynamicValue"] }, diagnostics(1)],
  ReadResource: [
    { ...typed, current_state: [2, "DynamicValue"], private: [3, "bytes"] },
    { new_state: [1, "DynamicValue"], ...diagnostics(2), private: [3, "bytes"] },
  ],
  PlanResourceChange: [
    {
      ...typed,
      prior_state: [2, "DynamicValue"],
      proposed_new_state: [3, "DynamicValue"],
      config: [4, "DynamicValue"],
    },
    {
      planned_state: [1, "DynamicValue"],
      requires_replace: [2, "*AttributePath"],
      planned_private: [3, "bytes"],
      ...diagnostics(4),
    },
  ],
  ApplyResourceChange: [
    { ...typed, prior_state: [2, "DynamicValue"], planned_state: [3, "DynamicValue"], config: [4, "DynamicValue"] },
    { new_state: [1, "DynamicValue"], private: [2, "bytes"], ...diagnostics(3) },
  ],
  ImportResourceState: [
    { ...typed, id: [2, "string"] },
    { imported_resources: [1, "*ImportedResource"], ...diagnostics(2) },
  ],
  ReadDataSource: [typedConfig, { state: [1, "DynamicValue"], ...diagnostics(2) }],
  StopProvider: [{}, { Error: [1, "string"] }],
} satisfies { [rpc: string]: readonly [Fields, Fields] };

export type Rpc = keyof typeof rpcs;
const entries = Object.entries(rpcs) as [Rpc, readonly [Fields, Fields]][];

function protobufType(fields: Fields): protobuf.IType {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [id, type]]) => {
        if (type.startsWith("{}")) return [name, { id, type: type.slice(2), keyType: "string" }];
        return [name, type.startsWith("*") ? { id, type: type.slice(1), rule: "repeated" } : { id, type }];
      }),
    ),
  };
}

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries([
    ...Object.entries(messages).map(([name, fields]) => [name, protobufType(fields)]),
    ...entries.flatMap(([rpc, [request, response]]) => [
      [`${rpc}Request`, protobufType(request)],
      [`${rpc}Response`, protobufType(response)],
    ]),
  ]),
});

function method(service: string, rpc: string, request: string, response: string): Method {
  const serialize = (type: protobuf.Type) => (message: object) =>
    Buffer.from(type.encode(type.fromObject(message)).finish());
  const deserialize = (type: protobuf.Type) => (bytes: Buffer) =>
    type.toObject(type.decode(bytes), { bytes: Buffer, longs: Number, defaults: true });
  const [requestType, responseType] = [root.lookupType(request), root.lookupType(response)];
  return {
    path: `/${service}/${rpc}`,
    requestStream: false,
    responseStream: false,
    requestDeserialize: deserialize(requestType),
    requestSerialize: serialize(requestType),
    responseSerialize: serialize(responseType),
    responseDeserialize: deserialize(responseType),
  };
}

export const providerService = Object.fromEntries(
  entries.map(([rpc]) => [rpc, method("tfplugin6.Provider", rpc, `${rpc}Request`, `${rpc}Response`)]),
) as { [R in Rpc]: Method };

/** go-plugin's own control channel: without `Shutdown` every Terraform command waits two seconds for a forced end. */
export const controllerService = { Shutdown: method("plugin.GRPCController", "Shutdown", "Empty", "Empty") };
