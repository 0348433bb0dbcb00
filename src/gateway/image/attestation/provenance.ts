import type { Digest } from "../digest";
import type { ImageLock } from "../lock/lock";
import { PLATFORM_NAMES, type Platform } from "../platform";
import { debianPurl, npmPurl } from "./purl";

export const PROVENANCE_MEDIA_TYPE = "application/vnd.in-toto+json";
export const PROVENANCE_TYPE = "https://slsa.dev/provenance/v1";

export interface ProvenanceOptions {
  readonly lock: ImageLock;
  readonly platforms: readonly Platform[];
  readonly version: string;
  /** What was built. */
  readonly subject: { readonly name: string; readonly digest: Digest };
  /** Of the program layer's archive. */
  readonly program: Digest;
  /** Of the configuration layer's archive. */
  readonly configuration?: Digest;
}

/**
 * What an image was made of and by what: an in-toto statement with SLSA's provenance, version 1. Unsigned, and without
 * the builder's name or time, so that two builds of the same say the same.
 */
export function provenance({ lock, platforms, version, subject, program, configuration }: ProvenanceOptions) {
  const own = npmPurl("xmpp-edge", version);
  const dependencies = platforms.flatMap((platform) => {
    const { node, debian } = lock.platforms[platform];
    const sha512 = Buffer.from(node.integrity.replace(/^sha512-/, ""), "base64").toString("hex");
    return [
      { uri: npmPurl(node.name, node.version), digest: { sha512 } },
      ...debian.map((one) => ({
        uri: debianPurl(lock, one, PLATFORM_NAMES[platform].debian),
        digest: { sha256: one.sha256 },
      })),
    ];
  });
  const once = new Map(dependencies.map((one) => [one.uri, one]));
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: subject.name, digest: { sha256: bare(subject.digest) } }],
    predicateType: PROVENANCE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: `${own}#image`,
        externalParameters: {
          platforms,
          ...(configuration === undefined ? {} : { configuration: { sha256: bare(configuration) } }),
        },
        resolvedDependencies: [{ uri: own, digest: { sha256: bare(program) } }, ...once.values()],
      },
      runDetails: { builder: { id: own } },
    },
  };
}

const bare = (digest: Digest) => digest.slice("sha256:".length);
