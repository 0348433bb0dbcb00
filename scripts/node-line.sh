#!/bin/sh
# Fetches another Node line from the package registry and prints where its program is:
#   scripts/node-line.sh 24.21.0
# The package's hash is pinned here, as the lockfile pins the baseline's.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
version=$1
case $(uname -m) in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) echo "xmpp-edge: no Node package for $(uname -m)" >&2; exit 1 ;; esac
case $version-$arch in
  24.21.0-x64) hash=3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q== ;;
  24.21.0-arm64) hash=FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g== ;;
  26.10.0-x64) hash=OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw== ;;
  26.10.0-arm64) hash=idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ== ;;
  *) echo "xmpp-edge: no hash is pinned for Node $version on $arch" >&2; exit 1 ;;
esac
place=$root/.cache/node/$version
if [ ! -x "$place/package/bin/node" ]; then
  rm -rf "$place" && mkdir -p "$place"
  echo "xmpp-edge: fetching Node $version" >&2
  (cd "$place" && npm pack --silent "node-linux-$arch@$version" >/dev/null)
  archive=$place/node-linux-$arch-$version.tgz
  found=$(sh scripts/run.sh -p 'crypto.createHash("sha512").update(fs.readFileSync(process.argv[1])).digest("base64")' "$archive")
  [ "$found" = "$hash" ] || { echo "xmpp-edge: Node $version has another hash than the pinned one: found $found" >&2; exit 1; }
  tar -xzf "$archive" -C "$place" package/bin/node
  rm "$archive"
fi
echo "$place/package/bin/node"
