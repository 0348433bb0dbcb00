import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { defineEdge, type EdgeInput, facts } from "xmpp-edge";
import {
  EdgeCertificate,
  GatewayImage,
  type SynthesiseOptions,
  synthesise,
  XmppEdge,
  type XmppEdgeProps,
} from "xmpp-edge/constructs";
import example from "../../examples/contoso/edge.config";
import { contoso } from "./definitions";
import { read, type Stack, synthesised } from "./synthesised";

const image = GatewayImage.fromReference(`registry.example/xmpp-edge@sha256:${"a".repeat(64)}`);
const ARN = "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";

describe("a whole edge", () => {
  const placed = (changes: Partial<EdgeInput> = {}, props: Partial<XmppEdgeProps> = {}): Stack =>
    synthesised((stack) => new XmppEdge(stack, "edge", { definition: contoso(changes), image, ...props }));

  test("wires host, list and records to one another", () => {
    const stack = placed();
    expect(stack.only("aws_instance").user_data).toMatch(
      /run s3:\/\/\$\{aws_s3_bucket\.\w+\.id\}\/gateway-document\.json/,
    );
    expect(stack.only("aws_iam_role_policy").policy).toMatch(/\$\{aws_s3_bucket\.\w+\.arn\}\/gateway-document\.json/);
    const published = Object.fromEntries(stack.all("aws_route53_record").map(({ type, records }) => [type, records]));
    expect(published.A).toEqual([expect.stringMatching(/^\$\{aws_eip\.[\w-]+\.public_ip\}$/)]);
    expect(published.AAAA).toEqual([
      expect.stringMatching(/^\$\{one\(tolist\(aws_network_interface\.\w+\.ipv6_addresses\)\)\}$/),
    ]);
  });

  test("looks afterwards as far as it is told, and takes for granted what it is told", () => {
    const federationCheck = {
      viaResolversOnly: true,
      rootHints: ". 3600 IN NS ns.lab.example.\nns.lab.example. 3600 IN A 10.0.0.1",
      dnssecAnchor: ". IN DS 1 13 2 AA",
      dnsPort: 5353,
      allowPrivate: true,
      timeout: 5,
    };
    const federation = placed({}, { federationCheck }).only("data.xmppedge_federation");
    expect(federation).toMatchObject({
      via_resolvers_only: true,
      root_hints: federationCheck.rootHints,
      dnssec_anchor: federationCheck.dnssecAnchor,
      dns_port: 5353,
      allow_private: true,
      timeout: 5,
    });
  });

  test("publishes nothing before the pre-flight, and looks at it afterwards", () => {
    const questions = { nameServers: ["contoso.example=127.0.0.1:5353"] };
    const stack = placed({}, { preflight: { ...questions, allowUnknown: true }, federationCheck: questions });
    expect(stack.only("data.xmppedge_preflight")).toMatchObject({
      fqdn: "sip.contoso.example",
      domains: ["contoso.example"],
      takes_over: false,
      allow_unknown: true,
      name_servers: questions.nameServers,
    });
    for (const { depends_on } of stack.all("aws_route53_record"))
      expect(depends_on).toEqual([expect.stringMatching(/^data\.xmppedge_preflight\.\w+$/)]);
    const federation = stack.only("data.xmppedge_federation");
    expect(federation.name_servers).toEqual(questions.nameServers);
    for (const left of ["via_resolvers_only", "root_hints", "dnssec_anchor", "dns_port", "allow_private"])
      expect(federation).not.toHaveProperty(left);
    expect(federation.depends_on).toEqual(
      expect.arrayContaining([expect.stringMatching(/^aws_route53_record\.[\w-]+$/)]),
    );
    expect(JSON.parse(String(federation.definition))).not.toHaveProperty("partners");
    expect(defineEdge(JSON.parse(String(federation.definition))).accessEdge.fqdn).toBe("sip.contoso.example");
    const { check, data } = JSON.parse(stack.json);
    const [name] = Object.keys(data.xmppedge_federation);
    // The verdict is not the check's own data source: Terraform would read that anew at every apply.
    expect(Object.keys(check.federation_contoso)).toEqual(["assert"]);
    expect(check.federation_contoso.assert).toEqual([
      {
        condition: `\${contains(["pass", "warn"], data.xmppedge_federation.${name}.verdict)}`,
        error_message: expect.stringContaining(`federation of contoso: \${data.xmppedge_federation.${name}.summary}`),
      },
    ]);
  });

  test("asks no network where both are left out", () => {
    const stack = placed({}, { preflight: false, federationCheck: false });
    expect(stack.json).not.toContain("xmppedge");
  });

  test("keeps its parts within reach", () => {
    synthesised((stack) => {
      const edge = new XmppEdge(stack, "edge", { definition: contoso(), image });
      edge.host.instance.addOverride("hibernation", false);
      expect(edge.node.findChild("host").node.defaultChild).toBe(edge.host.instance);
    });
  });

  test.each([
    [
      "a definition that names ACM without a certificate",
      { kind: "acm" } as const,
      undefined,
      /kind is acm and no ACM certificate was given; pass certificate/,
    ],
    [
      "an ACM certificate that the definition does not name",
      { kind: "request" } as const,
      ARN,
      /write kind: "acm" in the definition/,
    ],
  ])("refuses %s", (_, source, arn, message) => {
    const place = () =>
      synthesised((stack) => {
        const certificate =
          arn === undefined ? {} : { certificate: EdgeCertificate.fromArn(stack, "certificate", arn) };
        new XmppEdge(stack, "edge", { definition: contoso({ certificate: { source } }), image, ...certificate });
      });
    expect(place).toThrow(message);
  });

  test("synthesises 10,000 partners without a visible pause", () => {
    const partners = Array.from({ length: 10_000 }, (_, at) => ({ domain: `partner${at}.example` }));
    const definition = contoso({ partners });
    const started = process.cpuUsage(); // not by the clock: others may be at work on the machine
    const stack = synthesised((scope) => new XmppEdge(scope, "edge", { definition, image }));
    const { user, system } = process.cpuUsage(started);
    expect(JSON.parse(String(stack.only("aws_s3_object").content)).partners).toHaveLength(10_000);
    expect((user + system) / 1e6).toBeLessThan(5);
  });
});

