import type { PlannedResource } from "../plan";
import type { PlanRule, Violation } from "../rule";

/** A registry's host (with a dot or a port), a repository, and whatever names the image in it. */
const REFERENCE =
  /(?<![\w./:@-])((?:[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?|[a-z0-9-]+:\d+|localhost)\/[a-z0-9][a-z0-9._/-]*)(:[\w.-]+)?(@sha256:[0-9a-f]{64})?(?![\w/])/g;
const RUNS = /\b(podman|docker|nerdctl|ctr)\b/;

export const imageByDigest: PlanRule = {
  id: "image-by-digest",
  severity: "error",
  title: "a host runs images by digest",
  remedy: "give registry/repository@sha256:<digest>; a tag can come to mean another program",
  check: ({ resources }) => resources.flatMap((resource) => [...inUserData(resource), ...mutable(resource)]),
};

function inUserData({ address, type, values, unknown }: PlannedResource): Violation[] {
  if (type !== "aws_instance" && type !== "aws_launch_template") return [];
  const hidden = unknown.find((name) => name === "user_data" || name === "user_data_base64");
  if (hidden !== undefined)
    return [{ address, found: `${hidden} not known yet`, expected: "a digest", unjudged: true }];
  const text = [values.user_data, values.user_data_base64].map(plain).join("\n");
  // Only what a container engine is given: other lines may well hold a host name and a path.
  const commands = text
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => RUNS.test(line));
  return commands.flatMap((command) =>
    [...command.matchAll(REFERENCE)]
      .filter(([, , , digest]) => digest === undefined)
      .map(([reference]) => ({ address, found: `the image ${reference}`, expected: "@sha256:…" })),
  );
}

function mutable({ address, type, values, actions }: PlannedResource): Violation[] {
  if (type !== "aws_ecr_repository" || actions.join() === "delete" || values.image_tag_mutability === "IMMUTABLE")
    return [];
  return [{ address, found: "tags that may be moved", expected: 'image_tag_mutability "IMMUTABLE"' }];
}

function plain(value: unknown): string {
  if (typeof value !== "string") return "";
  return /^[A-Za-z0-9+/\s]+=*\s*$/.test(value) ? Buffer.from(value, "base64").toString("utf8") : value;
}
