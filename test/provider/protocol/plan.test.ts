import { describe, expect, test } from "@jest/globals";
import { filled, planned } from "../../../src/provider/protocol/plan";
import type { Block } from "../../../src/provider/protocol/schema";
import { type ObjectValue, UNKNOWN } from "../../../src/provider/protocol/value";

const inner: Block = {
  attributes: { size: { type: "number", required: true }, id: { type: "string", optional: true, computed: true } },
  blocks: {},
};
const schema: Block = {
  attributes: {
    name: { type: "string", required: true },
    note: { type: "string", optional: true },
    arn: { type: "string", computed: true },
    zone: { type: "string", optional: true, computed: true },
  },
  blocks: { disks: { nesting: "list", ...inner }, marks: { nesting: "set", ...inner } },
};
const EMPTY = { note: null, arn: null, zone: null, disks: [], marks: [] };

describe("a plan", () => {
  test.each<[string, ObjectValue, ObjectValue | null, ObjectValue]>([
    [
      "a new object: what is computed is unknown",
      { ...EMPTY, name: "a" },
      null,
      { ...EMPTY, name: "a", arn: UNKNOWN, zone: UNKNOWN },
    ],
    [
      "a new object: what is configured stays",
      { ...EMPTY, name: "a", zone: "z" },
      null,
      { ...EMPTY, name: "a", arn: UNKNOWN, zone: "z" },
    ],
    [
      "an object that is there: what is computed stays as it was",
      { ...EMPTY, name: "b" },
      { ...EMPTY, name: "a", arn: "arn:a", zone: "z" },
      { ...EMPTY, name: "b", arn: "arn:a", zone: "z" },
    ],
    [
      "an element more in a list: it alone is new",
      {
        ...EMPTY,
        name: "a",
        disks: [
          { size: 1, id: null },
          { size: 2, id: null },
        ],
      },
      { ...EMPTY, name: "a", arn: "arn:a", zone: "z", disks: [{ size: 1, id: "d1" }] },
      {
        ...EMPTY,
        name: "a",
        arn: "arn:a",
        zone: "z",
        disks: [
          { size: 1, id: "d1" },
          { size: 2, id: UNKNOWN },
        ],
      },
    ],
  ])("of %s", (_, config, prior, expected) => {
    // Terraform proposes the configuration with the prior values of what is computed and was not configured.
    const kept = (name: string) => config[name] ?? prior?.[name] ?? null;
    const disks = (config.disks as ObjectValue[]).map((disk, at) => ({
      ...disk,
      id: disk.id ?? (prior?.disks as ObjectValue[] | undefined)?.[at]?.id ?? null,
    }));
    const proposed = { ...config, arn: kept("arn"), zone: kept("zone"), disks };
    expect(planned(schema, proposed, config, prior)).toEqual(expected);
  });

  test("of a set keeps elements that are equal, whatever their place", () => {
    const config = {
      ...EMPTY,
      name: "a",
      marks: [
        { size: 2, id: "m2" },
        { size: 3, id: null },
      ],
    };
    const prior = {
      ...EMPTY,
      name: "a",
      arn: "arn:a",
      zone: "z",
      marks: [
        { size: 1, id: "m1" },
        { size: 2, id: "m2" },
      ],
    };
    expect(planned(schema, config, config, prior).marks).toEqual([
      { size: 2, id: "m2" },
      { size: 3, id: UNKNOWN },
    ]);
  });
});

describe("what is applied", () => {
  test("has every unknown made, wherever it is", () => {
    const plan = { ...EMPTY, name: "a", arn: UNKNOWN, disks: [{ size: 1, id: UNKNOWN }] };
    const paths: string[] = [];
    const made = filled(schema, plan, (name, type, path) => {
      paths.push(path.join("."));
      return `${name}:${JSON.stringify(type)}`;
    });
    expect(made).toEqual({ ...EMPTY, name: "a", arn: 'arn:"string"', disks: [{ size: 1, id: 'id:"string"' }] });
    expect(paths).toEqual(["arn", "disks.0.id"]);
  });
});
