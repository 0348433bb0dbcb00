import type { PlannedResource } from "../plan";
import type { PlanRule } from "../rule";
import { blocks } from "./blocks";

export const diskEncrypted: PlanRule = {
  id: "disk-encrypted",
  severity: "error",
  title: "every disk is encrypted",
  remedy: "set encrypted = true on the volume and in root_block_device",
  check: ({ resources }) =>
    resources
      .filter(({ mode, actions }) => mode === "managed" && actions.join() !== "delete")
      .flatMap(({ address, ...resource }) =>
        plainDisks(resource).map((disk) => ({
          address,
          found: `${disk} is not encrypted`,
          expected: "encrypted = true",
        })),
      ),
};

function plainDisks({ type, values }: Pick<PlannedResource, "type" | "values">): string[] {
  if (type === "aws_ebs_volume") return values.encrypted === true ? [] : ["the volume"];
  if (type !== "aws_instance") return [];
  const root = blocks(values.root_block_device);
  return [
    ...(root.length === 0 || root.some(({ encrypted }) => encrypted !== true) ? ["root_block_device"] : []),
    ...(blocks(values.ebs_block_device).some(({ encrypted }) => encrypted !== true) ? ["ebs_block_device"] : []),
  ];
}
