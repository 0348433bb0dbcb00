import type { Evidence } from "../../evidence";
import { copiesOf, newestOf } from "./serial";
import type { ZoneFound } from "./zone-found";
import type { ZoneView } from "./zone-view";

/** Seconds: how long an absence may be remembered while records are about to change. */
const LONGEST_ABSENCE = 3600;

/** What the zone is set to that is no fault in its records. */
export function* zoneSettings(view: ZoneView, evidence: Evidence): Iterable<ZoneFound> {
  yield* openTransfer(view);
  yield* negativeTtl(view, evidence);
}

function* openTransfer(view: ZoneView): Iterable<ZoneFound> {
  const { zone } = view;
  const open = view.servers.filter(({ overTcp }) =>
    overTcp.some(
      ({ question, said }) =>
        // The first record of a transfer is the zone's SOA (RFC 5936 section 2.2); that there is one is enough.
        question.type === "AXFR" &&
        said.status === "answered" &&
        said.code === "NOERROR" &&
        said.wire.readUInt16BE(6) > 0,
    ),
  );
  if (open.length === 0) return;
  yield {
    id: "ns-axfr-open",
    server: open.map(({ name }) => name).join(", "),
    found: "it hands the whole zone to anybody who asks (AXFR)",
    expected: "transfers to its secondaries alone",
    remedy: "allow transfers of the zone to the addresses or keys of its secondaries only",
    view,
    about: [`${zone.name} AXFR`],
  };
}

/** While a cut-over is open, the records are about to change. */
function* negativeTtl(view: ZoneView, { expected }: Evidence): Iterable<ZoneFound> {
  if (!expected.facts.dns.cutOver) return;
  const copies = copiesOf(view);
  const newest = newestOf(copies);
  if (newest === undefined) return;
  const seconds = Math.min(newest.ttl, newest.minimum);
  if (seconds <= LONGEST_ABSENCE) return;
  yield {
    id: "negative-ttl",
    server: copies.flatMap(({ server, soa }) => (soa.serial === newest.serial ? [server] : [])).join(", "),
    found: `that a name does not exist may be remembered for ${seconds} s`,
    expected: `at most ${LONGEST_ABSENCE} s while a cut-over is open`,
    remedy: `lower the last field of the SOA record of ${view.zone.name} (minimum) to ${LONGEST_ABSENCE} or less, and raise its serial`,
    view,
    about: [`${view.zone.name} SOA`],
  };
}