describe("synthesis", () => {
  let outdir: string;
  beforeEach(() => {
    outdir = join(mkdtempSync(join(tmpdir(), "synthesise-")), "cdktf.out");
  });
  afterEach(() => rmSync(join(outdir, ".."), { recursive: true }));

  const written = (options?: SynthesiseOptions): string => {
    const { stack, file } = synthesise(example, outdir, options);
    expect(stack).toBe("contoso");
    expect(file).toBe(join(outdir, "stacks", "contoso", "cdk.tf.json"));
    return readFileSync(file, "utf8");
  };

  test("of the example holds the SRV record, the port, the Access Edge and an image by digest", () => {
    const json = written();
    const srv = read(json)
      .all("aws_route53_record")
      .find(({ type }) => type === "SRV");
    expect(srv).toMatchObject({
      name: "_xmpp-server._tcp.contoso.example",
      records: ["0 0 5269 sip.contoso.example."],
    });
    expect(json).toContain(GatewayImage.example().reference);
    expect(JSON.parse(String(read(json).only("aws_s3_object").content))).toEqual(facts(example).gateway);
  });

  test("is the same everywhere: it holds no path of this machine", () => {
    const json = written();
    expect(json).not.toContain(outdir);
    expect(json).not.toContain(process.cwd());
    expect(JSON.parse(json).terraform.backend).toEqual({ local: { path: "../../../terraform.contoso.tfstate" } });
  });

  test("of the example stack", () => {
    expect(JSON.parse(written())).toMatchSnapshot();
  });

  test("tags everything with the edge", () => {
    expect(JSON.parse(written({ region: "eu-south-1" })).provider.aws).toEqual([
      { region: "eu-south-1", default_tags: [{ tags: { project: "xmpp-edge", edge: "contoso" } }] },
    ]);
  });
});
