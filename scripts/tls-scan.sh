#!/bin/sh
# npm run tls-scan: sslscan and testssl.sh against a running gateway; fails at a finding that is not explained.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
sh scripts/prepare.sh
sh scripts/peers.sh
XMPP_EDGE_PEER_SET=tls sh scripts/peers.sh
exec sh scripts/run.sh node_modules/jiti/lib/jiti-cli.mjs test/tls-scan/index.ts "$@"
