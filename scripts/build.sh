#!/bin/sh
# npm run build: compiles src into dist, then bundles what runs outside the package's own folder, one script each.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
sh scripts/run.sh node_modules/typescript/bin/tsc -p tsconfig.build.json
for bundle in provider stand-in program; do
  sh scripts/run.sh "scripts/build-$bundle.cjs"
done
