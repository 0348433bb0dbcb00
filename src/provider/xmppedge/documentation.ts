import { PROVIDER_ADDRESS } from "../address";
import { type Attribute, type Block, isNested } from "../protocol/schema";
import { EXAMPLES } from "./examples";
import { xmppedge } from "./provider";

/** One page of the provider's documentation. */
export interface Page {
  /** Its name in docs/provider. */
  readonly file: string;
  /** Markdown. */
  readonly text: string;
}

/** The documentation: an overview, and a page for each resource and data source, made from the schema. */
export function providerPages(): Page[] {
  const { config, resources, data } = xmppedge({
    registry: () => {
      throw new Error("the documentation pushes nothing");
    },
    log: () => {},
  });
  const pages = [
    ...Object.entries(resources).map(([name, { schema }]) => page("resource", name, schema)),
    ...Object.entries(data).map(([name, { schema }]) => page("data source", name, schema)),
  ];
  return [overview(config.description ?? "", pages), ...pages.map(({ file, text }) => ({ file, text }))];
}

interface NamedPage extends Page {
  readonly kind: string;
  readonly name: string;
  readonly about: string;
}

function page(kind: string, name: string, schema: Block): NamedPage {
  const about = schema.description ?? "";
  const all = Object.entries(schema.attributes);
  const arguments_ = all.filter(([, { computed }]) => computed !== true);
  const results = all.filter(([, { computed }]) => computed === true);
  const text = `# ${name} (${kind})

${about}

\`\`\`hcl
${EXAMPLES[name] ?? ""}\`\`\`

| argument | type | | |
|---|---|---|---|
${arguments_.map(([argument, attribute]) => `| \`${argument}\` | ${typeOf(attribute)} | ${attribute.required ? "required" : "optional"} | ${cell(attribute)} |\n`).join("")}
| attribute | type | |
|---|---|---|
${results.map(([attribute, its]) => `| \`${attribute}\` | ${typeOf(its)} | ${cell(its)} |\n`).join("")}${name === "xmppedge_image" ? IMPORT : ""}`;
  return { file: `${name.replace("xmppedge_", "")}.md`, text, kind, name, about };
}

const IMPORT = `
An image that is in the registry is taken over by \`terraform import xmppedge_image.gateway HOST/NAME@sha256:…\`.
`;

const cell = ({ description = "" }: Attribute): string => description.replaceAll("|", "\\|");

function typeOf({ type }: Attribute): string {
  if (isNested(type)) return `${type.nested} of objects`;
  if (typeof type === "string") return type;
  if (type[0] === "object") return "object";
  const element = type[1];
  return `${type[0]} of ${typeof element === "string" ? element : "object"}s`;
}

const overview = (about: string, pages: readonly NamedPage[]): Page => ({
  file: "index.md",
  text: `# The Terraform provider

${about}

\`\`\`hcl
terraform {
  required_providers {
    xmppedge = { source = "${PROVIDER_ADDRESS}" }
  }
}
\`\`\`

Nobody serves that address: Terraform finds the provider in the stack's own \`terraform.d/plugins\`. Synthesis lays it
there; for a stack written by hand, and for runners without Node, do it yourself:

\`\`\`
xmpp-edge provider install ./infrastructure
xmpp-edge provider install ./infrastructure --single-executable
\`\`\`

The first needs \`node\` (22.18 or later) on PATH where Terraform runs. The second makes, for this machine's platform, one
file of about 125 MB with Node inside; it needs \`postject\` beside xmpp-edge. \`terraform init\` records a hash of the
provider: after an update of xmpp-edge run \`terraform init -upgrade\`. With \`cdktf deploy\` and no registry in reach pass
\`--skip-provider-lock\`. Windows is not served.

| | |
|---|---|
${pages.map(({ file, name, kind, about: what }) => `| [\`${name}\`](${file}) (${kind}) | ${what.split(". ")[0]} |\n`).join("")}
In a CDKTF app they are \`XmppedgeProvider\`, \`XmppedgeImage\`, \`DataXmppedgePreflight\` and \`DataXmppedgeFederation\` of
\`xmpp-edge/constructs\`, with the arguments in camel case.

Interrupted, a push ends at once and leaves no manifest and no tag; the next run sends what is missing. These pages are
made from the provider's schema by \`npm run docs:provider\`.
`,
});
