#!/bin/sh
# npm run attack [-- --seconds N]: what an attacker at one core's speed costs the gateway and its partners (5 minutes).
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
sh scripts/prepare.sh
sh scripts/peers.sh
exec sh scripts/run.sh node_modules/jiti/lib/jiti-cli.mjs bench/attack/index.ts "$@"
