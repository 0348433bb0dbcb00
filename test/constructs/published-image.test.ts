import { describe, expect, test } from "@jest/globals";
import { ConstructError, EdgeRole, GatewayImage, type PublishedImageProps, XmppEdge } from "xmpp-edge/constructs";
import { contoso } from "./definitions";
import { type Stack, synthesised } from "./synthesised";

const built = { layout: "build/image", programDigest: `sha256:${"a".repeat(64)}` };

const placed = (changes: Partial<PublishedImageProps> = {}): Stack =>
  synthesised((stack) => {
    GatewayImage.fromLayout(stack, "image", { ...built, ...changes }).grantPull(new EdgeRole(stack, "role"));
  });

describe("an image that was built here", () => {
  test("is pushed by digest to a repository whose tags keep their meaning", () => {
    const stack = placed();
    expect(stack.only("aws_ecr_repository")).toMatchObject({
      name: "xmpp-edge",
      image_tag_mutability: "IMMUTABLE",
      image_scanning_configuration: { scan_on_push: true },
      encryption_configuration: [{ encryption_type: "AES256" }],
      lifecycle: { prevent_destroy: true },
    });
    expect(stack.only("xmppedge_image")).toMatchObject({
      digest: built.programDigest,
      tag: "program-aaaaaaaaaaaaaaaa",
      repository: expect.stringMatching(/^\$\{aws_ecr_repository\.\w+\.repository_url\}$/),
    });
    expect(stack.only("xmppedge_image")).not.toHaveProperty("delete_on_destroy");
  });

  test("lies where Terraform finds it from the stack's folder, on every machine", () => {
    const { layout } = placed().only("xmppedge_image");
    expect(layout).toMatch(/^\.\..*\/build\/image$/);
  });

  test("is kept with the nine before it", () => {
    const { rules } = JSON.parse(String(placed().only("aws_ecr_lifecycle_policy").policy));
    expect(rules).toEqual([
      expect.objectContaining({
        selection: {
          tagStatus: "tagged",
          tagPatternList: ["program-*"],
          countType: "imageCountMoreThan",
          countNumber: 10,
        },
      }),
    ]);
  });

  test("may be pulled from this one repository", () => {
    const { Statement } = JSON.parse(String(placed().only("aws_iam_role_policy").policy));
    expect(Statement[1]).toMatchObject({
      Sid: "PullImage",
      Resource: expect.stringMatching(/^\$\{aws_ecr_repository\.\w+\.arn\}$/),
    });
  });

  test.each([
    ["a digest that is none", { programDigest: "latest" }, /programDigest is "latest"; give sha256:/],
    ["a repository's name that ECR refuses", { repositoryName: "Xmpp--Edge" }, /repositoryName is "Xmpp--Edge"/],
    ["keeping nothing to go back to", { keep: 1 }, /keep is 1; keep 2 or more/],
  ])("refuses %s", (_, changes, message) => {
    expect(() => placed(changes)).toThrow(ConstructError);
    expect(() => placed(changes)).toThrow(message);
  });

  test("is what the host runs, once it is pushed", () => {
    const stack = synthesised((scope) => new XmppEdge(scope, "edge", { definition: contoso(), image: built }));
    expect(stack.only("aws_ecr_repository").name).toBe("xmpp-edge/contoso");
    const { user_data } = stack.only("aws_instance");
    expect(user_data).toMatch(/\$\{xmppedge_image\.\w+\.reference\}/);
    expect(user_data).toMatch(
      /credHelpers.*element\(split\(\\?"\/\\?", aws_ecr_repository\.\w+\.repository_url\), 0\)/,
    );
  });
});
