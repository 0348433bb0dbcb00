import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { OfflineError } from "./offline-error";

/** Left behind: what belongs to the real deploy. A trial starts with an empty state, and has a
 * stand-in for our own provider. */
const LEFT =
  /^(\.terraform|\.terraform\.lock\.hcl|\.git|node_modules|.*\.tfstate(\..*)?|crash.*\.log|xmpp-edge\.local)$/;
/** Files of a stack are text; a folder beyond that holds something else. */
const MOST_FILES = 20_000;

/**
 * Copies a stack's folder for a trial: with a state of its own and a marker as output, whatever its backend.
 * @throws OfflineError where it holds no Terraform files
 */
export function copyStack(directory: string, copy: string): void {
  requireStack(directory);
  cpSync(directory, copy, { recursive: true, filter: (file) => file === directory || !LEFT.test(basename(file)) });
  // Terraform merges override files into what they are beside: the stack's own backend is never spoken to.
  writeFileSync(
    join(copy, "xmpp_edge_trial_override.tf.json"),
    JSON.stringify({ terraform: { backend: { local: { path: "trial.tfstate" } } } }),
  );
  writeFileSync(
    join(copy, "xmpp_edge_trial.tf.json"),
    JSON.stringify({ output: { standin: { value: true, description: "Made by a stand-in: nothing of it exists" } } }),
  );
}

function requireStack(directory: string): void {
  if (!existsSync(directory) || !statSync(directory).isDirectory() || terraformFiles(directory, false).length === 0)
    throw new OfflineError(
      "stack-unreadable",
      `${directory} holds no Terraform files`,
      "give a folder with .tf or .tf.json files (cdktf.out/stacks/NAME after a synthesis), or a definition",
    );
}

/**
 * The kind of a stack's backend, as its files say. Terraform's own default is a local file.
 * @throws OfflineError where it holds no Terraform files
 */
export function backendOf(directory: string): "local" | "remote" {
  requireStack(directory);
  const texts = terraformFiles(directory, false).map((file) => readFileSync(file, "utf8"));
  const kinds = texts.flatMap((text) => [
    ...[...text.matchAll(/^\s*backend\s+"(\w+)"/gm)].map(([, kind]) => kind),
    ...[...text.matchAll(/"backend"\s*:\s*\[?\s*\{\s*"(\w+)"/g)].map(([, kind]) => kind),
    ...[...text.matchAll(/^\s*(cloud)\s*\{|"(cloud)"\s*:\s*[[{]/gm)].map(() => "cloud"),
  ]);
  return kinds.every((kind) => kind === "local") ? "local" : "remote";
}

/** Types of AWS that a stack uses, its modules' too: `aws_eip`, `data.aws_partition`. */
export function awsTypes(directory: string): string[] {
  const found = new Set<string>();
  for (const file of terraformFiles(directory, true)) {
    const text = readFileSync(file, "utf8");
    if (file.endsWith(".json")) for (const type of jsonTypes(file, text)) found.add(type);
    else
      for (const [, kind, type] of text.matchAll(/^\s*(resource|data)\s+"(aws_\w+)"/gm))
        found.add(kind === "data" ? `data.${type}` : `${type}`);
  }
  return [...found].sort();
}

function terraformFiles(directory: string, deep: boolean): string[] {
  const names = readdirSync(directory, { recursive: deep, encoding: "utf8" });
  if (names.length > MOST_FILES)
    throw new OfflineError(
      "stack-unreadable",
      `${directory} has more than ${MOST_FILES} files`,
      "give a stack's folder",
    );
  return names
    .filter((name) => /\.tf(\.json)?$/.test(name) && !name.split(/[\\/]/).some((part) => LEFT.test(part)))
    .sort()
    .map((name) => join(directory, name));
}

function jsonTypes(file: string, text: string): string[] {
  let parsed: { resource?: unknown; data?: unknown };
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new OfflineError("stack-unreadable", `${file} is no JSON`, "synthesise the stack again", { cause });
  }
  const keys = (value: unknown) =>
    [value].flat().flatMap((part) => (typeof part === "object" && part !== null ? Object.keys(part) : []));
  const isAws = (type: string) => type.startsWith("aws_");
  return [
    ...keys(parsed.resource).filter(isAws),
    ...keys(parsed.data)
      .filter(isAws)
      .map((type) => `data.${type}`),
  ];
}
