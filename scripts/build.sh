#!/bin/sh
# npm run build: compiles src into dist, then bundles what runs outside the package's own folder, one script each.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
sh scripts/run.sh node_modules/typescript/bin/tsc -p tsconfig.build.json
# A module whose source has moved would still be found, and stand before a folder that has taken its name.
find dist \( -path dist/image -o -path dist/commands \) -prune -o -name '*.js' -print | while IFS= read -r made; do
  source=src/${made#dist/}
  [ -e "${source%.js}.ts" ] || rm -f "$made" "${made%.js}.d.ts"
done
for bundle in provider stand-in program commands; do
  sh scripts/run.sh "scripts/build-$bundle.cjs"
done
