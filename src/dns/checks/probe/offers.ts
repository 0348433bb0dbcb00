import type { EdgeProbe } from "../../probe";
import type { RowOf } from "./asked-as";
import type { Sighting } from "./sighting";

/** On what is offered inside TLS. Without a certificate of the partner it is not seen whether EXTERNAL would be. */
export function offers(probes: readonly EdgeProbe[], rowOf: RowOf): Sighting[] {
  return probes.flatMap((probe): Sighting[] => {
    const { secureFeatures, secureDialback, certified, from } = probe;
    const row = rowOf(probe);
    if (secureFeatures === undefined || row === undefined) return [];
    if (secureDialback === true || secureFeatures.mechanisms?.includes("EXTERNAL") === true) return [];
    const due = [
      ...(certified === true && row.methods.includes("sasl-over-tls") ? ["SASL EXTERNAL"] : []),
      ...(row.methods.includes("tls-dialback") ? ["dialback"] : []),
    ];
    if (due.length === 0) return [];
    return [
      {
        probe,
        id: "auth-none",
        found: "inside TLS neither SASL EXTERNAL nor dialback is offered",
        expected: () => `${due.join(" or ")}, as the row of ${from} has it`,
        remedy: () => "let the gateway run with this definition: the one that answers has another row for that partner",
      },
    ];
  });
}
