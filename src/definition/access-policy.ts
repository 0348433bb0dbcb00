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
  const site = definition.sites.find((one) => one.name === user?.site);
  if (site?.survivableBranch) return { allowed: false, because: `homed on the survivable branch ${site.name}` };
  const policies = definition.accessPolicies;
  if (policies === undefined) return { allowed: true, because: "no access policies are defined" };
  const named = (name: string | undefined) => (name === undefined ? undefined : policies.named[name]);
  const own = named(user?.policy);
  if (own !== undefined) return judged(own, `user policy ${user?.policy}`);
  const ofSite = named(site?.policy);
  if (ofSite !== undefined) return judged(ofSite, `site policy ${site?.policy}`);
  return judged(policies.global, "global policy");
}

function judged(policy: AccessPolicy, name: string): UserAccess {
  if (!policy.enableFederationAccess) return { allowed: false, because: `${name}: federation is off` };
  if (!policy.enableXmppAccess) return { allowed: false, because: `${name}: XMPP is off` };
  return { allowed: true, because: name };
}
