// Bundles the `dns` commands as dist/commands/main.js, which bin/xmpp-edge runs for them: a gate that runs in every
// pipeline begins twice as fast where one file is read instead of four hundred.
//   node scripts/build-commands.cjs [DIRECTORY]
const { mkdirSync, renameSync, writeFileSync } = require("node:fs");
const { isBuiltin } = require("node:module");
const { dirname, join, relative } = require("node:path");
const { build } = require("esbuild");

const root = join(__dirname, "..");
const { licenses, packagesOf } = require("./build-program.cjs");

/** The commands of src/cli/commands.ts that are in it. */
const COMMANDS = /^\.\/dns-[a-z-]+$/;

/** What every run needs. Other libraries are found where the package is installed, when they are first used. */
const LIBRARIES = new Set(["commander", "dns-packet", "dns2", "jsonc-parser", "saxes", "xmlchars", "yaml", "zod"]);

async function buildCommands(directory) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    entryPoints: ["src/cli/main.ts"],
    outfile: join(directory, "main.js"),
    // Its main hides what it requires from bundlers.
    alias: { "jsonc-parser": join(root, "node_modules/jsonc-parser/lib/esm/main.js") },
    plugins: [withoutOthers],
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    charset: "utf8",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  put(join(directory, "main.js"), outputFiles[0].contents);
  put(join(directory, "licenses.txt"), licenses(packagesOf(new Set(Object.keys(metafile.inputs)))));
}

/** For a path that this plugin has asked for itself. */
const AS_IT_IS = {};

const withoutOthers = {
  name: "without-others",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^\.\.?\// }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      const from = relative(root, importer);
      if (path.endsWith("/locales/index.js")) return { path, namespace: "no-locales" };
      if (pluginData === AS_IT_IS || !from.startsWith(join("src", "/"))) return undefined;
      if (from === join("src", "cli", "commands.ts") && path !== "./context" && !COMMANDS.test(path))
        return { path, namespace: "left-out" };
      const found = await resolve(path, { importer, kind, resolveDir, pluginData: AS_IT_IS });
      // Of our own modules none does anything but for what is used of it, save the one that begins to keep compiled code.
      return { ...found, sideEffects: found.path.endsWith("compiled-code.ts") };
    });
    onResolve({ filter: /package\.json$/ }, () => ({ path: "package.json", namespace: "version" }));
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === "entry-point") return undefined;
      const library = path.split("/").slice(0, path.startsWith("@") ? 2 : 1);
      return isBuiltin(path) || !LIBRARIES.has(library.join("/")) ? inside(path) : undefined;
    });
    // Sentences in fifty languages that nobody asks for.
    onLoad({ filter: /./, namespace: "no-locales" }, () => ({ contents: "export {};" }));
    onLoad({ filter: /./, namespace: "version" }, () => ({
      contents: JSON.stringify({ version: require("../package.json").version }),
      loader: "json",
    }));
    // bin/xmpp-edge asks this program for `dns` alone.
    onLoad({ filter: /./, namespace: "left-out" }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not in this bundle`)});`,
      loader: "js",
    }));
  },
};

/** Libraries inside libraries come along with them. */
const inside = (path) => (path.startsWith("@leichtgewicht/") ? undefined : { path, external: true });

/** Whole or not at all: somebody may be running it. */
function put(place, contents) {
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(`${place}.${process.pid}`, contents);
  renameSync(`${place}.${process.pid}`, place);
}

buildCommands(process.argv[2] ?? join(root, "dist", "commands")).catch((error) => {
  process.stderr.write(`build-commands: ${error.message}\n`);
  process.exitCode = 1;
});
