import { filled } from "../../provider/protocol/plan";
import type { Change, Provider, Resource } from "../../provider/protocol/provider";
import type { Block } from "../../provider/protocol/schema";
import {
  isList,
  isObject,
  isUnknown,
  isWhollyKnown,
  mapValues,
  type ObjectValue,
  sameValue,
  UNKNOWN,
  type Value,
} from "../../provider/protocol/value";
import type { AwsSchema } from "../schema/aws-schema";
import { found } from "./data";
import { MOVES, REPLACES, SENSITIVE } from "./hand-lists";
import { hash, idOf, keyOf, nameOf, text } from "./identity";
import { certificateNames, made } from "./made";

/** What the provider block said. */
interface Context {
  readonly region: string;
  readonly defaultTags: ObjectValue;
}

const DEFAULT_REGION = "eu-central-1";

/**
 * The stand-in for `hashicorp/aws`: the real provider's schema with values made up from documented shapes. It proves
 * wiring, types and references. It says nothing about what AWS would answer. Its values are marked: account
 * 123456789012, addresses out of 203.0.113.0/24 and 2001:db8::/32.
 */
export function standInAws(schema: AwsSchema): Provider<Context> {
  const taken = new Set<string>();
  return {
    config: schema.config,
    configure: (config) => ({ region: text(config.region) ?? DEFAULT_REGION, defaultTags: defaultTags(config) }),
    resources: mapValues(schema.resources, (block, type) => resource(type, withSecrets(type, block), taken)),
    data: mapValues(schema.data, (block, type) => ({
      schema: withSecrets(`data.${type}`, block),
      read: (config, { region }) => {
        const question = { config, key: keyOf(type, config), region: text(config.region) ?? region };
        return found(type, question, Object.keys(block.attributes));
      },
    })),
  };
}

function resource(type: string, schema: Block, taken: Set<string>): Resource<Context> {
  const has = (name: string): boolean => name in schema.attributes;
  return {
    schema,
    plan(change, { region, defaultTags }) {
      const { planned, config, prior } = change;
      if (has("tags_all")) planned.tags_all = allTags(config.tags ?? null, defaultTags);
      if (has("region") && isUnknown(planned.region)) planned.region = region;
      if (prior) planChange(type, change, prior);
      else if (type === "aws_acm_certificate") planned.domain_validation_options = unansweredNames(planned);
    },
    create(planned, { region }) {
      const key = freeKey(type, planned, taken);
      const named = mapValues(planned, (value, name) =>
        isUnknown(value) && (name === "name" || name === "bucket") ? nameOf(planned, key) : value,
      );
      return settled(type, schema, planned, { key, id: idOf(type, named, key), region });
    },
    update: (planned, { region }, prior) => {
      const id = text(prior.id) ?? "";
      return settled(type, schema, planned, { key: keyOf(type, prior), id, region });
    },
    read: (state) => state,
    delete: () => {},
  };
}

/** ACM's questions are known by name before they are asked: what `for_each` over them takes. */
function unansweredNames(planned: ObjectValue): Value {
  return certificateNames(planned).map((domain_name) => ({
    domain_name,
    resource_record_name: UNKNOWN,
    resource_record_type: UNKNOWN,
    resource_record_value: UNKNOWN,
  }));
}

/** In-place or replaced, by the hand lists; a value that moves with every change is unknown until apply. */
function planChange(type: string, { planned, config, replace }: Change, prior: ObjectValue): void {
  const changed = (name: string): boolean => !sameValue(planned[name], prior[name]);
  const given = (name: string): boolean => (config[name] ?? null) !== null;
  for (const name of REPLACES[type] ?? []) if (given(name) && changed(name)) replace.push(name);
  if (type === "aws_instance" && planned.user_data_replace_on_change === true && changed("user_data"))
    replace.push("user_data");
  if (!Object.keys(planned).some(changed)) return;
  for (const name of MOVES[type] ?? []) if (!given(name)) planned[name] = UNKNOWN;
}

interface Settling {
  readonly key: string;
  readonly id: string;
  readonly region: string;
}

function settled(type: string, schema: Block, planned: ObjectValue, { key, id, region }: Settling): ObjectValue {
  const place = { type, planned, key, id, region: text(planned.region) ?? region };
  // A list that is partly unknown is made whole: its elements belong together.
  const whole = mapValues(planned, (value, name) =>
    isList(value) && name in schema.attributes && !isWhollyKnown(value) ? UNKNOWN : value,
  );
  return filled(schema, whole, (name, attributeType, path) => made(place, name, attributeType, path));
}

/** Two objects that are configured alike get a counter. */
function freeKey(type: string, planned: ObjectValue, taken: Set<string>): string {
  const key = keyOf(type, planned);
  let free = key;
  for (let n = 1; taken.has(free); n++) free = hash(`${key}\0${n}`);
  taken.add(free);
  return free;
}

function allTags(own: Value, defaults: ObjectValue): Value {
  if (isUnknown(own)) return UNKNOWN;
  return { ...defaults, ...(isObject(own) ? own : {}) };
}

function defaultTags(config: ObjectValue): ObjectValue {
  const blocks = isList(config.default_tags) ? config.default_tags : [];
  const tags = blocks.map((block) => (isObject(block) && isObject(block.tags) ? block.tags : {}));
  return Object.assign({}, ...tags);
}

function withSecrets(key: string, block: Block): Block {
  const secrets = SENSITIVE[key] ?? [];
  const attributes = mapValues(block.attributes, (attribute, name) =>
    secrets.includes(name) ? { ...attribute, sensitive: true } : attribute,
  );
  return { ...block, attributes };
}
