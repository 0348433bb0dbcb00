/** Where packages are taken from. */
export interface PackageSources {
  /** Instead of the registry that npm is set to. */
  readonly npmRegistry?: string;
  /** Instead of the mirrors in apt's sources: what stands before `pool/…`; several are asked in turn. */
  readonly debianMirrors?: readonly string[];
}
