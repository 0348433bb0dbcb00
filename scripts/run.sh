#!/bin/sh
# Runs a program under the Node line this project is tested with: the machine's own where it is 22.18 or later
# of the same line, else the pinned one from the dependencies.
pinned=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/node_modules/.bin/node
[ -x "$pinned" ] && exec "$pinned" "$@"
exec node "$@"
