import { describe, expect, test } from "@jest/globals";
import { ConstructError, GatewayImage, type PolicyStatement } from "xmpp-edge/constructs";

const DIGEST = `sha256:${"a".repeat(64)}`;
const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

const granted = (reference: string): readonly PolicyStatement[] => {
  const allowed: PolicyStatement[] = [];
  const returned = GatewayImage.fromReference(reference).grantPull({ allow: (...more) => void allowed.push(...more) });
  expect(returned).toEqual(allowed);
  return allowed;
};

describe("a gateway image", () => {
  test.each([
    [`${ECR}/xmpp-edge@${DIGEST}`, ECR, "ecr"],
    [`${ECR}.cn/edge/gateway@${DIGEST}`, `${ECR}.cn`, "ecr"],
    [`registry.example/xmpp-edge@${DIGEST}`, "registry.example", "anonymous"],
    [`registry.example:5000/a/b-c/d.e@${DIGEST}`, "registry.example:5000", "anonymous"],
    [`${ECR}.attacker.example/xmpp-edge@${DIGEST}`, `${ECR}.attacker.example`, "anonymous"],
  ])("%s is taken", (reference, registry, login) => {
    expect(GatewayImage.fromReference(reference)).toMatchObject({ reference, registry, login });
  });

  test.each([
    ["a tag", "registry.example/xmpp-edge:v1", /reference has no digest.*@sha256:/],
    ["neither tag nor digest", "registry.example/xmpp-edge", /reference has no digest/],
    ["a tag besides the digest", `registry.example/xmpp-edge:v1@${DIGEST}`, /reference is not an image by digest/],
    ["a short digest", "registry.example/xmpp-edge@sha256:abcd", /is not an image by digest/],
    ["another hash", `registry.example/xmpp-edge@sha512:${"a".repeat(128)}`, /has no digest/],
    ["no registry", `xmpp-edge@${DIGEST}`, /is not an image by digest/],
    ["a line break", `registry.example/xmpp-edge\nExecStart=/bin/sh@${DIGEST}`, /is not an image by digest/],
    ["a space", `registry.example/xmpp edge@${DIGEST}`, /is not an image by digest/],
    ["a shell's sign", `registry.example/x$(id)@${DIGEST}`, /is not an image by digest/],
    ["far too much text", `registry.example/${"a".repeat(100_000)}@${DIGEST}`, /has no digest|is not an image/],
  ])("%s is refused with the prop and the remedy", (_, reference, message) => {
    const refused = () => GatewayImage.fromReference(reference);
    expect(refused).toThrow(ConstructError);
    expect(refused).toThrow(message);
    expect(refused).toThrow(/give registry\/repository@sha256:/);
  });

  test("pulling from ECR takes a login and this one repository", () => {
    const [login, pull] = granted(`${ECR}/edge/gateway@${DIGEST}`);
    expect(login).toMatchObject({ Action: ["ecr:GetAuthorizationToken"], Resource: "*" });
    expect(pull).toMatchObject({ Resource: "arn:aws:ecr:eu-central-1:123456789012:repository/edge/gateway" });
    expect(pull!.Action.every((action) => /^ecr:(Batch)?(Check|Get)/.test(action))).toBe(true);
  });

  test("in China the repository is in China's partition", () => {
    const [, pull] = granted(`123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/xmpp-edge@${DIGEST}`);
    expect(pull).toMatchObject({ Resource: "arn:aws-cn:ecr:cn-north-1:123456789012:repository/xmpp-edge" });
  });

  test("pulling from elsewhere takes no rights", () => {
    expect(granted(`registry.example/xmpp-edge@${DIGEST}`)).toEqual([]);
  });

  test("the example's says that it is one", () => {
    expect(GatewayImage.example().isExample).toBe(true);
    expect(GatewayImage.fromReference(`${ECR}/xmpp-edge@${DIGEST}`).isExample).toBe(false);
  });
});
