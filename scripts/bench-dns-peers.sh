#!/bin/sh
# npm run bench:dns-peers: dns verify beside Zonemaster, dnsviz, prosodyctl and xmpp-dns, in a private network.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
sh scripts/prepare.sh
sh scripts/peers.sh
XMPP_EDGE_PEER_SET=dns sh scripts/peers.sh
exec sh scripts/run.sh node_modules/jiti/lib/jiti-cli.mjs bench/dns-peers/index.ts "$@"
