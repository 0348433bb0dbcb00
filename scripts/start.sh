#!/bin/sh
# npm start: both shipped examples as two running gateways that federate on this machine.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
exec "$root/bin/xmpp-edge" up "$root/examples/contoso/edge.config.ts" "$root/examples/fabrikam/edge.config.ts" "$@"
