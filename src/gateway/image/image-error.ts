/** Why an image could not be made or read. */
export type ImageErrorCode =
  | "program-missing"
  | "lock-invalid"
  | "lock-update-failed"
  | "package-missing"
  | "package-unreachable"
  | "package-wrong"
  | "closure-incomplete"
  | "output-taken"
  | "layout-invalid"
  | "disk-full"
  | "unwritable"
  | "archive-invalid";

/** A fault on the way to an image that has a remedy. */
export class ImageError extends Error {
  constructor(
    readonly code: ImageErrorCode,
    /** What was being looked at and found there. */
    readonly found: string,
    readonly expected: string,
    readonly remedy: string,
  ) {
    super(`${found}; expected ${expected}`);
    this.name = "ImageError";
  }
}

/** A fault of the file system as one of ours; whatever else it is stays as it is. */
export function fileFault(error: unknown, place: string, option: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG")
    return new ImageError(
      "disk-full",
      `no room left while writing ${place}`,
      "about 250 MB",
      `make room or name another place by ${option}`,
    );
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR" || code === "ENOENT")
    return new ImageError(
      "unwritable",
      `${place} cannot be written (${code})`,
      "a directory of the user's own",
      `name another place by ${option}`,
    );
  return error;
}
