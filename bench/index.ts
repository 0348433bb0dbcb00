/**
 * `npm run bench [-- --smoke] [-- --json FILE]`: all that the project measures of itself, in one report.
 * Exit codes: 0 measured · 1 a bar that gates is missed, or something did not work · 2 used wrongly.
 */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { applyReport, measureApply, meetsApplyBar } from "./apply";
import { chainReport, measureChains, meetsChainBars } from "./chains";
import { checkReport, measureCheck, meetsCheckBar } from "./check";
import { containerReport, measureContainer, meetsContainerBars, withoutContainers } from "./container";
import { measureSynthesis, synthesisReport } from "./definitions";
import { dnsReport, measureDns, meetsDnsBars } from "./dns";
import { imageReport, measureImage, meetsImageBars } from "./image";
import { liveReport, measureLive, meetsLiveBars } from "./live";
import { measurePlan, meetsPlanBar, planReport } from "./plan";
import { measureProvider, meetsProviderBar, providerReport } from "./provider";
import { s2sReport } from "./report/s2s-report";
import { fullSizes, measureS2s, smokeSizes } from "./s2s";

interface Options {
  readonly smoke: boolean;
  readonly json?: string;
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: { smoke: { type: "boolean", default: false }, json: { type: "string" } },
      allowPositionals: false,
    });
    return values;
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\nUsage: npm run bench -- [--smoke] [--json FILE]\n`);
    process.exit(2);
  }
}

async function bench({ smoke, json }: Options): Promise<void> {
  const say = (text: string) => process.stderr.write(`bench: ${text}\n`);
  const print = (text: string) => process.stdout.write(`${text}\n\n`);
  print(`xmpp-edge bench, Node ${process.versions.node}, ${machine()}${smoke ? ": smoke, figures mean nothing" : ""}`);
  const partners = smoke ? [10, 100] : [10, 1_000, 10_000];
  const check = await measureCheck(partners, smoke ? 1 : 5, say);
  print(checkReport(check));
  const chains = await measureChains(smoke ? 1 : 5, smoke ? 5 : 200, say);
  print(chainReport(chains));
  const plan = await measurePlan(smoke ? [10, 100] : [10, 1_000], smoke ? 1 : 3, say);
  print(planReport(plan));
  const dns = await measureDns(smoke ? [11] : [1, 100, 1_000], smoke ? 1 : 3, say);
  print(dnsReport(dns));
  const synthesis = await measureSynthesis(partners, smoke ? 1 : 3, say);
  print(synthesisReport(synthesis));
  const apply = await measureApply(smoke ? 1 : 3, say);
  print(applyReport(apply));
  const provider = await measureProvider(smoke ? 2 : 15, say);
  print(providerReport(provider));
  // Nothing about it can be small: the image is of one size.
  const image = smoke ? undefined : await measureImage(say);
  if (image !== undefined) print(imageReport(image));
  const noContainers = withoutContainers();
  const container = noContainers === undefined ? await measureContainer(smoke ? 1 : 5, say) : undefined;
  print(container === undefined ? `The image under podman: not measured, ${noContainers}` : containerReport(container));
  const liveSizes = smoke
    ? { partners: 100, rounds: 1, objectRounds: 0 }
    : { partners: 10_000, rounds: 5, objectRounds: 3 };
  const live = await measureLive(liveSizes, say);
  print(liveReport(live));
  const sizes = smoke ? smokeSizes : fullSizes;
  const s2s = await measureS2s(sizes, say);
  print(s2sReport(s2s, sizes, !smoke));
  if (
    !smoke &&
    !(
      meetsCheckBar(check) &&
      meetsChainBars(chains) &&
      meetsPlanBar(plan) &&
      meetsDnsBars(dns) &&
      meetsApplyBar(apply) &&
      meetsProviderBar(provider) &&
      (image === undefined || meetsImageBars(image)) &&
      (container === undefined || meetsContainerBars(container)) &&
      meetsLiveBars(live)
    )
  )
    process.exitCode = 1;
  if (json !== undefined)
    await writeFile(
      json,
      `${JSON.stringify({ sizes, check, chains, plan, dns, synthesis, apply, provider, image, container, live, s2s }, null, 2)}\n`,
    );
}

function machine(): string {
  const all = cpus();
  return `${all.length} cores (${all[0]?.model.trim() ?? "unknown"})`;
}

bench(readOptions()).catch((error: unknown) => {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 1;
});
