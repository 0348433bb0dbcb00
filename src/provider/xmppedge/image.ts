import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { RegistryError } from "../../gateway/image/registry/registry-error";
import { parseRepository, requireTag } from "../../gateway/image/registry/repository";
import { type Call, type Change, ProviderError, type Resource } from "../protocol/provider";
import { isUnknown, type ObjectValue, sameValue, UNKNOWN } from "../protocol/value";
import { findingsOf, flagOf, type Rule, refuseInvalid, requiredText, text, textOf } from "./configured";
import type { ImageRegistry } from "./image-registry";

/** What the resource may use of the world. */
export interface ImageContext {
  /** Loaded when it is first needed. */
  registry(): ImageRegistry;
  /** Tells progress to whoever reads Terraform's log. */
  log(message: string): void;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Asks the registry client's own reader, so that both can never disagree. */
const readBy =
  (read: (value: string) => unknown): Rule =>
  (value) => {
    if (typeof value !== "string") return undefined;
    try {
      read(value);
      return undefined;
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      return { summary: `not ${error.expected}`, detail: `Found: ${error.found}.\nRemedy: ${error.remedy}.` };
    }
  };

const rules: { readonly [attribute: string]: Rule } = {
  layout: text((value) => value !== "", "a directory"),
  repository: readBy(parseRepository),
  digest: text((value) => DIGEST.test(value), "sha256: and 64 hex digits in lower case"),
  tag: readBy(requireTag),
};

/** An image of the gateway, in a registry by its digest. */
export const imageResource: Resource<ImageContext> = {
  schema: {
    description:
      "Pushes an image out of an OCI layout to a registry, by digest; only what the registry lacks is sent. Who may push is told by the environment of Terraform (`XMPP_EDGE_REGISTRY_USERNAME` and `XMPP_EDGE_REGISTRY_PASSWORD`, docker's configuration, or AWS's default chain for ECR), never by an attribute, so that no password comes into the state.",
    attributes: {
      layout: {
        type: "string",
        required: true,
        description:
          "Directory of the OCI layout that holds the image, as `xmpp-edge image build` makes it. It has to be there when something is pushed, not when nothing is; another path alone changes nothing.",
      },
      repository: {
        type: "string",
        required: true,
        description: "Where the image goes: `host[:port]/name`. Another one makes a new resource.",
      },
      digest: {
        type: "string",
        required: true,
        description:
          "`sha256:…` of the manifest or index in the layout. Another one is pushed in place; what was there stays.",
      },
      tag: {
        type: "string",
        optional: true,
        description: "A tag for the image, written when all else is there. Default: none; hosts run images by digest.",
      },
      delete_on_destroy: {
        type: "bool",
        optional: true,
        description:
          "Whether the image is deleted from the registry with this resource. Default false: hosts may still run it.",
      },
      id: { type: "string", computed: true, description: "The repository." },
      reference: {
        type: "string",
        computed: true,
        description: "`repository@digest`. What runs the image takes it from here, and so waits for the push.",
      },
    },
    blocks: {},
  },
  validate: (config) => findingsOf(config, rules),
  plan,
  async create(planned, context, call) {
    await push(planned, context, call);
    return settled(planned);
  },
  async update(planned, context, prior, call) {
    if (PUSHED.some((name) => !sameValue(planned[name], prior[name]))) await push(planned, context, call);
    return settled(planned);
  },
  async read(state, { registry }, { signal }) {
    const { repository, digest } = placeOf(state);
    const { imageIsThere } = registry();
    const found = await told(() => imageIsThere({ repository, digest, signal }));
    return found === "present" ? state : null;
  },
  async delete(prior, { registry }, { signal }) {
    if (!flagOf(prior.delete_on_destroy)) return;
    const { repository, digest } = placeOf(prior);
    const { deleteImage } = registry();
    await told(() => deleteImage({ repository, digest, signal }));
  },
  import(id) {
    const at = id.lastIndexOf("@");
    const state = { repository: id.slice(0, at), digest: id.slice(at + 1), delete_on_destroy: null };
    const [finding] = at === -1 ? [{ detail: "" }] : findingsOf(state, rules);
    if (finding !== undefined)
      throw new ProviderError(
        "not the id of an image",
        `Found ${JSON.stringify(id.slice(0, 512))}; expected host[:port]/name@sha256:<64 hex digits>. ${finding.detail}`,
      );
    return settled(state);
  },
};

/** A change of one of these sends something. */
const PUSHED = ["repository", "digest", "tag"] as const;

function plan({ prior, planned, replace }: Change): void {
  planned.id = planned.repository ?? null;
  planned.reference = referenceOf(planned);
  if (prior !== null && !sameValue(planned.repository, prior.repository)) replace.push("repository");
  const pushes = prior === null || PUSHED.some((name) => !sameValue(planned[name], prior[name]));
  // The same image built at another place, or on another machine, is no change.
  if (!pushes && textOf(prior.layout) !== undefined) planned.layout = prior.layout ?? null;
  if (prior === null || !sameValue(planned.digest, prior.digest)) refuseWrongLayout(planned);
}

/** A layout that is there and lacks the image would fail at apply, half a deploy later. One that is not there may come. */
function refuseWrongLayout(planned: ObjectValue): void {
  const [layout, digest] = [textOf(planned.layout), textOf(planned.digest)];
  if (layout === undefined || digest === undefined || !existsSync(join(layout, "oci-layout"))) return;
  const blob = join(layout, "blobs", ...digest.split(":"));
  if (statSync(blob, { throwIfNoEntry: false })?.isFile() === true) return;
  throw new ProviderError(
    "the layout has no image of this digest",
    `Found no ${digest} in ${layout}. Build the image again, and take the digest that the build gives.`,
    ["digest"],
  );
}

function referenceOf({ repository, digest }: { readonly [name: string]: unknown }) {
  return isUnknown(repository) || isUnknown(digest) ? UNKNOWN : `${repository}@${digest}`;
}

const settled = (planned: ObjectValue): ObjectValue => ({
  ...planned,
  id: planned.repository ?? null,
  reference: referenceOf(planned),
});

const placeOf = (state: ObjectValue) => ({
  repository: requiredText(state, "repository"),
  digest: requiredText(state, "digest"),
});

async function push(planned: ObjectValue, { registry, log }: ImageContext, call: Call): Promise<void> {
  refuseInvalid(planned, rules);
  const tag = textOf(planned.tag);
  const { pushImage } = registry();
  const { pushedBytes, refusedAttachments } = await told(() =>
    pushImage({
      layout: requiredText(planned, "layout"),
      ...placeOf(planned),
      ...(tag !== undefined && { tag }),
      signal: call.signal,
      progress: log,
    }),
  );
  log(`pushed ${pushedBytes} bytes to ${requiredText(planned, "repository")}`);
  for (const detail of refusedAttachments)
    call.report({ severity: "warning", summary: "the registry took the image without its SBOM or provenance", detail });
}

/** The registry client's errors as diagnostics, each at the attribute that it is about. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRegistryError(error)) throw error;
    const { code, found, expected, remedy } = error;
    const attribute = code.startsWith("layout-") ? "layout" : "repository";
    throw new ProviderError(found, `Expected ${expected}.\nRemedy: ${remedy}.\nCode: ${code}.`, [attribute]);
  }
}

/** By its name: the client is in a bundle of its own, with a class of its own. */
const isRegistryError = (error: unknown): error is RegistryError =>
  error instanceof Error && error.name === "RegistryError" && "code" in error;
