/** A platform that images are made for. */
export type Platform = "linux/amd64" | "linux/arm64";

export const PLATFORMS: readonly Platform[] = ["linux/amd64", "linux/arm64"];

/** What one platform is called by those whose parts make up the image. */
export interface PlatformNames {
  readonly oci: "amd64" | "arm64";
  /** Of the npm package with Node: `node-linux-<npm>`. */
  readonly npm: "x64" | "arm64";
  readonly debian: "amd64" | "arm64";
  /** Debian's folder of libraries below /usr/lib. */
  readonly triplet: string;
  /** `e_machine` of its ELF files. */
  readonly elfMachine: number;
}

export const PLATFORM_NAMES: Readonly<Record<Platform, PlatformNames>> = {
  "linux/amd64": { oci: "amd64", npm: "x64", debian: "amd64", triplet: "x86_64-linux-gnu", elfMachine: 62 },
  "linux/arm64": { oci: "arm64", npm: "arm64", debian: "arm64", triplet: "aarch64-linux-gnu", elfMachine: 183 },
};
