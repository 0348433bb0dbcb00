import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineEdge, type EdgeInput } from "xmpp-edge";
import { synthesise } from "xmpp-edge/constructs";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";

/** What one size of definition took, in milliseconds; the median of several. */
export interface SynthesisResult {
  readonly partners: number;
  readonly defineMs: number;
  readonly synthesiseMs: number;
}

/** An edge on AWS with that many partners, each with an additional domain. */
function edgeWith(partners: number): EdgeInput {
  return {
    name: "bench",
    accessEdge: { fqdn: "xmpp.contoso.example" },
    domains: [{ name: "contoso.example" }],
    partners: Array.from({ length: partners }, (_, index) => ({
      domain: `partner${index}.example`,
      additionalDomains: [`chat.partner${index}.example`],
      partnerType: "Federated",
      supportDialbackNegotiation: false,
    })),
    dns: { kind: "route53", ttl: 300 },
  };
}

/** Times `defineEdge` and `synthesise` for each number of partners. */
export async function measureSynthesis(
  sizes: readonly number[],
  repeats: number,
  say: (text: string) => void,
): Promise<SynthesisResult[]> {
  const folder = await mkdtemp(join(tmpdir(), "xmpp-edge-bench-"));
  const once = (partners: number) => {
    const start = performance.now();
    const definition = defineEdge(edgeWith(partners));
    const defined = performance.now();
    synthesise(definition, join(folder, "cdktf.out"));
    return { defineMs: defined - start, synthesiseMs: performance.now() - defined };
  };
  try {
    once(sizes[0] ?? 1); // loads and compiles what all of them use
    return sizes.map((partners) => {
      say(`synthesis of ${partners} partners`);
      const times = Array.from({ length: repeats }, () => once(partners));
      return {
        partners,
        defineMs: spread(times.map(({ defineMs }) => defineMs)).median,
        synthesiseMs: spread(times.map(({ synthesiseMs }) => synthesiseMs)).median,
      };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function synthesisReport(results: readonly SynthesisResult[]): string {
  const rows = results.map(({ partners, defineMs, synthesiseMs }) => [
    partners.toLocaleString("en-US"),
    significant(defineMs),
    significant(synthesiseMs),
  ]);
  return [
    "Synthesis of a definition, in one process",
    "",
    table(["partners", "defineEdge ms", "synthesise ms"], rows),
  ].join("\n");
}
