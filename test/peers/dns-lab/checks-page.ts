import { CATALOGUE } from "../../../src/dns";
import type { LabOutcome } from "./outcome";
import { isProved } from "./proof";
import type { LabCase } from "./world";

const HEAD = `# The checks of \`dns verify\`

Made by \`npm run docs:dns-checks\` from a run of the DNS lab (\`test/peers/dns-lab\`): root, registry and leaf name servers
(knot, NSD, BIND), validating resolvers (unbound) and servers that misbehave, in a network namespace. "Proved" counts
the cases in which the check, and no other, names the fault, and a sound look-alike beside it passes.

\`xmpp-edge dns explain <id>\` tells more of each: why it matters and what to do.

| check | severity | what it finds | source | proved |
|---|---|---|---|---|
`;

/** docs/dns-checks.md. */
export function checksPage(cases: readonly LabCase[], outcome: LabOutcome): string {
  const rows = CATALOGUE.map(({ id, severity, what, source }) => {
    const proved = cases.filter((one) => one.id === id && isProved(one, outcome)).length;
    return `| \`${id}\` | ${severity} | ${cell(what)} | ${cell(source)} | ${proved === 0 ? "–" : `${proved}`} |\n`;
  });
  return HEAD + rows.join("");
}

const cell = (text: string) => text.replaceAll("|", "\\|");
