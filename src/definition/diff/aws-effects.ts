import type { Facts } from "../facts/facts";
import type { Change } from "./change";
import { sameValue } from "./same-value";

/** What a deploy with the `XmppEdge` construct does on AWS for a change of the definition. */
export interface AwsEffect {
  readonly resource: string;
  readonly action: "update" | "replace";
  readonly because: string;
}

/** The resources that a change reaches. `terraform plan` decides; this says what it will say, and why. */
export function awsEffects(before: Facts, after: Facts, changes: readonly Change[]): AwsEffect[] {
  const effects: AwsEffect[] = [];
  const add = (resource: string, action: AwsEffect["action"], because: string) =>
    effects.push({ resource, action, because });
  if (!sameValue(before.gateway, after.gateway))
    add("gateway document in S3", "update", "a new version, which the running gateway takes up; nothing restarts");
  const parts = new Set(changes.map(({ part }) => part));
  if (parts.has("record")) add("Route 53 records", "update", "records are written, changed or deleted as listed");
  if (parts.has("firewall")) add("security group rules", "update", "rules are added and removed as listed");
  const isExported = after.certificate.source === "acm" && before.certificate.source === "acm";
  const namesDiffer = !sameValue(before.certificate.names.map(nameOf), after.certificate.names.map(nameOf));
  if (isExported && namesDiffer) add("ACM certificate", "replace", "its names cannot be changed");
  const reasons = [
    before.name !== after.name ? "the log group that it writes to is named after the edge" : undefined,
    lowestPort(before) !== lowestPort(after) || before.accessEdge.port !== after.accessEdge.port
      ? "the ports that it listens on are in its start-up data"
      : undefined,
    isExported && namesDiffer ? "it is started with the certificate's ARN" : undefined,
    before.certificate.source !== after.certificate.source
      ? "where its certificate comes from is in its start-up data"
      : undefined,
  ].filter((reason) => reason !== undefined);
  if (before.name !== after.name) add("log group", "replace", "it is named after the edge");
  if (reasons.length > 0)
    add(
      "instance",
      "replace",
      `${reasons.join("; ")}. Its addresses and its data volume stay; streams come back by themselves`,
    );
  return effects;
}

const nameOf = ({ name }: { readonly name: string }) => name;

/** What the host has to be allowed to listen on. */
function lowestPort({ firewall }: Facts): number {
  const open = firewall.filter(({ direction, protocol }) => direction === "in" && protocol === "tcp");
  return Math.min(...open.map(({ ports: [from] }) => from));
}
