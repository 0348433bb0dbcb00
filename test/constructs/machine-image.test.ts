import { expect, test } from "@jest/globals";
import { architectureOf } from "../../src/constructs/machine-image";

test.each([
  ["t4g.small", "arm64"],
  ["m6gd.large", "arm64"],
  ["c7gn.16xlarge", "arm64"],
  ["r8g.metal-24xl", "arm64"],
  ["a1.medium", "arm64"],
  ["t3.small", "x86_64"],
  ["t3a.small", "x86_64"],
  ["m7i-flex.large", "x86_64"],
  ["g4dn.xlarge", "x86_64"],
  ["g5g.xlarge", "arm64"],
])("%s has the processor %s", (instanceType, architecture) => {
  expect(architectureOf(instanceType)).toBe(architecture);
});
