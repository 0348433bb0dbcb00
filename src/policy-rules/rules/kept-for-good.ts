import type { PlanRule } from "../rule";

/** What partners allow-list, and what holds contacts and queued messages. */
const KEPT: { readonly [type: string]: string } = {
  aws_ebs_volume: "the volume, which holds contacts and queued messages",
  aws_eip: "the address that partners have in their firewalls",
  aws_network_interface: "the interface, which owns the addresses that partners have in their firewalls",
};

export const keptForGood: PlanRule = {
  id: "kept-for-good",
  severity: "error",
  title: "no address, interface or data volume is deleted or replaced",
  remedy: "find what forces it (terraform plan says so) and undo that; at the end of an edge waive it, with a date",
  check: ({ resources }) =>
    resources
      .filter(({ mode, type, actions }) => mode === "managed" && type in KEPT && actions.includes("delete"))
      .map(({ address, type, actions }) => ({
        address,
        found: `${actions.includes("create") ? "replaces" : "deletes"} ${KEPT[type]}`,
        expected: "it stays",
      })),
};
