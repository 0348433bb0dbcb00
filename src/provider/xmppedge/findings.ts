import type { VerifyFinding } from "../../dns/report/report";
import type { Attribute, Type } from "../protocol/schema";
import type { Value } from "../protocol/value";

/** The fields that Terraform gets. The verifier's findings may come to have more. */
const FINDING = {
  id: "string",
  verdict: "string",
  severity: "string",
  domain: "string",
  subject: "string",
  server: "string",
  found: "string",
  expected: "string",
  source: "string",
  remedy: "string",
  retryAfter: "number",
} as const satisfies { readonly [name in keyof VerifyFinding]?: Type };
const FIELDS = Object.keys(FINDING) as (keyof typeof FINDING)[];

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The verifier's findings as Terraform has them: the same fields as in `dns verify --json`, in snake case. */
export const findingsAttribute: Attribute = {
  type: ["list", ["object", Object.fromEntries(Object.entries(FINDING).map(([name, type]) => [snake(name), type]))]],
  computed: true,
  description:
    "What was found, faults first: `id`, `verdict`, `severity`, `domain`, `subject`, `server`, `found`, `expected`, `source`, `remedy`, `retry_after`, as `xmpp-edge dns verify --json` has them.",
};

export const findingsValue = (findings: readonly VerifyFinding[]): Value =>
  findings.map((finding) => Object.fromEntries(FIELDS.map((name) => [snake(name), finding[name]])));
