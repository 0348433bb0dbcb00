import type { Plan, PlannedResource } from "../plan";
import type { PlanRule, Violation } from "../rule";

const CLOSED = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

export const bucketPrivate: PlanRule = {
  id: "bucket-private",
  severity: "error",
  title: "no bucket is open to the public",
  remedy: "give every bucket an aws_s3_bucket_public_access_block with all four set, and no public grant",
  check: ({ resources }: Plan) => {
    const present = resources.filter(({ mode, actions }) => mode === "managed" && actions.join() !== "delete");
    const guards = present.filter(({ type }) => type === "aws_s3_bucket_public_access_block");
    return [
      ...present.filter(({ type }) => type === "aws_s3_bucket").flatMap((bucket) => unguarded(bucket, guards)),
      ...guards.flatMap(openGuard),
      ...present.flatMap(publicGrant),
    ];
  },
};

/** A bucket's name is often known only after the deploy; then as many guards as buckets have to do. */
function unguarded({ address, values }: PlannedResource, guards: readonly PlannedResource[]): Violation[] {
  const name = values.id ?? values.bucket;
  const mayGuard = (guard: PlannedResource) =>
    typeof name !== "string" || typeof guard.values.bucket !== "string" || guard.values.bucket === name;
  if (guards.some(mayGuard)) return [];
  return [{ address, found: "no aws_s3_bucket_public_access_block", expected: "one with all four set" }];
}

function openGuard({ address, values }: PlannedResource): Violation[] {
  const open = CLOSED.filter((name) => values[name] !== true);
  return open.length === 0 ? [] : [{ address, found: `${open.join(", ")} not set`, expected: "all four true" }];
}

function publicGrant({ address, type, values }: PlannedResource): Violation[] {
  if (type === "aws_s3_bucket_acl" && /^public-|authenticated-read$/.test(String(values.acl)))
    return [{ address, found: `acl ${values.acl}`, expected: "private" }];
  if (type !== "aws_s3_bucket_policy" || typeof values.policy !== "string") return [];
  return isPublic(values.policy)
    ? [{ address, found: "everybody is allowed something", expected: "named principals" }]
    : [];
}

function isPublic(policy: string): boolean {
  try {
    const { Statement = [] } = JSON.parse(policy);
    return [Statement].flat().some(({ Effect, Principal }) => {
      const principals =
        typeof Principal === "object" && Principal !== null ? Object.values(Principal).flat() : [Principal];
      return Effect === "Allow" && principals.includes("*");
    });
  } catch {
    return true;
  }
}
