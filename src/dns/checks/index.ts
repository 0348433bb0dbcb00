import { addressFamily } from "./address";
import { addressDiffers } from "./address-differs";
import { addressExtra } from "./address-extra";
import { addressIpv6Undeclared } from "./address-ipv6-undeclared";
import { addressMissing } from "./address-missing";
import type { Check, EdgeUseView, HostView, SrvView } from "./check";
import { delegation } from "./delegation";
import { dnssecFamily } from "./dnssec";
import { edgeInUse, edgeTakenOver } from "./edge-in-use";
import type { Family } from "./family";
import { partnerFamily } from "./partner";
import { probeFamily } from "./probe";
import { publicView } from "./public-view";
import { srvFamily } from "./srv";
import { srvDuplicate } from "./srv-duplicate";
import { srvExtra } from "./srv-extra";
import { srvMissing } from "./srv-missing";
import { srvNoService } from "./srv-no-service";
import { srvPort } from "./srv-port";
import { srvPriorityWeight } from "./srv-priority-weight";
import { srvTarget } from "./srv-target";
import { srvTargetAddressLiteral } from "./srv-target-address-literal";
import { srvTargetAlias } from "./srv-target-alias";
import { srvTargetNoAddress } from "./srv-target-no-address";

export type { Check, EdgeUseView, Fault, HostView, PublishedAddress, Severity, SrvView } from "./check";
export type { Family, Found } from "./family";

/** Checks in stages: what one stage finds explains all that later stages would, so they are left out. */
export type Stages<View> = readonly (readonly Check<View>[])[];

/** On what a server answers for a domain's SRV record. */
export const SRV_CHECKS: Stages<SrvView> = [
  [srvMissing],
  [srvNoService],
  [srvTargetAddressLiteral],
  [srvTarget],
  [srvPort, srvDuplicate, srvPriorityWeight, srvExtra],
];

/** On who is at the Access Edge FQDN, before anything is published there and after. */
export const EDGE_USE_CHECKS: Stages<EdgeUseView> = [[edgeInUse, edgeTakenOver]];

/** On what a server answers for the Access Edge FQDN. */
export const HOST_CHECKS: Stages<HostView> = [
  [srvTargetAlias],
  [srvTargetNoAddress],
  [addressDiffers],
  [addressMissing, addressIpv6Undeclared, addressExtra],
];

/** On everything that a run found out. */
export const FAMILIES: readonly Family[] = [
  srvFamily,
  addressFamily,
  delegation,
  dnssecFamily,
  publicView,
  probeFamily,
  partnerFamily,
];
