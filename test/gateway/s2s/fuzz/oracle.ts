import { domainToASCII } from "node:url";

/** What holds whatever a peer says. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** The domain of an address, prepared by another hand than the gateway's. */
export function domainOf(address = ""): string {
  const [bare = ""] = address.split("/");
  return domainToASCII(bare.slice(bare.indexOf("@") + 1)).replace(/\.$/, "");
}
