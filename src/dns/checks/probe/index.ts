import type { Family } from "../family";
import { rowsOf } from "./asked-as";
import { certificates } from "./certificates";
import { offers } from "./offers";
import { reach } from "./reach";
import { asFindings } from "./sighting";
import { starttls } from "./starttls";
import { stream } from "./stream";

/** On what partners meet who come to the Access Edge. */
export const probeFamily: Family = ({ expected, survey, probes, authorities, now }) => {
  const rowOf = rowsOf(expected.facts.gateway);
  const sightings = [
    ...reach(probes, survey.ipv6),
    ...stream(probes, rowOf),
    ...starttls(probes, rowOf),
    ...(authorities === undefined ? [] : certificates(probes, authorities, new Date(now))),
    ...offers(probes, rowOf),
  ];
  return asFindings(sightings, probes);
};
