import type { Evidence } from "../../evidence";
import type { Service } from "../../expected";
import { comparable, declaresNoService } from "../../resolver";
import type { Found } from "../family";
import { recordsText, saidThere, setText, together } from "./said-there";
import { wildcardSet } from "./wildcard";

/** Records of other XMPP services of the domain that lead nobody, or lead to what the Access Edge does not serve. */
export function* otherServices(service: Service, evidence: Evidence): Iterable<Found> {
  const { survey, expected } = evidence;
  const { domain, record } = service;
  const wild = setText(wildcardSet(survey, domain));
  const at = (label: string) => {
    const owner = `${label}._tcp.${domain}`;
    const said = saidThere(survey, owner).filter(
      // What a wildcard gives to whoever asks was not published for this service; `.` says that there is none.
      ({ records, expanded }) => !expanded && !declaresNoService(records) && (wild === "" || setText(records) !== wild),
    );
    const { records, server } = together(said);
    return records.length === 0 ? undefined : { owner, records, server };
  };
  const edge = comparable(record.target);
  const clients = at("_xmpp-client");
  const toEdge = clients?.records.filter(({ target }) => target === edge) ?? [];
  if (clients !== undefined && toEdge.length > 0)
    yield {
      id: "srv-client-hint",
      domain,
      subject: `${clients.owner} SRV`,
      server: clients.server,
      found: recordsText(toEdge),
      expected: "no record that sends XMPP clients to the Access Edge",
      remedy: "remove the record: the Access Edge serves partners' servers, and no clients",
    };
  const old = at("_jabber");
  if (old !== undefined)
    yield {
      id: "srv-jabber-obsolete",
      domain,
      subject: `${old.owner} SRV`,
      server: old.server,
      found: recordsText(old.records),
      expected: "no such record: only servers from before RFC 3920 look there",
      remedy: "remove the record",
    };
  const { accessEdge } = expected.facts;
  if (accessEdge?.directTlsPort !== undefined) return;
  const direct = at("_xmpps-server");
  if (direct === undefined) return;
  const ours = direct.records.some(({ target }) => target === edge);
  yield {
    id: "srv-direct-tls",
    domain,
    subject: `${direct.owner} SRV`,
    server: direct.server,
    found: recordsText(direct.records),
    expected: "no such record: the definition declares no direct TLS",
    remedy: ours
      ? "remove the record: the Access Edge does not speak direct TLS"
      : "remove the record: partners that know direct TLS may go there in place of the Access Edge",
  };
}
