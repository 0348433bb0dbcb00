#!/bin/sh
# Synthesises a stack (the example's, or the TypeScript file given) to cdktf.out, or CDKTF_OUTDIR, by Node alone. The
# stack is bundled from source, so nothing has to be built first, but for one that builds an image: its program is of the
# built package.
cd "$(dirname -- "$0")/.." || exit 70
stack=${1:-stacks/example.ts}
program=.cache/stacks/$(basename -- "$stack" .ts).cjs
sh scripts/run.sh -e '
  const [stack, program] = process.argv.slice(1);
  require("esbuild").buildSync({
    entryPoints: [stack], outfile: program, bundle: true, packages: "external", external: ["xmpp-edge/image"], platform: "node", target: "node22",
    format: "cjs", sourcemap: "inline", logLevel: "warning",
  });' "$stack" "$program" || exit 1
exec sh scripts/run.sh --enable-source-maps --disable-warning=DEP0044 "$program"
