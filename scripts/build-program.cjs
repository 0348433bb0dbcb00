// Bundles what runs in the gateway image, as dist/image/program/: one file with our own code, whose parts are
// evaluated when they are first used, and one for each library beside it, so that the gateway's process reads
// none of those that only its children need.   node scripts/build-program.cjs [DIRECTORY]
const { createHash } = require("node:crypto");
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
const { dirname, join, relative } = require("node:path");
const { build } = require("esbuild");

const root = join(__dirname, "..");
const { version } = require("../package.json");

// The commands of src/cli/commands.ts that the image has: `run`, what it starts, and what an administrator asks a
// running edge. Whatever builds, publishes or plans stays outside.
const COMMANDS =
  /^\.\/(run|status|trace|ping|check|facts|explain|dns-verify|certificate\/(?!lab-ca)[a-z-]+|state\/[a-z-]+|host\/[a-z-]+)$/;

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node22",
  format: "cjs",
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
  charset: "utf8",
  supported: { "dynamic-import": false }, // libraries are files beside main.js, by require
};

async function buildProgram(directory) {
  const libraries = new Map(); // import path -> file name
  const own = await build({
    ...common,
    entryPoints: ["src/cli/main.ts"],
    outfile: join(directory, "main.js"),
    plugins: [ownCode(libraries)],
  });
  const bundles = [own];
  for (const [path, name] of [...libraries].sort()) {
    const contents = `module.exports = require(${JSON.stringify(path)})`;
    bundles.push(
      await build({
        ...common,
        stdin: { contents, resolveDir: root, sourcefile: "library.cjs" },
        mainFields: path === "jsonc-parser" ? ["module"] : ["main"], // its main hides what it requires from bundlers
        outfile: join(directory, "lib", `${name}.js`),
      }),
    );
  }
  const files = bundles
    .flatMap((bundle) => bundle.outputFiles)
    .map((file) => [relative(directory, file.path), file.contents]);
  const inputs = new Set(bundles.flatMap((bundle) => Object.keys(bundle.metafile.inputs)));
  const packages = packagesOf(inputs);
  files.push(["licenses.txt", Buffer.from(licenses(packages))]);
  files.push([
    "packages.json",
    Buffer.from(
      `${JSON.stringify(
        packages.map(({ folder, ...rest }) => rest),
        null,
        1,
      )}\n`,
    ),
  ]);
  files.sort(([one], [other]) => (one < other ? -1 : 1));

  // File by file, for somebody may be building an image: what stays the same is never missing.
  for (const [path, bytes] of files) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, bytes);
    renameSync(`${file}.${process.pid}`, file);
  }
  const wanted = new Set(files.map(([path]) => path));
  for (const path of readdirSync(directory, { recursive: true }))
    if (!wanted.has(path) && statSync(join(directory, path)).isFile()) rmSync(join(directory, path));
}

/** Our own modules in one file; libraries, package.json and commands that the image lacks are told apart. */
function ownCode(libraries) {
  return {
    name: "own-code",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\// }, ({ path, importer }) => {
        if (
          relative(root, importer) === join("src", "cli", "commands.ts") &&
          path !== "./context" &&
          !COMMANDS.test(path)
        )
          return { path, namespace: "left-out" };
        // It would run the code of a definition: an image holds configuration, never code of its user's.
        if (path === "./typescript") return { path, namespace: "no-typescript" };
      });
      onResolve({ filter: /package\.json$/ }, () => ({ path: "package.json", namespace: "version" }));
      onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        if (kind === "entry-point") return;
        if (path.startsWith("node:") || require("node:module").isBuiltin(path)) return { path, external: true };
        const name = path.replace(/^@/, "").replaceAll("/", "-");
        libraries.set(path, name);
        return { path: `./lib/${name}.js`, external: true };
      });
      onLoad({ filter: /./, namespace: "version" }, () => ({
        contents: JSON.stringify({ version }),
        loader: "json",
      }));
      onLoad({ filter: /./, namespace: "left-out" }, ({ path }) => {
        const word = path.split("/").at(-1);
        return {
          contents: `exports.register = (program) => program.command(${JSON.stringify(word)}).allowUnknownOption().allowExcessArguments().action(() => {
            process.stderr.write("xmpp-edge: this command is not in the gateway image\\n  run it where the definition is\\n");
            process.exitCode = 2; process.exit();
          });`,
          loader: "js",
        };
      });
      onLoad({ filter: /./, namespace: "no-typescript" }, () => ({
        contents: `const { LoadError } = require("./load-error");
          exports.isDefinitionError = () => false;
          exports.runDefinition = (file) => {
            throw new LoadError("format-unknown", file, "is TypeScript, which the gateway image does not run",
              "compile it where it is written: xmpp-edge facts <definition> --json, its part gateway");
          };`,
        loader: "js",
        resolveDir: join(root, "src", "load"),
      }));
    },
  };
}

/** The packages that the bundles took code from, by name. */
function packagesOf(inputs) {
  const found = new Map();
  for (const input of inputs) {
    const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
    if (folder === undefined || found.has(folder)) continue;
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    found.set(folder, { name, version, license: typeof license === "string" ? license : "NOASSERTION", folder });
  }
  const byName = [...found.values()].sort((one, other) =>
    `${one.name}@${one.version}` < `${other.name}@${other.version}` ? -1 : 1,
  );
  return byName.filter(({ name, version }, at) => byName[at - 1]?.name !== name || byName[at - 1]?.version !== version);
}

/** Their licences want to be kept with the code. A text that many share stands once. */
function licenses(packages) {
  const texts = new Map();
  for (const { name, version, license, folder } of packages) {
    const file = readdirSync(join(root, folder))
      .sort()
      .find((entry) => /^licen[cs]e/i.test(entry));
    const text =
      file === undefined
        ? `Licence: ${license}`
        : readFileSync(join(root, folder, file), "utf8")
            .replace(/\r\n/g, "\n")
            .trim();
    const key = createHash("sha256").update(text).digest("hex");
    const known = texts.get(key) ?? { text, names: [] };
    known.names.push(`${name} ${version} (${license})`);
    texts.set(key, known);
  }
  const rule = "=".repeat(80);
  return [...texts.values()].map(({ text, names }) => `${rule}\n${names.join("\n")}\n${rule}\n\n${text}\n`).join("\n");
}

module.exports = { buildProgram, packagesOf, licenses };
if (require.main === module)
  buildProgram(process.argv[2] ?? join(root, "dist", "image", "program")).catch((error) => {
    process.stderr.write(`build-program: ${error.message}\n`);
    process.exitCode = 1;
  });
