import type { Finding } from "../finding";
import type { Definition } from "../schema";

/** Who is blocked is a user of that partner, and stands once: anybody else would be thought blocked and is not. */
export function blockedUserFindings({ partners }: Definition): Finding[] {
  return partners.flatMap(({ domain, additionalDomains, blockedUsers = [] }, index) => {
    const domains = [domain, ...additionalDomains];
    const seen = new Set<string>();
    return blockedUsers.flatMap((address, at): Finding[] => {
      const place = { severity: "error", path: ["partners", index, "blockedUsers", at], value: address } as const;
      const theirs = address.slice(address.indexOf("@") + 1);
      if (!domains.includes(theirs))
        return [
          {
            ...place,
            id: "blocked-user-elsewhere",
            rule: `a blocked user is of the partner's own domains; ${theirs} is none of ${domain}'s`,
            remedy: `write it at the partner that ${theirs} belongs to; users of a domain that is no partner's reach nobody anyway`,
          },
        ];
      if (seen.has(address))
        return [
          { ...place, id: "blocked-user-duplicate", rule: "a user is blocked once", remedy: "remove the second" },
        ];
      seen.add(address);
      return [];
    });
  });
}
