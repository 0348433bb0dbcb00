import type { Evidence } from "../../evidence";
import { questionKey } from "../../survey";
import type { Family } from "../family";
import { differingCopies } from "./answers-differ";
import { failingServers, neededQuestions } from "./failing-servers";
import { glue } from "./glue";
import { namedServers } from "./named-servers";
import { places } from "./places";
import { serverHabits } from "./server-habits";
import { deniedUnderscores, underscoreDenials } from "./underscore";
import { together, type ZoneFound } from "./zone-found";
import { zoneSettings } from "./zone-settings";
import { zoneViews } from "./zone-view";

/**
 * The delegation, and the servers that speak for the zones that names of the definition are in. Others' zones, such as
 * a registry's, are looked at only as far as they say where ours are.
 */
export const delegation: Family = (evidence) => together(found(evidence));

function* found(evidence: Evidence): Iterable<ZoneFound> {
  yield* places(evidence);
  const views = zoneViews(evidence);
  const needed = neededQuestions(evidence);
  for (const view of views) {
    const denials = underscoreDenials(view);
    yield* failingServers(
      view,
      needed,
      (server, { question }) =>
        denials.find((denial) => denial.server === server)?.questions.has(questionKey(question)) === true,
    );
    yield* deniedUnderscores(view, denials);
    yield* differingCopies(view, evidence.expected, denials, evidence.survey.randomLabel);
    yield* zoneSettings(view, evidence);
    if (view.delegated && isOwn(view.zone.name)) {
      yield* namedServers(view);
      yield* glue(view);
    }
  }
  yield* serverHabits(views);
}

/** The root and top-level domains are nobody's to mend who reads the report. */
const isOwn = (zone: string) => zone.includes(".") && zone !== ".";
