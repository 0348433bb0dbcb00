/** Bundles the stand-in for `hashicorp/aws` from its sources into one file. */
export const buildStandIn: (file: string) => void = require("../../scripts/build-stand-in.cjs").buildStandIn;
