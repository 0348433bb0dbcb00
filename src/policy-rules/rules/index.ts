import type { PlanRule } from "../rule";
import { bucketPrivate } from "./bucket-private";
import { diskEncrypted } from "./disk-encrypted";
import { imageByDigest } from "./image-by-digest";
import { instanceMetadataV2 } from "./instance-metadata-v2";
import { keptForGood } from "./kept-for-good";
import { keyMaterial } from "./key-material";
import { portOpenToWorld } from "./port-open-to-world";
import { standInValues } from "./stand-in-values";
import { wildcardRight } from "./wildcard-right";

/** The rules that every plan is held to. A new one is a file beside this and a line here. */
export const RULES: readonly PlanRule[] = [
  portOpenToWorld,
  keyMaterial,
  wildcardRight,
  keptForGood,
  imageByDigest,
  instanceMetadataV2,
  diskEncrypted,
  bucketPrivate,
  standInValues,
];
