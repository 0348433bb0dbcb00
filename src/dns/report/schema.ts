import { z } from "zod";
import type { VerifyReport } from "./report";

const verdict = z.enum(["pass", "warn", "fail", "unknown"]);
const found = z.enum(["warn", "fail", "unknown", "info"]);
const count = z.int().min(0);

const finding = z.strictObject({
  id: z.string().describe("stable id of the check"),
  verdict: found,
  severity: z.enum(["fail", "warn", "info"]),
  domain: z.string().nullable().describe("local domain or Access Edge FQDN; null where only a server is at fault"),
  touches: z.array(z.string()).exactOptional().describe("other names of the definition that suffer from the same"),
  subject: z.string(),
  server: z.string(),
  found: z.string(),
  expected: z.string(),
  source: z.string(),
  remedy: z.string(),
  change: z
    .strictObject({ remove: z.array(z.string()), publish: z.array(z.string()) })
    .exactOptional()
    .describe("zone file lines that mend it"),
  retryAfter: z.number().min(0).nullable().describe("seconds; null where waiting does not help"),
  definition: z
    .strictObject({ path: z.string(), line: z.int().min(1).nullable(), column: z.int().min(1).nullable() })
    .nullable()
    .exactOptional(),
  waived: z.strictObject({ reason: z.string(), until: z.iso.date(), verdict: found }).exactOptional(),
});

const lines = z.array(z.string()).exactOptional();
const evidence = z.strictObject({
  asked: z.enum(["name-server", "resolver"]),
  server: z.string(),
  question: z.string(),
  transport: z.enum(["udp", "tcp"]).exactOptional(),
  rcode: z.string().exactOptional(),
  flags: lines,
  answers: lines,
  authorities: lines,
  extendedErrors: z.array(z.strictObject({ code: count, text: z.string() })).exactOptional(),
  rtt: z.number().min(0).exactOptional().describe("milliseconds"),
  raw: z.string().exactOptional().describe("the message in hexadecimal"),
  failure: z.string().exactOptional(),
  reason: z.string().exactOptional(),
});

const epoch = z.number().describe("seconds since 1970");
const measures = z.strictObject({
  queries: z.strictObject({
    buckets: z.array(z.strictObject({ le: z.number(), count })),
    count,
    sum: z.number().describe("seconds"),
    unanswered: count,
  }),
  signatures: z.array(z.strictObject({ zone: z.string(), expires: epoch })),
  certificates: z.array(z.strictObject({ domain: z.string(), address: z.string(), port: z.int(), expires: epoch })),
});

/** The report of `dns verify --json`. Within a version fields are added, never changed or removed. */
export const verifyReportSchema = z
  .strictObject({
    schema: z.literal("xmpp-edge/dns-verify/1"),
    verdict,
    complete: z.boolean(),
    tool: z.strictObject({ name: z.string(), version: z.string() }).exactOptional(),
    file: z.string().exactOptional(),
    started: z.iso.datetime().exactOptional(),
    finished: z.iso.datetime().exactOptional(),
    reason: z.enum(["fail", "warn", "wait"]).nullable().exactOptional(),
    checks: z.array(z.string()).exactOptional(),
    counts: z.strictObject({
      domains: count,
      checks: count,
      questions: count,
      fail: count,
      unknown: count,
      warn: count,
      info: count,
      waived: count.exactOptional(),
    }),
    domains: z.array(z.strictObject({ domain: z.string(), verdict })),
    findings: z.array(finding),
    vantage: z
      .strictObject({
        reach: z.enum(["delegation", "given", "resolvers-only"]),
        ipv6: z.boolean(),
        resolvers: z.array(z.string()),
        sent: count,
      })
      .exactOptional(),
    notLooked: z
      .array(z.strictObject({ what: z.enum(["probes", "partners"]), count: z.int().min(1) }))
      .exactOptional()
      .describe("what a bound kept from being looked at"),
    evidence: z.array(evidence).exactOptional(),
    measures: measures.exactOptional(),
    servers: z.array(
      z.strictObject({ kind: z.enum(["resolver", "name-server"]), server: z.string(), zone: z.string().nullable() }),
    ),
  })
  .describe("xmpp-edge DNS report") satisfies z.ZodType<VerifyReport>;

/** The schema of the report as JSON Schema (2020-12); fields that are not in it may come in later releases. */
export function verifyReportJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(verifyReportSchema, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
    },
  }) as Record<string, unknown>;
}
