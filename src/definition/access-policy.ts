import type { AccessPolicy, Definition } from "./schema";

/** Whether a local user may use XMPP federation, and which policy decided. */
export interface UserAccess {
  readonly allowed: boolean;
  readonly because: string;
}

type Homed = { readonly site?: string | undefined; readonly policy?: string | undefined };

/**
 * Lync's external access policies: a user's own policy, else the site's, else the global one; the most specific
 * applies whole. Users homed on a Survivable Branch Appliance have neither presence nor messages.
 */
export function accessOf(definition: Definition, user: Homed | undefined): UserAccess {
  return accessJudge(definition)(user);
}

/** `accessOf` for many users of one definition. */
export function accessJudge(definition: Definition): (user: Homed | undefined) => UserAccess {
  const sites = new Map(definition.sites.map((site) => [site.name, site]));
  const policies = definition.accessPolicies;
  const named = new Map(Object.entries(policies?.named ?? {}));
  return (user) => {
    const site = user?.site === undefined ? undefined : sites.get(user.site);
    if (site?.survivableBranch) return { allowed: false, because: `homed on the survivable branch ${site.name}` };
    if (policies === undefined) return { allowed: true, because: "no access policies are defined" };
    const own = user?.policy === undefined ? undefined : named.get(user.policy);
    if (own !== undefined) return judged(own, `user policy ${user?.policy}`);
    const ofSite = site?.policy === undefined ? undefined : named.get(site.policy);
    if (ofSite !== undefined) return judged(ofSite, `site policy ${site?.policy}`);
    return judged(policies.global, "global policy");
  };
}

function judged(policy: AccessPolicy, name: string): UserAccess {
  if (!policy.enableFederationAccess) return { allowed: false, because: `${name}: federation is off` };
  if (!policy.enableXmppAccess) return { allowed: false, because: `${name}: XMPP is off` };
  return { allowed: true, because: name };
}
