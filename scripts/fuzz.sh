#!/bin/sh
# npm run fuzz [-- TIMES [PATH...]]: the properties about hostile input, each tried TIMES as often as npm test does
# (default: 100). A counter-example is printed with the seed that finds it again.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
times=${1:-100}
[ $# -gt 0 ] && shift
case $times in
  '' | *[!0-9]* | 0) echo "npm run fuzz -- TIMES [PATH...]: TIMES is a whole number from 1, not $times" >&2; exit 2 ;;
esac
sh scripts/prepare.sh
[ $# -gt 0 ] || set -- $(grep -rl 'fuzz-runs"' test)
export XMPP_EDGE_FUZZ="$times"
exec sh scripts/run.sh node_modules/jest/bin/jest.js "$@" --selectProjects unit --testTimeout 36000000
