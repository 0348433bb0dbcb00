#!/bin/sh
# npm run deploy:offline: one definition, deployed by `cdktf deploy` itself, run, changed and destroyed again, on this
# machine alone. AWS is a stand-in; Terraform, cdktf, the registry, podman, DNS and the partners' servers are real.
# The last line is the verdict: 0 passed, 1 failed, 3 cannot run here (where CI is set, that fails too).
set -eu
cd "$(dirname -- "$0")/.."
verdict() { echo "deploy:offline: $*"; }
cannot() {
  if [ -n "${CI:-}" ]; then verdict "failed: $*"; exit 1; fi
  verdict "not run: $*"
  exit 3
}
[ "$(id -u)" = 0 ] || cannot "podman needs root here; run it as root, or in a container with --privileged"
command -v "${TERRAFORM_BINARY_NAME:-terraform}" >/dev/null 2>&1 || cannot "there is no terraform on PATH; install 1.11 or later"
began=$(date +%s)
sh scripts/prepare.sh && sh scripts/peers.sh && cdktf=$(sh scripts/cdktf-cli.sh) ||
  { verdict "failed: could not be prepared, see above"; exit 1; }
echo "prepared in $(($(date +%s) - began)) s"
# A short path: sockets need one.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/xe.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
status=0
TMPDIR=$scratch JITI_FS_CACHE=false sh scripts/run.sh node_modules/jiti/lib/jiti-cli.mjs test/offline/deploy/main.ts "$cdktf" || status=$?
exit $status
