#!/bin/sh
# npm test: prepares everything, fetches the peers and runs all suites. Arguments go to jest, with which a part can
# be run:  npm test -- --selectProjects=unit
# Prints at the end how many tests and which peers ran.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
sh scripts/prepare.sh
sh scripts/peers.sh
XMPP_EDGE_PEER_SET=xml sh scripts/peers.sh
mkdir -p .cache/results
results=.cache/results/node-$(sh scripts/run.sh -p process.versions.node).json
rm -f "$results"
# What the servers of a failed test had logged: printed again at the end, where nobody has to look for it.
export XMPP_EDGE_FAILURE_LOG="$root/.cache/results/failures.log"
rm -f "$XMPP_EDGE_FAILURE_LOG"
# What tests and the libraries under them leave in the temporary folder goes with it. A short path: sockets need one.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/xe.XXXXXX")
chmod 711 "$scratch" # one test builds as another user, who has to get at its folder
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
status=0
TMPDIR=$scratch sh scripts/run.sh node_modules/jest/bin/jest.js --maxWorkers=2 --json --outputFile="$results" "$@" >/dev/null || status=$?
sh scripts/run.sh scripts/results.cjs "$results" || status=1
exit $status
