import type { LabCase } from "../world";
import { ADDRESS_CASES } from "./address";
import { DELEGATION_CASES } from "./delegation";
import { DNSSEC_CASES } from "./dnssec";
import { EDGE_USE_CASES } from "./edge-use";
import { PARTNER_CASES } from "./partner";
import { PROBE_CASES } from "./probe";
import { PUBLIC_VIEW_CASES } from "./public-view";
import { SRV_CASES } from "./srv";

export const CASES: readonly LabCase[] = [
  ...SRV_CASES,
  ...ADDRESS_CASES,
  ...EDGE_USE_CASES,
  ...DELEGATION_CASES,
  ...DNSSEC_CASES,
  ...PUBLIC_VIEW_CASES,
  ...PROBE_CASES,
  ...PARTNER_CASES,
];
