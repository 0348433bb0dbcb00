// What the gateway process loads, directly or not. Type imports vanish in compilation and do not count here.
module.exports = {
  forbidden: [
    {
      name: "gateway-process-is-lean",
      severity: "error",
      comment: "memory: the gateway process loads no zod, YAML, ASN.1, ACME or AWS library",
      // Images are made and pushed by the command line, never by the gateway's process.
      from: { path: "^src/(gateway|stream)", pathNot: "^src/gateway/image/" },
      to: {
        path: "^node_modules/(zod|yaml|jiti|cdktf|constructs|@peculiar|pkijs|asn1js|node-forge|acme-client|axios|@aws-sdk)",
        reachable: true,
      },
    },
    {
      name: "facts-need-no-zod",
      severity: "error",
      comment: "the gateway process loads facts",
      from: { path: "^src/definition/facts" },
      to: { path: "^node_modules/", reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: false,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["require", "node", "default"] },
  },
};
