import { describe, expect, test } from "@jest/globals";
import { readChallenge } from "../../../../src/gateway/image/registry/challenge";
import { ecrRegionOf } from "../../../../src/gateway/image/registry/ecr";
import { parseRepository } from "../../../../src/gateway/image/registry/repository";
import { retryAfter } from "../../../../src/gateway/image/registry/retries";

describe("a repository", () => {
  test.each([
    ["registry.example/edge", "registry.example", "edge", false],
    ["registry.example:5000/edge/gate_way__x--y.z", "registry.example:5000", "edge/gate_way__x--y.z", false],
    ["localhost/edge", "localhost", "edge", true],
    ["localhost:5000/edge", "localhost:5000", "edge", true],
    ["127.0.0.1:5000/edge", "127.0.0.1:5000", "edge", true],
    ["127.9.8.7/edge", "127.9.8.7", "edge", true],
    ["[::1]:5000/edge", "[::1]:5000", "edge", true],
    ["registry:5000/edge", "registry:5000", "edge", false],
    ["127.0.0.1.example/edge", "127.0.0.1.example", "edge", false],
    ["localhost.example/edge", "localhost.example", "edge", false],
    ["192.0.2.1/edge", "192.0.2.1", "edge", false],
  ])("%s", (text, host, name, loopback) => {
    expect(parseRepository(text)).toMatchObject({ text, host, apiHost: host, name, loopback });
  });

  test.each([
    ["docker.io/contoso/gateway", "contoso/gateway"],
    ["docker.io/gateway", "library/gateway"],
  ])("%s of Docker Hub has its API elsewhere", (text, name) => {
    expect(parseRepository(text)).toMatchObject({ host: "docker.io", apiHost: "registry-1.docker.io", name });
  });

  test.each([
    "",
    "edge",
    "edge/gateway",
    "registry.example",
    "registry.example/",
    "registry.example/Edge",
    "registry.example/edge/",
    "registry.example//edge",
    "registry.example/../edge",
    "registry.example/edge..gateway",
    "registry.example/-edge",
    "registry.example/edge?x=1",
    "registry.example/edge gateway",
    "registry.example/edge:v1",
    `registry.example/edge@sha256:${"a".repeat(64)}`,
    "https://registry.example/edge",
    "user:secret@registry.example/edge",
    "registry.example:99999/edge",
    "registry.example:port/edge",
    "-registry.example/edge",
    "registry..example/edge",
    `registry.example/${"a".repeat(300)}`,
  ])("%j is none", (text) => {
    expect(() => parseRepository(text)).toThrow(expect.objectContaining({ code: "repository-invalid" }));
  });

  // Backtracking would take longer than anybody waits: this test would not end.
  test("that would take long to refuse is refused", () => {
    expect(() => parseRepository(`registry.example/${"a-".repeat(110)}!`)).toThrow();
    expect(() => parseRepository(`${"a-".repeat(110)}./edge`)).toThrow();
  });
});

describe("a challenge", () => {
  const bearer = { scheme: "bearer", realm: "https://auth.example/token", service: "registry.example" };
  const basic = { scheme: "basic" };
  test.each([
    ['Bearer realm="https://auth.example/token",service="registry.example",scope="repository:x:pull"', bearer],
    ['bearer  service="registry.example" , realm="https://auth.example/token"', bearer],
    ['Basic realm="x", Bearer realm="https://auth.example/token",service=registry.example', bearer],
    ['Bearer realm="https://auth.example/token",service="registry.example", Basic realm="x"', bearer],
    ['Negotiate, Basic realm="x, y=\\"z\\""', basic],
    ['Basic realm="x"', basic],
    ["Basic", basic],
    ['Bearer realm="https://auth.example/token"', { ...bearer, service: undefined }],
  ])("%s", (header, challenge) => {
    expect(readChallenge(header)).toEqual(challenge);
  });

  test.each([
    null,
    "",
    "Negotiate",
    'realm="x"',
    "Bearer",
    'Bearer realm="https://auth.example',
    'Bearer realm="a",realm="b"',
    'Bearer realm="a", Bearer realm="b"',
    'Basic realm="x" "y"',
    `Basic realm="${"x".repeat(5_000)}"`,
  ])("%j is none that can be answered", (header) => {
    expect(readChallenge(header)).toBeUndefined();
  });
});

test.each([
  ["123456789012.dkr.ecr.eu-central-1.amazonaws.com", "eu-central-1"],
  ["123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
  ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"],
  ["123456789012.dkr-ecr.eu-central-1.on.aws", "eu-central-1"],
  ["123456789012.dkr.ecr.eu-central-1.amazonaws.com.attacker.example", undefined],
  ["attacker.123456789012.dkr.ecr.eu-central-1.amazonaws.com", undefined],
  ["public.ecr.aws", undefined],
  ["registry.example:5000", undefined],
])("the AWS region of %s is %s", (host, region) => {
  expect(ecrRegionOf(host)).toBe(region);
});

test.each([
  ["3", 3_000],
  ["Thu, 01 Jan 1970 00:01:00 GMT", 50_000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["soon", undefined],
  ["-1", undefined],
  [null, undefined],
])("Retry-After: %s", (header, milliseconds) => {
  expect(retryAfter(header, 10_000)).toBe(milliseconds);
});
