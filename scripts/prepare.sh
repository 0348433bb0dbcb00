#!/bin/sh
# Everything a fresh clone needs before its first command: dependencies, the pinned Node, the build.
# Does nothing, and says nothing, where that stands already. Prints to standard error, so that a command's
# own output stays clean. Safe to run twice at once: the second run waits for the first.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
[ -d src ] || exit 0 # an installed package: nothing to build

installed() { [ -e node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]; }
built() { [ -e dist/.built ] && [ -z "$(find src package.json tsconfig.json tsconfig.build.json scripts/build* -newer dist/.built -print -quit)" ]; }
installed && built && exit 0

mkdir -p .cache
exec 9>.cache/prepare.lock
if command -v flock >/dev/null 2>&1; then flock 9; fi

if ! installed; then
  command -v npm >/dev/null 2>&1 || { echo "xmpp-edge: npm is not on PATH; install Node.js 20 or later with npm" >&2; exit 2; }
  echo "xmpp-edge: installing the dependencies (about a minute the first time)" >&2
  # Not `npm ci`: it refuses a lockfile without the packages of platforms that the registry does not carry.
  # This one keeps to the lockfile's versions and hashes all the same, and does not write to it.
  npm install --no-save --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi
if ! built; then
  echo "xmpp-edge: building" >&2
  mkdir -p dist
  marker=$(mktemp .cache/built.XXXXXX) # dated before the compiler reads the first file
  trap 'rm -f "$marker"' EXIT
  NODE_DISABLE_COMPILE_CACHE=1 sh scripts/build.sh >&2
  mv "$marker" dist/.built
fi
