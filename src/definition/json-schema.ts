import { z } from "zod";
import { definitionSchema } from "./schema";

/** A JSON Schema, as far as this project looks into it. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly [key: string]: unknown;
}

/** The definition as JSON Schema (draft 2020-12), for editors and other languages. */
export function definitionJsonSchema(): JsonSchema {
  return z.toJSONSchema(definitionSchema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

let whole: JsonSchema | undefined;

/** The keys that may stand at a path of the definition, over all alternatives there. */
export function keysAt(path: readonly (string | number)[]): string[] {
  whole ??= definitionJsonSchema();
  let here: JsonSchema[] = [whole];
  for (const step of path) {
    here = here.flatMap(alternatives).flatMap((schema) => {
      if (typeof step === "number") return schema.items ? [schema.items] : [];
      const named = schema.properties;
      if (named !== undefined && Object.hasOwn(named, step)) return [named[step]!];
      return typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
    });
  }
  return [...new Set(here.flatMap(alternatives).flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return inner.length === 0 ? [schema] : inner.flatMap(alternatives);
}
