import { systemAnchorsPem } from "../../certificate/system-anchors";
import { TrustStore } from "../../certificate/trust-store";
import type { Evidence } from "../evidence";
import type { Expected } from "../expected";
import type { Survey } from "../survey";
import { askingAs } from "./asking-as";
import { edgePlaces } from "./edge-places";
import { probeEdge, probesLeftOut } from "./edge-servers";
import { lookAtPartners, type PartnerDomain } from "./partners/look-at-partners";
import { surveyedNames } from "./partners/surveyed-names";
import type { ProbingOptions } from "./probing-options";

export interface LiveServersOptions extends ProbingOptions {
  readonly partners: readonly PartnerDomain[];
  /** How many domains of partners were not to be looked at. */
  readonly partnersLeftOut: number;
  readonly partnerSurvey: Survey | undefined;
  /** Milliseconds until the run is over. */
  readonly left: number;
  readonly interrupted?: AbortSignal;
  readonly now: () => number;
}

/** Every address, of both families. */
const EVERYWHERE = ["0.0.0.0/0", "::/0"];

/** Connects to the Access Edge as partners do, and to the partners as the Access Edge does. */
export async function liveServers(
  expected: Expected,
  survey: Survey,
  options: LiveServersOptions,
): Promise<Pick<Evidence, "probes" | "partners" | "authorities" | "notLooked">> {
  const { gateway } = expected.facts;
  const { from, timeout = 10, secureContext, interrupted, trustAnchors, left } = options;
  const signal = AbortSignal.any([
    AbortSignal.timeout(Math.max(0, Math.floor(left))),
    ...(interrupted ? [interrupted] : []),
  ]);
  const probing = { timeout: timeout * 1000, signal, ...(secureContext !== undefined && { secureContext }) };
  let authorities = trustAnchors;
  const trust = () => (authorities ??= TrustStore.fromPem(systemAnchorsPem()));
  const partnerOf = gateway === undefined ? () => undefined : askingAs(gateway);
  const places = edgePlaces(expected, survey, options);
  const [probes, partners] = await Promise.all([
    places.then((all) => probeEdge(all, { ...probing, as: (domain) => from ?? partnerOf(domain) })),
    gateway === undefined || options.partnerSurvey === undefined
      ? []
      : lookAtPartners(options.partners, {
          ...probing,
          names: surveyedNames(options.partnerSurvey),
          gateway,
          allowedTargets: expected.allowPrivate ? EVERYWHERE : (options.allowedTargets ?? []),
          trust,
          now: options.now,
          ...(options.connectTo !== undefined && { connectTo: options.connectTo }),
        }),
  ]);
  const leftOut = [
    { what: "probes", count: probesLeftOut(await places) },
    { what: "partners", count: options.partnersLeftOut },
  ] as const;
  const notLooked = leftOut.filter(({ count }) => count > 0);
  return {
    probes,
    partners,
    ...(notLooked.length > 0 && { notLooked }),
    ...(probes.some(({ tls }) => tls !== undefined) && { authorities: trust() }),
  };
}
