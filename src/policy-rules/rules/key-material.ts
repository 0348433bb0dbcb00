import type { Plan, PlannedResource, PlanValue } from "../plan";
import type { PlanRule, Violation } from "../rule";

/** Resources whose whole point is a secret in the state. */
const SECRET_TYPES: { readonly [type: string]: string } = {
  aws_iam_access_key: "an access key",
  random_password: "a password",
  tls_private_key: "a private key",
};

/** Arguments that put a secret into plan and state where they are given; their write-only kin (`*_wo`) do not. */
const SECRET_ARGUMENTS: { readonly [type: string]: readonly string[] } = {
  aws_acm_certificate: ["private_key"],
  aws_iam_server_certificate: ["private_key"],
  aws_secretsmanager_secret_version: ["secret_string", "secret_binary"],
};

const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/, "a private key"],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/, "an access key's id"],
  [/"hmacKey"\s*:/, "an external account's key"],
];

/** A value nested deeper is no argument of any provider. */
const DEEPEST = 64;

export const keyMaterial: PlanRule = {
  id: "key-material",
  severity: "error",
  title: "no key, password or access key is in a plan, and so in no state",
  remedy:
    "have the host obtain it (ACME, ACM export), or hand it over outside Terraform, and give it up: it has been read",
  check: ({ resources, outputs }: Plan) => [
    ...resources.flatMap((resource) => [...byType(resource), ...byText(resource.address, resource.values)]),
    ...resources.flatMap(({ address, before }) => (before === undefined ? [] : byText(`${address} (now)`, before))),
    ...Object.entries(outputs).flatMap(([name, value]) => byText(`output.${name}`, value)),
  ],
};

function byType({ address, type, mode, values, actions }: PlannedResource): Violation[] {
  if (mode === "data" || actions.join() === "delete") return [];
  const kind = SECRET_TYPES[type];
  if (kind !== undefined) return [violation(address, kind)];
  const parameter = type === "aws_ssm_parameter" && values.type === "SecureString" ? ["value"] : [];
  return [...(SECRET_ARGUMENTS[type] ?? []), ...parameter]
    .filter((name) => typeof values[name] === "string" && values[name] !== "")
    .map((name) => violation(address, `a secret in ${name}`));
}

/** What was found is named by kind and place, never shown. */
function byText(address: string, value: PlanValue): Violation[] {
  const found = new Set<string>();
  const visit = (part: PlanValue, depth: number): void => {
    if (depth > DEEPEST) return void found.add("a value too deep to be looked at");
    if (typeof part === "string") {
      for (const text of [part, decoded(part)])
        for (const [pattern, kind] of SECRET_TEXTS) if (pattern.test(text)) found.add(kind);
    } else if (typeof part === "object" && part !== null)
      for (const member of Object.values(part)) visit(member, depth + 1);
  };
  visit(value, 0);
  return [...found].map((kind) => violation(address, kind));
}

/** User data and secrets are often written in Base64. */
function decoded(text: string): string {
  return text.length >= 40 && /^[A-Za-z0-9+/\s]+=*\s*$/.test(text)
    ? Buffer.from(text, "base64").toString("latin1")
    : "";
}

const violation = (address: string, kind: string): Violation => ({ address, found: kind, expected: "no secret" });
