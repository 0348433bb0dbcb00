import { accessJudge } from "../access-policy";
import type { Finding } from "../finding";
import type { Definition } from "../schema";

/** Users belong to a local domain, stand once, and those on a survivable branch (V14) cannot federate. */
export function userFindings(definition: Definition): Finding[] {
  const local = new Set(definition.domains.map((domain) => domain.name));
  const found: Finding[] = [];
  const elsewhere = accessJudge({
    ...definition,
    sites: definition.sites.map((site) => ({ ...site, survivableBranch: false })),
  });
  const survivable = new Set(definition.sites.filter((site) => site.survivableBranch).map((site) => site.name));
  found.push(
    ...listed(
      definition.users.map((user) => user.address),
      ["users"],
      "address",
      local,
    ),
  );
  if (definition.internal?.kind === "sandbox")
    found.push(...listed(definition.internal.users, ["internal", "users"], undefined, local));
  definition.users.forEach((user, index) => {
    if (user.site === undefined || !survivable.has(user.site)) return;
    if (elsewhere(user).allowed)
      found.push({
        severity: "warning",
        id: "user-survivable-branch",
        path: ["users", index, "site"],
        value: user.site,
        rule: `${user.address} is homed on a Survivable Branch Appliance: neither presence nor messages with XMPP partners`,
        remedy: "move the user to a full site, or accept it",
        source: "Lync Server 2013, Configure XMPP gateway (unsupported users)",
      });
  });
  return found;
}

function listed(
  addresses: readonly string[],
  path: (string | number)[],
  key: string | undefined,
  local: ReadonlySet<string>,
): Finding[] {
  const seen = new Set<string>();
  return addresses.flatMap((address, index): Finding[] => {
    const at = { path: key === undefined ? [...path, index] : [...path, index, key], value: address };
    const domain = address.slice(address.indexOf("@") + 1);
    if (!local.has(domain))
      return [
        {
          ...at,
          severity: "error",
          id: "user-not-local",
          rule: "a user's domain must be one of domains",
          remedy: `add ${domain} to domains, or correct the address`,
        },
      ];
    if (seen.has(address))
      return [
        { ...at, severity: "error", id: "user-duplicate", rule: "a user stands once", remedy: "remove the second" },
      ];
    seen.add(address);
    return [];
  });
}
