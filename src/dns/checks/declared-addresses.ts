import type { AddressRecord } from "../../definition/facts";
import { canonicalAddress } from "../canonical-address";
import type { HostView, PublishedAddress } from "./check";

/** Declared addresses that the answer lacks; those of a family without an answer are not counted. */
export function missingAddresses({ expected, published, known }: HostView): AddressRecord[] {
  const there = new Set(published.map(({ address }) => address));
  return expected.filter(({ type, address }) => known.includes(type) && !there.has(canonicalAddress(address)));
}

/** Published addresses that nobody declared; none where nothing is declared. */
export function extraAddresses({ expected, published }: HostView): PublishedAddress[] {
  if (expected.length === 0) return [];
  const declared = new Set(expected.map(({ address }) => canonicalAddress(address)));
  return published.filter(({ address }) => !declared.has(address));
}

/** Published IPv6 addresses of a host that is declared with IPv4 ones alone. */
export const undeclaredIpv6 = (view: HostView): PublishedAddress[] =>
  view.expected.some(({ type }) => type === "AAAA") ? [] : extraAddresses(view).filter(({ type }) => type === "AAAA");

export const addressesOf = (records: readonly { readonly address: string }[]) => records.map(({ address }) => address);
