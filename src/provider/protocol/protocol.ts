import { type Fields, type Messages, WireFormat } from "./wire-format";

/** One gRPC method, and its messages as bytes. */
export interface Method {
  readonly path: string;
  readonly requestDeserialize: (bytes: Buffer) => object;
  readonly requestSerialize: (message: object) => Buffer;
  readonly responseSerialize: (message: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

// Plugin protocol 6 (`tfplugin6.proto`) as data. Only what this server speaks; unknown fields are passed over.
const typed: Fields = { type_name: [1, "string"] };
const typedConfig: Fields = { ...typed, config: [2, "DynamicValue"] };
const diagnostics = (field: number): Fields => ({ diagnostics: [field, "*Diagnostic"] });

const messages: Messages = {
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

/** All messages by name. */
export const protocolMessages: Messages = {
  ...messages,
  ...Object.fromEntries(
    entries.flatMap(([rpc, [request, response]]) => [
      [`${rpc}Request`, request],
      [`${rpc}Response`, response],
    ]),
  ),
};
const format = new WireFormat(protocolMessages);

const method = (service: string, rpc: string, request: string, response: string): Method => ({
  path: `/${service}/${rpc}`,
  requestDeserialize: (bytes) => format.decode(request, bytes),
  requestSerialize: (message) => format.encode(request, message),
  responseSerialize: (message) => format.encode(response, message),
  responseDeserialize: (bytes) => format.decode(response, bytes),
});

export const providerService = Object.fromEntries(
  entries.map(([rpc]) => [rpc, method("tfplugin6.Provider", rpc, `${rpc}Request`, `${rpc}Response`)]),
) as { [R in Rpc]: Method };

/** go-plugin's own control channel: without `Shutdown` every Terraform command waits two seconds for a forced end. */
export const controllerService = { Shutdown: method("plugin.GRPCController", "Shutdown", "Empty", "Empty") };
