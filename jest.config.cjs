const swc = [
  "@swc/jest",
  {
    jsc: { target: "es2022", parser: { syntax: "typescript", decorators: true } },
    module: { type: "commonjs" },
    sourceMaps: "inline",
  },
];
const project = (displayName, testMatch, extra = {}) => ({
  displayName,
  rootDir: __dirname,
  testMatch,
  testEnvironment: "node",
  transform: { "^.+\\.ts$": swc },
  moduleNameMapper: {
    "^xmpp-edge$": "<rootDir>/src/definition/index.ts",
    "^xmpp-edge/certificate$": "<rootDir>/src/certificate/index.ts",
    "^xmpp-edge/constructs$": "<rootDir>/src/constructs/index.ts",
    "^xmpp-edge/image$": "<rootDir>/src/gateway/image/index.ts",
    "^xmpp-edge/dns$": "<rootDir>/src/dns/index.ts",
    "^xmpp-edge/policy$": "<rootDir>/src/policy-rules/index.ts",
  },
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/.cache/", "<rootDir>/cdktf.out/"],
  ...extra,
});

// unit: logic alone. offline: terraform on the stand-in provider. peers: real servers over the real wire.
module.exports = {
  // It ends what hangs, and is no measure: no machine that has other things to do may come to it. Five minutes.
  testTimeout: 300_000,
  projects: [
    project("unit", ["<rootDir>/test/**/*.test.ts"], {
      testPathIgnorePatterns: ["<rootDir>/test/peers/", "<rootDir>/test/offline/"],
    }),
    project("offline", ["<rootDir>/test/offline/**/*.test.ts"]),
    project("peers", ["<rootDir>/test/peers/**/*.test.ts"], {
      testEnvironment: "<rootDir>/test/peers/rig/telling-environment.ts",
    }),
  ],
};
