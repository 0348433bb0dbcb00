import { startTlsOffer } from "../../../definition/negotiation";
import type { EdgeProbe } from "../../probe";
import type { RowOf } from "./asked-as";
import type { Sighting } from "./sighting";

/** On whether TLS is offered, and demanded where a row demands it. */
export function starttls(probes: readonly EdgeProbe[], rowOf: RowOf): Sighting[] {
  return probes.flatMap((probe): Sighting[] => {
    const row = rowOf(probe);
    const due = row === undefined ? undefined : startTlsOffer(row);
    if (probe.problem?.code === "no-starttls")
      return due === "absent"
        ? []
        : [
            {
              probe,
              id: "starttls-missing",
              found: "STARTTLS is not offered",
              expected: () => `STARTTLS${due === "required" ? ", required" : ""}`,
              remedy: () =>
                "let the gateway of this definition answer at the address, and look whether a device on the way takes the offer out",
            },
          ];
    if (probe.features?.starttls !== "optional" || due !== "required") return [];
    return [
      {
        probe,
        id: "starttls-optional",
        found: "STARTTLS is offered, and not required",
        expected: () => `<required/>: the row of ${probe.from} lets nothing pass without TLS`,
        remedy: () => "let the gateway run with this definition: the one that answers has another row for that partner",
      },
    ];
  });
}
