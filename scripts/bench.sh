#!/bin/sh
# npm run bench: our figures beside the peers', in one run, as ratios. `--smoke` runs everything small.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
sh scripts/prepare.sh
sh scripts/peers.sh
exec sh scripts/run.sh node_modules/jiti/lib/jiti-cli.mjs bench/index.ts "$@"
