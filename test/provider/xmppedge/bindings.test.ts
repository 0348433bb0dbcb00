import { describe, expect, test } from "@jest/globals";
import { App, TerraformStack, Testing } from "cdktf";
import {
  DataXmppedgeFederation,
  DataXmppedgePreflight,
  XmppedgeImage,
  XmppedgeProvider,
} from "../../../src/constructs/terraform";
import { PROVIDER_ADDRESS, PROVIDER_VERSION } from "../../../src/provider/address";
import { xmppedge } from "../../../src/provider/xmppedge/provider";

const { resources, data } = xmppedge({
  registry: () => {
    throw new Error("nothing is pushed here");
  },
  log: () => {},
});

/** The arguments that the schema has. */
const argumentsOf = (source: { readonly schema: (typeof data)[string]["schema"] } | undefined): string[] =>
  Object.entries(source?.schema.attributes ?? {}).flatMap(([name, { computed }]) => (computed ? [] : [name]));

function synthesised(hcl = false): {
  readonly [kind: string]: Record<string, Record<string, Record<string, unknown>>>;
} {
  const stack = new TerraformStack(new App(), "stack");
  new XmppedgeProvider(stack, "provider");
  const image = new XmppedgeImage(stack, "image", {
    layout: "layout",
    repository: "registry.example/edge",
    digest: `sha256:${"0".repeat(64)}`,
    tag: "v1",
    deleteOnDestroy: true,
  });
  const preflight = new DataXmppedgePreflight(stack, "preflight", {
    fqdn: "xmpp.contoso.example",
    domains: ["contoso.example"],
    addresses: ["198.51.100.7"],
    takesOver: false,
    allowUnknown: false,
    nameServers: ["192.0.2.53"],
    resolvers: ["192.0.2.54"],
    timeout: 10,
  });
  new DataXmppedgeFederation(stack, "federation", {
    definition: image.reference,
    resolvers: ["192.0.2.54"],
    nameServers: ["192.0.2.53"],
    timeout: 10,
    viaResolversOnly: false,
    rootHints: "a.root. 3600 IN A 192.0.2.1",
    dnssecAnchor: ". IN DS 1 13 2 00",
    dnsPort: 5353,
    allowPrivate: true,
    dependsOn: [preflight],
  });
  return JSON.parse(hcl ? JSON.stringify({ text: Testing.synthHcl(stack) }) : Testing.synth(stack));
}

describe("the CDKTF classes", () => {
  test("write exactly the arguments that the provider has", () => {
    const stack = synthesised();
    const written = (kind: "resource" | "data", type: string) =>
      Object.keys(stack[kind]?.[type]?.[type.replace(/^xmppedge_/, "")] ?? {}).filter(
        (name) => name !== "//" && name !== "depends_on",
      );
    expect(written("resource", "xmppedge_image").sort()).toEqual(argumentsOf(resources.xmppedge_image).sort());
    for (const type of ["xmppedge_preflight", "xmppedge_federation"])
      expect(written("data", type).sort()).toEqual(argumentsOf(data[type]).sort());
  });

  test("name the provider by address and version, and refer to one another", () => {
    const stack = synthesised();
    expect(stack.terraform?.required_providers).toEqual({
      xmppedge: { source: PROVIDER_ADDRESS, version: PROVIDER_VERSION },
    });
    expect(stack.data?.xmppedge_federation?.federation).toMatchObject({
      definition: `\${xmppedge_image.image.reference}`,
      depends_on: ["data.xmppedge_preflight.preflight"],
    });
  });

  test("write the same as HCL", () => {
    const { text } = synthesised(true) as unknown as { text: string };
    expect(text).toMatch(/resource "xmppedge_image" "image" \{[\s\S]*delete_on_destroy = true/);
    expect(text).toMatch(/data "xmppedge_preflight" "preflight" \{[\s\S]*domains\s*= \[\s*"contoso.example",?\s*\]/);
  });

  test("leave out what is not given", () => {
    const stack = new TerraformStack(new App(), "stack");
    new XmppedgeImage(stack, "image", { layout: "l", repository: "r.example/e", digest: "sha256:0" });
    const { resource } = JSON.parse(Testing.synth(stack)) as { resource: Record<string, Record<string, object>> };
    expect(Object.keys(resource.xmppedge_image?.image ?? {}).sort()).toEqual(["digest", "layout", "repository"]);
  });
});
