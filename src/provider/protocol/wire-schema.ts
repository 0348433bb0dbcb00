import { type Attribute, type Block, isNested } from "./schema";

/** `Schema.NestedBlock.NestingMode` and `Schema.Object.NestingMode` of the protocol: the same numbers. */
const NESTING = { single: 1, list: 2, set: 3, map: 4 } as const;

/** The schema as the protocol's messages have it. */
export const wireSchema = (schema: Block) => ({ version: 0, block: wireBlock(schema) });

function wireBlock(schema: Block): object {
  return {
    ...(schema.description !== undefined && { description: schema.description }),
    attributes: Object.entries(schema.attributes).map(wireAttribute),
    block_types: Object.entries(schema.blocks).map(([type_name, block]) => ({
      type_name,
      block: wireBlock(block),
      nesting: NESTING[block.nesting],
      min_items: block.min ?? 0,
      max_items: block.max ?? 0,
    })),
  };
}

function wireAttribute([name, { type, ...flags }]: [string, Attribute]): object {
  if (!isNested(type)) return { name, ...flags, type: Buffer.from(JSON.stringify(type)) };
  const attributes = Object.entries(type.attributes).map(wireAttribute);
  return { name, ...flags, nested_type: { nesting: NESTING[type.nested], attributes } };
}
