import type { PlanRule } from "../rule";
import { blocks } from "./blocks";

export const instanceMetadataV2: PlanRule = {
  id: "instance-metadata-v2",
  severity: "error",
  title: "a host's credentials are given for a session token alone, and not beyond the host",
  remedy: 'set metadata_options { http_tokens = "required", http_put_response_hop_limit = 1 }',
  check: ({ resources }) =>
    resources
      .filter(({ type, actions }) => /^aws_(instance|launch_template)$/.test(type) && actions.join() !== "delete")
      .flatMap(({ address, values }) => {
        const [options] = blocks(values.metadata_options);
        const tokens = String(options?.http_tokens ?? "not set");
        const hops = Number(options?.http_put_response_hop_limit ?? 1);
        const found = [
          ...(options?.http_endpoint === "disabled" || tokens === "required" ? [] : [`http_tokens ${tokens}`]),
          ...(hops > 1 ? [`http_put_response_hop_limit ${hops}`] : []),
        ];
        return found.map((text) => ({ address, found: text, expected: "IMDSv2 alone, one hop" }));
      }),
};
