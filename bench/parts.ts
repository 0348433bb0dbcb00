import { applyReport, measureApply, meetsApplyBar } from "./apply";
import { chainReport, measureChains, meetsChainBars } from "./chains";
import { checkReport, measureCheck, meetsCheckBar } from "./check";
import { containerReport, measureContainer, meetsContainerBars, withoutContainers } from "./container";
import { measureSynthesis, synthesisReport } from "./definitions";
import { deliveryReport, measureDelivery, meetsDeliveryBars } from "./delivery";
import { dialbackReport, measureDialback, meetsDialbackBars } from "./dialback";
import { dnsReport, measureDns, meetsDnsBars } from "./dns";
import { imageReport, measureImage, meetsImageBars } from "./image";
import { liveReport, measureLive, meetsLiveBars } from "./live";
import { measurePlan, meetsPlanBar, planReport } from "./plan";
import { measureProvider, meetsProviderBar, providerReport } from "./provider";
import { meetsS2sBars, s2sReport } from "./report/s2s-report";
import { fullSizes, measureS2s, smokeSizes } from "./s2s";
import { fullStreamSizes, measureStreams, meetsStreamBars, smokeStreamSizes, streamReport } from "./streams";

/** What one part of the bench came to. */
export interface PartResult {
  /** What is printed. */
  readonly report: string;
  /** Whether every bar of it is met. */
  readonly met: boolean;
  /** All raw figures, for JSON. */
  readonly figures: unknown;
}

/** How a part is run: small, or in full; `say` is told what is being done. */
export type Part = (smoke: boolean, say: (text: string) => void) => Promise<PartResult>;

const partners = (smoke: boolean) => (smoke ? [10, 100] : [10, 1_000, 10_000]);

/** All parts, in the order in which they run. */
export const parts: Readonly<Record<string, Part>> = {
  async check(smoke, say) {
    const figures = await measureCheck(partners(smoke), smoke ? 1 : 5, say);
    return { report: checkReport(figures), met: meetsCheckBar(figures), figures };
  },
  async chains(smoke, say) {
    const figures = await measureChains(smoke ? 1 : 5, smoke ? 5 : 200, say);
    return { report: chainReport(figures), met: meetsChainBars(figures), figures };
  },
  async plan(smoke, say) {
    const figures = await measurePlan(smoke ? [10, 100] : [10, 1_000], smoke ? 1 : 3, say);
    return { report: planReport(figures), met: meetsPlanBar(figures), figures };
  },
  async dns(smoke, say) {
    const figures = await measureDns(smoke ? [11] : [1, 100, 1_000], smoke ? 1 : 3, say);
    return { report: dnsReport(figures), met: meetsDnsBars(figures), figures };
  },
  async synthesis(smoke, say) {
    const figures = await measureSynthesis(partners(smoke), smoke ? 1 : 3, say);
    return { report: synthesisReport(figures), met: true, figures };
  },
  async apply(smoke, say) {
    const figures = await measureApply(smoke ? 1 : 3, say);
    return { report: applyReport(figures), met: meetsApplyBar(figures), figures };
  },
  async provider(smoke, say) {
    const figures = await measureProvider(smoke ? 2 : 15, say);
    return { report: providerReport(figures), met: meetsProviderBar(figures), figures };
  },
  async image(smoke, say) {
    // Nothing about it can be small: the image is of one size.
    if (smoke) return { report: "The image's build: not with --smoke", met: true, figures: undefined };
    const figures = await measureImage(say);
    return { report: imageReport(figures), met: meetsImageBars(figures), figures };
  },
  async container(smoke, say) {
    const why = withoutContainers();
    if (why !== undefined)
      return { report: `The image under podman: not measured, ${why}`, met: true, figures: undefined };
    const figures = await measureContainer(smoke ? 1 : 5, say);
    return { report: containerReport(figures), met: meetsContainerBars(figures), figures };
  },
  async live(smoke, say) {
    const sizes = smoke
      ? { partners: 100, rounds: 1, objectRounds: 0 }
      : { partners: 10_000, rounds: 5, objectRounds: 3 };
    const figures = await measureLive(sizes, say);
    return { report: liveReport(figures), met: meetsLiveBars(figures), figures };
  },
  async delivery(smoke, say) {
    const sizes = smoke ? smokeSizes : fullSizes;
    const figures = await measureDelivery(sizes, say);
    return { report: deliveryReport(figures, sizes, !smoke), met: meetsDeliveryBars(figures), figures };
  },
  async dialback(smoke, say) {
    const sizes = smoke ? smokeSizes : fullSizes;
    const figures = await measureDialback(sizes, say);
    return { report: dialbackReport(figures, sizes, !smoke), met: meetsDialbackBars(figures), figures };
  },
  async streams(smoke, say) {
    const figures = await measureStreams(smoke ? smokeStreamSizes : fullStreamSizes, say);
    return { report: streamReport(figures, !smoke), met: meetsStreamBars(figures), figures };
  },
  async s2s(smoke, say) {
    const sizes = smoke ? smokeSizes : fullSizes;
    const figures = await measureS2s(sizes, say);
    return { report: s2sReport(figures, sizes, !smoke), met: meetsS2sBars(figures, sizes), figures };
  },
};
