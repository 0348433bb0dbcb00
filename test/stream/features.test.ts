import { describe, expect, test } from "@jest/globals";
import { type Features, featuresElement, readFeatures } from "../../src/stream/features";
import { limitsNamespace, saslNamespace, streamsNamespace } from "../../src/stream/namespaces";
import { xml } from "../../src/stream/xml/element";

const FEATURES: readonly Features[] = [
  {},
  { starttls: "required" },
  { starttls: "optional", dialback: { errors: true } },
  { mechanisms: ["EXTERNAL"] },
  { mechanisms: ["EXTERNAL"], dialback: { errors: false } },
  { management: true, limits: { maxBytes: 262_144 } },
  { limits: { maxBytes: 10_000, idleSeconds: 600 } },
  { limits: {} },
];

describe("stream features", () => {
  test.each(FEATURES.map((features) => [JSON.stringify(features), features] as const))(
    "%s reads back",
    (_, features) => {
      expect(readFeatures(featuresElement(features))).toEqual(features);
    },
  );

  test("an empty list of mechanisms is none", () => {
    expect(readFeatures(xml("features", streamsNamespace, {}, xml("mechanisms", saslNamespace)))).toEqual({});
    expect(featuresElement({ mechanisms: [] }).children).toEqual([]);
  });

  test("mechanisms are compared without case and white space, and bounded", () => {
    const mechanisms = Array.from({ length: 100 }, () => xml("mechanism", saslNamespace, {}, " external "));
    const read = readFeatures(
      xml("features", streamsNamespace, {}, xml("mechanisms", saslNamespace, {}, ...mechanisms)),
    );
    expect(read.mechanisms).toHaveLength(32);
    expect(read.mechanisms?.[0]).toBe("EXTERNAL");
  });

  test("features of other namespaces are not ours", () => {
    const other = ["starttls", "mechanisms", "dialback"].map((name) => xml(name, "urn:other"));
    expect(readFeatures(xml("features", streamsNamespace, {}, ...other))).toEqual({});
  });

  test.each([
    ["0", {}],
    ["-1", {}],
    ["1e30", {}],
    ["262144.5", {}],
    ["0x10000", {}],
    ["１２３４５６", {}], // other scripts' digits
    ["9".repeat(100_000), {}],
    ["many", {}],
    ["", {}],
    ["1", { maxBytes: 10_000 }], // RFC 6120 section 13.12
    ["9999", { maxBytes: 10_000 }],
    [" 20000\n", { maxBytes: 20_000 }],
    ["999999999", { maxBytes: 999_999_999 }],
  ])("max-bytes of %.20j is read as %j", (text, limits) => {
    const said = xml("limits", limitsNamespace, {}, xml("max-bytes", limitsNamespace, {}, text));
    expect(readFeatures(xml("features", streamsNamespace, {}, said))).toEqual({ limits });
  });

  test("the first of several limits counts", () => {
    const children = ["20000", "30000"].map((text) => xml("max-bytes", limitsNamespace, {}, text));
    const said = xml("limits", limitsNamespace, {}, ...children);
    expect(readFeatures(xml("features", streamsNamespace, {}, said))).toEqual({ limits: { maxBytes: 20_000 } });
  });
});
