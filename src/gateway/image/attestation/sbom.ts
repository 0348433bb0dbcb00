import type { Digest } from "../digest";
import { CREATED } from "../image-config";
import type { BundledPackage } from "../layers/program-files";
import type { ImageLock } from "../lock/lock";
import { PLATFORM_NAMES, type Platform } from "../platform";
import { debianPurl, npmPurl } from "./purl";

export const SBOM_MEDIA_TYPE = "application/spdx+json";

export interface SbomOptions {
  readonly lock: ImageLock;
  readonly platform: Platform;
  readonly bundled: readonly BundledPackage[];
  readonly version: string;
  /** The manifest that the list is of. */
  readonly subject: Digest;
}

/** The list of all that is in an image, in SPDX 2.3. It is the same for the same image: it carries no time of its own. */
export function sbom({ lock, platform, bundled, version, subject }: SbomOptions) {
  const { node, debian } = lock.platforms[platform];
  const image = {
    ...part("image", "xmpp-edge", version, "MIT", `pkg:oci/xmpp-edge@${encodeURIComponent(subject)}`),
    primaryPackagePurpose: "CONTAINER",
  };
  const parts = [
    {
      ...part("node", node.name, node.version, "MIT", npmPurl(node.name, node.version)),
      checksums: [{ algorithm: "SHA512", checksumValue: hex(node.integrity) }],
    },
    ...debian.map((one) => ({
      ...part(
        `deb-${one.package}`,
        one.package,
        one.version,
        undefined,
        debianPurl(lock, one, PLATFORM_NAMES[platform].debian),
      ),
      checksums: [{ algorithm: "SHA256", checksumValue: one.sha256 }],
    })),
    part("program", "xmpp-edge", version, "MIT", npmPurl("xmpp-edge", version)),
    ...bundled.map((one) =>
      part(`npm-${one.name}-${one.version}`, one.name, one.version, one.license, npmPurl(one.name, one.version)),
    ),
  ];
  const relations = parts.map(({ SPDXID }) => ({
    spdxElementId: image.SPDXID,
    relationshipType: "CONTAINS",
    relatedSpdxElement: SPDXID,
  }));
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `xmpp-edge ${version} ${platform}`,
    documentNamespace: `urn:xmpp-edge:spdx:${subject}`,
    creationInfo: { created: CREATED, creators: [`Tool: xmpp-edge-${version}`] },
    packages: [image, ...parts],
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: image.SPDXID },
      ...relations,
    ],
  };
}

function part(id: string, name: string, version: string, license: string | undefined, purl: string) {
  return {
    SPDXID: `SPDXRef-${id.replace(/[^A-Za-z0-9.-]/g, "-")}`,
    name,
    versionInfo: version,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: license === undefined || /[^A-Za-z0-9.+() -]/.test(license) ? "NOASSERTION" : license,
    copyrightText: "NOASSERTION",
    externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl }],
  };
}

const hex = (integrity: string) => Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex");
