import type { AwsAnswer, AwsCall, AwsService } from "./service";
import { AwsStandIn } from "./stand-in";

interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
}

/**
 * A stand-in for the Route 53 API on loopback: the five calls that the host makes, with the one rule that matters to
 * it, that a batch is refused as a whole where a DELETE does not name exactly what is there. It proves how we use the
 * API, not how AWS behaves.
 */
export class Route53StandIn implements AwsService {
  readonly name = "route53";
  readonly sets = new Map<string, RecordSet>();
  readonly calls: string[] = [];
  /** Called before each change is judged: what somebody else does meanwhile. */
  meanwhile: () => void = () => undefined;
  #pending = 1;
  /** A server of its own; another `AwsStandIn` may play it instead. */
  readonly #server = new AwsStandIn(this);

  constructor(private readonly zones: readonly { id: string; name: string; private?: boolean }[]) {}

  async start(): Promise<void> {
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  get endpoint(): string {
    return this.#server.endpoint;
  }

  answer({ method, path, query, body }: AwsCall): AwsAnswer {
    this.calls.push(`${method} ${path}`);
    const { status, xml } = this.#answer(method, path, query, body.toString("utf8"));
    return { status, headers: { "content-type": "text/xml" }, body: `<?xml version="1.0"?>${xml}` };
  }

  refuse(status: number, code: string, message: string): AwsAnswer {
    return { status, headers: { "content-type": "text/xml" }, body: error(code, message).xml };
  }

  put(name: string, type: string, values: readonly string[], ttl = 300): void {
    this.sets.set(`${name} ${type}`, { name, type, ttl, values });
  }

  #answer(method: string, path: string, query: URLSearchParams, body: string): { status: number; xml: string } {
    if (path === "/2013-04-01/hostedzonesbyname") return ok("ListHostedZonesByNameResponse", this.#zonesFrom(query));
    if (path.startsWith("/2013-04-01/change/")) return ok("GetChangeResponse", change("INSYNC"));
    if (method === "GET") return ok("ListResourceRecordSetsResponse", this.#setsFrom(query));
    this.meanwhile();
    const changes = [...body.matchAll(/<Change>(.*?)<\/Change>/gs)].map(([, text = ""]) => text);
    const read = changes.map((text) => ({ action: one(text, "Action"), set: setOf(text) }));
    for (const { action, set } of read)
      if (action === "DELETE" && JSON.stringify(this.sets.get(`${set.name} ${set.type}`)) !== JSON.stringify(set))
        return error("InvalidChangeBatch", "the values do not match");
    for (const { action, set } of read)
      if (action === "CREATE" && this.sets.has(`${set.name} ${set.type}`) && read.length === 1)
        return error("InvalidChangeBatch", "it already exists");
    for (const { action, set } of read)
      if (action === "DELETE") this.sets.delete(`${set.name} ${set.type}`);
      else this.put(set.name, set.type, set.values, set.ttl);
    return ok("ChangeResourceRecordSetsResponse", change(this.#pending-- > 0 ? "PENDING" : "INSYNC"));
  }

  #zonesFrom(query: URLSearchParams): string {
    const zones = this.zones
      .filter(({ name }) => name === query.get("dnsname"))
      .map(
        ({ id, name, private: hidden = false }) =>
          `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}.</Name><CallerReference>r</CallerReference><Config><PrivateZone>${hidden}</PrivateZone></Config></HostedZone>`,
      );
    return `<HostedZones>${zones.join("")}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>10</MaxItems>`;
  }

  /** The API lists from a name on: a set that is not there is answered with the next one. */
  #setsFrom(query: URLSearchParams): string {
    const set = this.sets.get(`${query.get("name")} ${query.get("type")}`) ?? {
      name: "zzz.example",
      type: "TXT",
      ttl: 1,
      values: ['"the next one"'],
    };
    const values = set.values.map((value) => `<ResourceRecord><Value>${escaped(value)}</Value></ResourceRecord>`);
    return `<ResourceRecordSets><ResourceRecordSet><Name>${set.name}.</Name><Type>${set.type}</Type><TTL>${set.ttl}</TTL><ResourceRecords>${values.join("")}</ResourceRecords></ResourceRecordSet></ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>1</MaxItems>`;
  }
}

const ok = (name: string, inner: string) => ({ status: 200, xml: `<${name}>${inner}</${name}>` });
const error = (code: string, message: string) => ({
  status: 400,
  xml: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});
const change = (status: string) =>
  `<ChangeInfo><Id>/change/C1</Id><Status>${status}</Status><SubmittedAt>2030-06-15T12:00:00Z</SubmittedAt></ChangeInfo>`;
const one = (text: string, tag: string) => unescaped(new RegExp(`<${tag}>(.*?)</${tag}>`, "s").exec(text)?.[1] ?? "");
const setOf = (text: string): RecordSet => ({
  name: one(text, "Name").replace(/\.$/, ""),
  type: one(text, "Type"),
  ttl: Number(one(text, "TTL")),
  values: [...text.matchAll(/<Value>(.*?)<\/Value>/gs)].map(([, value = ""]) => unescaped(value)),
});
const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const unescaped = (text: string) =>
  text
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");
