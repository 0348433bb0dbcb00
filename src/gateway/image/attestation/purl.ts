import type { ImageLock, LockedDebian } from "../lock/lock";

/** Package URLs (purl specification): how a part is called wherever it comes from. */
export const npmPurl = (name: string, version: string) =>
  `pkg:npm/${name.replace(/^@/, "%40")}@${encodeURIComponent(version)}`;

export const debianPurl = ({ debian }: ImageLock, { package: name, version }: LockedDebian, architecture: string) =>
  `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${name === "ca-certificates" ? "all" : architecture}&distro=debian-${debian.versionId}`;
