import type { Finding } from "../finding";
import type { Definition } from "../schema";

/** What the definition may say already and this version does not do yet: said aloud, never ignored in silence. */
export function notBuiltFindings(definition: Definition): Finding[] {
  const found: Finding[] = [];
  const say = (path: (string | number)[], value: unknown, what: string, remedy: string) =>
    found.push({
      severity: "warning",
      id: "not-built-yet",
      path,
      value,
      rule: `${what} is not built yet: this setting has no effect`,
      remedy,
    });
  const { internal, dns } = definition;
  if (internal?.kind === "sip")
    say(
      ["internal", "kind"],
      "sip",
      "an internal SIP server behind the gateway",
      "use xmpp or sandbox; run refuses this kind",
    );
  if (dns.tlsa)
    found.push({
      severity: "warning",
      id: "not-built-yet",
      path: ["dns", "tlsa"],
      value: true,
      rule: "publishing TLSA records is not built yet: `dns verify` looks for them, and nothing publishes them",
      remedy: "publish the record that `dns verify` prints by hand, or leave it out",
    });
  return found;
}
