/** What stands at a path of an archive. Paths have no leading or trailing slash. */
export type TarEntry =
  | ({ readonly type: "file"; readonly data: Buffer } & Owned)
  | ({ readonly type: "directory" } & Owned)
  | { readonly type: "link"; readonly target: string };

interface Owned {
  /** Permission bits. Default 0644, for directories 0755. */
  readonly mode?: number;
  /** Numeric user and group. Default 0. */
  readonly owner?: number;
}

export const file = (data: Buffer | string, mode = 0o644): TarEntry => ({
  type: "file",
  data: typeof data === "string" ? Buffer.from(data) : data,
  mode,
});

export const link = (target: string): TarEntry => ({ type: "link", target });

export const BLOCK = 512;
