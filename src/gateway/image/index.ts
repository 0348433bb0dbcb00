export { type BuildImageOptions, type BuiltImage, type BuiltPlatform, buildImage } from "./build-image";
export { ImageError, type ImageErrorCode } from "./image-error";
export {
  type InspectedFile,
  type InspectedImage,
  type InspectedLayer,
  type InspectedPlatform,
  inspectImage,
} from "./inspect/inspect-image";
export type { Unwanted } from "./inspect/unwanted";
export { type CheckLockOptions, checkLock, type LockedPart } from "./lock/check-lock";
export { defaultLockFile, type ImageLock, LOCK_NAME, readLock } from "./lock/lock";
export { type UpdateOptions, updatedLock } from "./lock/update-lock";
export type { PackageSources } from "./packages/sources";
export type { Platform } from "./platform";
export {
  deleteImage,
  type ImageOptions,
  imageIsThere,
  type PushedImage,
  type PushOptions,
  pushImage,
  type RegistryCredentials,
  RegistryError,
  type RegistryErrorCode,
} from "./registry";
