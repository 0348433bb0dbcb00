import { readFileSync, writeFileSync } from "node:fs";
import type { EdgeInput } from "../../../src/definition";

/** What the deployed app is told. An engineer would write this into the stack's source. */
export interface DeploySettings {
  readonly definition: EdgeInput;
  /** `address:port` of the registry that takes the image in the place of ECR's. */
  readonly registry: string;
  /** Whom pre-flight and `check` ask. */
  readonly dns: { readonly nameServers: readonly string[]; readonly resolvers: readonly string[] };
  /** Folder of the image's OCI layout. */
  readonly layout: string;
  /** Where packages and base layers are kept from one run to the next. */
  readonly cache: string;
}

/** The environment variable that names their file. */
export const SETTINGS = "DEPLOY_OFFLINE_SETTINGS";

export const writeSettings = (file: string, settings: DeploySettings): void =>
  writeFileSync(file, JSON.stringify(settings));

export const readSettings = (file: string): DeploySettings => JSON.parse(readFileSync(file, "utf8"));
