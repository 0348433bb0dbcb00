// DESIGN's arrows that must never be. `npm run lint` holds them.
const rule = (name, from, to, comment, extra = {}) => ({
  name,
  severity: "error",
  comment,
  from: { path: from },
  to: { path: to, ...extra },
});

module.exports = {
  forbidden: [
    rule(
      "definition-is-pure",
      "^src/definition",
      "^(src/(?!definition)|node_modules/(?!zod/))",
      "the definition knows zod and pure built-ins only",
    ),
    {
      name: "definition-takes-pure-built-ins",
      severity: "error",
      comment: "no file, network, process or clock below the definition",
      from: { path: "^src/definition" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(url|crypto|buffer|punycode|net)$" },
    },
    rule(
      "gateway-needs-no-cloud",
      "^src/gateway",
      "^src/(constructs|components|provider|cli|load|host)|node_modules/(@?cdktf|constructs)",
      "the gateway runs anywhere",
    ),
    rule(
      "gateway-takes-the-resolver-only",
      "^src/gateway",
      "^src/dns/(?!resolver/|host/)",
      "of the DNS part the gateway uses the resolver and the hosts",
    ),
    rule("dns-needs-no-gateway", "^src/dns", "^src/(gateway|constructs|cli)", "the checker judges from outside"),
    rule(
      "stream-is-only-the-wire",
      "^src/stream",
      "^src/(gateway|dns|constructs|cli|load)",
      "XMPP on the wire knows nothing of who uses it",
    ),
    rule(
      "certificate-stands-alone",
      "^src/certificate",
      "^src/(gateway|constructs|cli|load)",
      "chains are judged without knowing who asks",
    ),
    rule(
      "constructs-place-facts",
      "^src/constructs",
      "^src/(gateway|dns|stream|cli|load)",
      "constructs place what the facts worked out",
    ),
    rule(
      "no-root-import-of-bindings",
      "^(src|stacks)",
      "^node_modules/@cdktf/provider-aws/lib/index",
      "the root import loads every resource of AWS",
    ),
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: "specify",
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["require", "node", "default"] },
  },
};
