import type { Control, ControlRefusal } from "../operation/control";
import { RefusedRequest } from "./answer";
import { Fields } from "./fields";
import { readJson } from "./request-body";
import type { RequestContext, Route } from "./route";

/** Seconds that a ping may take. */
const PATIENCE = { usual: 30, longest: 55 };
const STATUS: Readonly<Record<ControlRefusal["refused"], number>> = {
  "jid-malformed": 400,
  "item-not-found": 404,
  "policy-violation": 403,
  "resource-constraint": 429,
};

/** What an operator may ask of the gateway; the caller has shown the token. */
export function controlRoutes(operator: Control): ReadonlyMap<string, Route> {
  const trace = ({ query }: RequestContext) => {
    const fields = Fields.ofQuery(query);
    const partner = fields.text("partner");
    fields.end();
    const watched = operator.traceable(partner);
    if (typeof watched !== "string") throw refusal(watched);
    return {
      status: 200,
      body: { watching: watched },
      live: (write: (line: object) => void) => operator.trace(watched, write),
    };
  };

  const ping = async ({ request }: RequestContext) => {
    const fields = Fields.ofJson(await readJson(request));
    const to = fields.text("to");
    const from = fields.optionalText("from");
    const seconds = fields.optionalCount("timeout", 1, PATIENCE.longest) ?? PATIENCE.usual;
    fields.end();
    request.socket.setTimeout((seconds + 10) * 1000); // it is silent until the ping has ended
    const report = await operator.ping(to, from, seconds * 1000);
    if ("refused" in report) throw refusal(report);
    return { status: 200, body: report };
  };

  return new Map<string, Route>([
    ["/control/trace", { GET: trace }],
    ["/control/ping", { POST: ping }],
  ]);
}

function refusal({ refused, text, remedy }: ControlRefusal): RefusedRequest {
  return new RefusedRequest(STATUS[refused], refused, `${text}: ${remedy}`);
}
