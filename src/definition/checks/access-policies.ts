import type { Finding } from "../finding";
import type { Definition } from "../schema";
import { valueAt } from "../shape";

const SOURCE = "Lync Server 2013, Configure policies to control XMPP federated user access";

/** V11 and the references between policies, sites and users. */
export function accessPolicyFindings(definition: Definition, raw: unknown): Finding[] {
  const policies = definition.accessPolicies;
  const found: Finding[] = [];
  if (policies === undefined) {
    found.push({
      severity: "info",
      id: "access-policies-absent",
      path: ["accessPolicies"],
      rule: "no access policies: every local user may federate",
      remedy: "define accessPolicies to restrict it; Lync's own default is off",
      source: SOURCE,
    });
  } else {
    const all = [
      { path: ["accessPolicies", "global"], policy: policies.global },
      ...Object.entries(policies.named).map(([name, policy]) => ({ path: ["accessPolicies", "named", name], policy })),
    ];
    for (const { path, policy } of all)
      if (policy.enableXmppAccess && !policy.enableFederationAccess)
        found.push({
          severity: "error",
          id: "access-policy-xmpp-without-federation",
          path: [...path, "enableXmppAccess"],
          value: true,
          rule: "XMPP access needs federation access too",
          remedy: "set enableFederationAccess to true, or enableXmppAccess to false",
          source: SOURCE,
        });
  }
  const reserved = ["accessPolicies", "named", "__proto__"];
  if (valueAt(raw, reserved) !== undefined)
    found.push({
      severity: "error",
      id: "access-policy-name-reserved",
      path: reserved,
      rule: "__proto__ cannot be a name: JavaScript gives it a meaning of its own",
      remedy: "choose another name for the policy",
    });
  const policyNames = new Set(Object.keys(policies?.named ?? {}));
  const siteNames = new Set<string>();
  definition.sites.forEach((site, index) => {
    if (siteNames.has(site.name))
      found.push({
        severity: "error",
        id: "site-duplicate",
        path: ["sites", index, "name"],
        value: site.name,
        rule: "site names are unique",
        remedy: "rename or remove one",
      });
    siteNames.add(site.name);
    found.push(...policyReference(["sites", index, "policy"], site.policy, policyNames));
  });
  definition.users.forEach((user, index) => {
    found.push(...policyReference(["users", index, "policy"], user.policy, policyNames));
    if (user.site !== undefined && !siteNames.has(user.site))
      found.push({
        severity: "error",
        id: "reference-site",
        path: ["users", index, "site"],
        value: user.site,
        rule: "names no site of sites",
        remedy: "correct the name or define the site",
      });
  });
  return found;
}

function policyReference(path: (string | number)[], name: string | undefined, known: ReadonlySet<string>): Finding[] {
  if (name === undefined || known.has(name)) return [];
  return [
    {
      severity: "error",
      id: "reference-policy",
      path,
      value: name,
      rule: "names no policy of accessPolicies.named",
      remedy: "correct the name or define the policy",
    },
  ];
}
