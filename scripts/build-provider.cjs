// Bundles our Terraform provider into one executable JavaScript file, as dist/provider/terraform-provider-xmppedge_v…:
//   node scripts/build-provider.cjs [DIRECTORY]
const { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { buildSync } = require("esbuild");

const root = join(__dirname, "..");
const { version } = require("../package.json");

function buildProvider(directory) {
  const file = `terraform-provider-xmppedge_v${version}`;
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ["src/provider/xmppedge/main.ts"],
    outfile: join(directory, file),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minify: true,
    legalComments: "none",
    write: false,
    banner: { js: "#!/usr/bin/env node" },
    // Runs definitions in TypeScript, which the provider refuses to.
    external: ["jiti"],
    // Nothing of protobufjs that is used here wants to read files by name.
    logOverride: { "indirect-require": "silent" },
    logLevel: "warning",
  });
  mkdirSync(directory, { recursive: true });
  for (const old of readdirSync(directory))
    if (/^terraform-provider-xmppedge_v/.test(old) && old !== file) rmSync(join(directory, old));
  put(join(directory, file), outputFiles[0].contents);
  chmodSync(join(directory, file), 0o755);
  return join(directory, file);
}

/** Whole or not at all: a test may start what another run builds. */
function put(place, contents) {
  writeFileSync(`${place}.${process.pid}`, contents, { mode: 0o755 });
  renameSync(`${place}.${process.pid}`, place);
}

module.exports = { buildProvider };
if (require.main === module) buildProvider(process.argv[2] ?? join(root, "dist", "provider"));
