export type { RegistryCredentials } from "./credentials";
export { deleteImage, type ImageOptions, imageIsThere } from "./presence";
export { type PushedImage, type PushOptions, pushImage, type RegistryOptions } from "./push";
export { RegistryError, type RegistryErrorCode } from "./registry-error";
export { parseRepository, type Repository } from "./repository";
