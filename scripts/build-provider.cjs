// Bundles our Terraform provider into one executable JavaScript file, as dist/provider/terraform-provider-xmppedge_v…:
//   node scripts/build-provider.cjs [DIRECTORY]
const { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { deflateRawSync } = require("node:zlib");
const { build } = require("esbuild");

const root = join(__dirname, "..");
const { licenses, packagesOf } = require("./build-program.cjs");
const { version } = require("../package.json");

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node22",
  format: "cjs",
  minify: true,
  legalComments: "none",
  write: false,
  metafile: true,
  logLevel: "warning",
  supported: { "dynamic-import": false }, // what is compiled from text cannot import
};

async function buildProvider(directory) {
  const file = `terraform-provider-xmppedge_v${version}`;
  const onDemand = await build({
    ...common,
    entryPoints: ["src/provider/xmppedge/on-demand.ts"],
    // Runs definitions in TypeScript, which the provider refuses to.
    external: ["jiti"],
    // Its main hides what it requires from bundlers.
    alias: { "jsonc-parser": join(root, "node_modules/jsonc-parser/lib/esm/main.js") },
  });
  const program = await build({
    ...common,
    entryPoints: ["src/provider/xmppedge/main.ts"],
    banner: { js: "#!/usr/bin/env node" },
    plugins: [compiledOnDemand(onDemand.outputFiles[0].text)],
  });
  mkdirSync(directory, { recursive: true });
  for (const old of readdirSync(directory))
    if (/^terraform-provider-xmppedge_v/.test(old) && !old.startsWith(file)) rmSync(join(directory, old));
  put(join(directory, file), program.outputFiles[0].contents);
  const inputs = [onDemand, program].flatMap(({ metafile }) => Object.keys(metafile.inputs));
  put(join(directory, "licenses.txt"), licenses(packagesOf(new Set(inputs))), 0o644);
  return join(directory, file);
}

/** Code as compressed text: V8 skips a string a hundred times faster than it reads a program. */
function compiledOnDemand(code) {
  const text = deflateRawSync(code, { level: 9 }).toString("base64");
  return {
    name: "compiled-on-demand",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/on-demand$/ }, () => ({ path: "on-demand", namespace: "text" }));
      onLoad({ filter: /./, namespace: "text" }, () => ({
        contents: `const { compileFunction } = require("node:vm");
          const code = require("node:zlib").inflateRawSync(Buffer.from("${text}", "base64")).toString();
          compileFunction(code, ["require", "module", "exports"], { filename: "on-demand.cjs" })(require, module, exports);`,
        loader: "js",
        resolveDir: root,
      }));
    },
  };
}

/** Whole or not at all: a test may start what another run builds. */
function put(place, contents, mode = 0o755) {
  writeFileSync(`${place}.${process.pid}`, contents, { mode });
  renameSync(`${place}.${process.pid}`, place);
}

module.exports = { buildProvider };
if (require.main === module)
  buildProvider(process.argv[2] ?? join(root, "dist", "provider")).catch((error) => {
    process.stderr.write(`build-provider: ${error.message}\n`);
    process.exitCode = 1;
  });
