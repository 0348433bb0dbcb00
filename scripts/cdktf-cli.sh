#!/bin/sh
# The cdktf command, pinned by a lock of its own (test/offline/cdktf-cli), in .cache/cdktf-cli: its 400 packages stay
# out of the project's tree. Prints the command's file; says on standard error when it installs, and does that once.
set -eu
cd "$(dirname -- "$0")/.."
from=test/offline/cdktf-cli
to=$PWD/.cache/cdktf-cli
command=$to/node_modules/cdktf-cli/bundle/bin/cdktf
standing() { [ -e "$to/.installed" ] && cmp -s "$from/package-lock.json" "$to/.installed"; }
if ! standing; then
  mkdir -p "$to"
  exec 9>"$to.lock"
  if command -v flock >/dev/null 2>&1; then flock 9; fi
fi
if ! standing; then
  command -v npm >/dev/null 2>&1 || { echo "xmpp-edge: npm is not on PATH; install Node.js 20 or later with npm" >&2; exit 2; }
  echo "xmpp-edge: installing cdktf-cli (424 MB, about a minute, once)" >&2
  cp "$from/package.json" "$from/package-lock.json" .npmrc "$to/"
  # No install script runs: what it needs of native code is in its packages.
  (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
  cp "$from/package-lock.json" "$to/.installed"
fi
echo "$command"
