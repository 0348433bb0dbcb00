#!/bin/sh
# The servers that the peer tests federate with, without installing them: Debian packages with everything they
# need, libc included, unpacked into .cache/peers/<release>/. Needs neither root nor a free port; no maintainer
# script runs, so no user, service or certificate appears on the machine.
#
#   scripts/peers.sh             fetch what is missing; says so on standard error, is silent where all is there
#   scripts/peers.sh --where     print the folder on standard output; fetches nothing, fails where it is incomplete
#
# XMPP_EDGE_PEER_RELEASE=trixie takes another Debian release than the machine's own.
# XMPP_EDGE_PEER_SET=dns takes, into a folder of its own, what `npm run bench:dns-peers` is measured beside.
# XMPP_EDGE_PEER_SET=jabberd2 takes, likewise, what the matrix of jabberd2 needs (docs/interoperability.md).
# XMPP_EDGE_PEER_SET=tls takes, likewise, the scanners of `npm run tls-scan` (docs/tls.md).
# XMPP_EDGE_PEER_SET=xml takes, likewise, the XML parser that ours is compared with; `npm test` fetches it too.
# Remove the folder to fetch newer packages. Two runs at once: the second waits for the first.
set -eu
packages="prosody lua-unbound unbound pebble knot knot-dnsutils default-jre-headless ca-certificates netbase docker-registry podman runc cloud-init bind9 bind9-dnsutils nsd iproute2 ejabberd strace"
case ${XMPP_EDGE_PEER_SET-} in
  '') set= ;;
  dns) set=-dns packages="zonemaster-cli dnsviz python3-pygraphviz xmpp-dns prosody lua-unbound ca-certificates netbase dns-root-data" ;;
  jabberd2) set=-jabberd2 packages="jabberd2 prosody lua-unbound unbound ca-certificates netbase" ;;
  xml) set=-xml packages="libxml2-utils" ;;
  tls) set=-tls packages="sslscan testssl.sh openssl bsdextrautils procps bind9-host bind9-dnsutils libc-bin sed grep gawk findutils netbase" ;;
  *) echo "xmpp-edge: XMPP_EDGE_PEER_SET is '$XMPP_EDGE_PEER_SET'; expected nothing, dns, jabberd2, tls or xml" >&2; exit 2 ;;
esac
layout=1 # raise it when what this script makes of the packages changes

say() { echo "xmpp-edge: $*" >&2; }
die() { say "$@"; exit 1; }

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
machine=$([ ! -r /etc/os-release ] || { . /etc/os-release && echo "${VERSION_CODENAME:-}"; })
release=${XMPP_EDGE_PEER_RELEASE:-$machine}
case $release in
  '') die "the peer tests need Debian packages, and this machine does not name its Debian release (no VERSION_CODENAME in os-release); run them on Debian" ;;
  *[!a-z0-9-]*) die "XMPP_EDGE_PEER_RELEASE is '$release'; expected the name of a Debian release, such as trixie" ;;
esac
root=$project/.cache/peers/$release$set
key="$layout $release $packages"

for program in apt-get dpkg-deb tar unshare setpriv flock; do
  command -v "$program" >/dev/null 2>&1 ||
    die "the peer tests need '$program', which is not on PATH; on Debian: apt-get install apt dpkg tar util-linux"
done
# Each server runs in a mount namespace of its own (test/peers/rig/enter.sh).
unshare --mount true 2>/dev/null || unshare --mount --map-root-user true 2>/dev/null ||
  die "the peer tests need mount namespaces, which this machine refuses. Run them as root; or allow unprivileged" \
    "user namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0);" \
    "or, in a container, start it with --cap-add SYS_ADMIN --security-opt seccomp=unconfined"

complete() { [ -r "$root/.complete" ] && [ "$(cat "$root/.complete")" = "$key" ]; }
if [ "${1:-}" = --where ]; then
  complete || die "the peers of Debian $release are not there or out of date; run scripts/peers.sh"
  echo "$root"
  exit 0
fi
[ $# -eq 0 ] || { say "peers.sh takes no arguments but --where; found: $*"; exit 2; }
complete && exit 0

mkdir -p "$project/.cache/peers"
exec 9>"$project/.cache/peers/$release$set.lock"
flock --nonblock 9 || { say "waiting for another run that fetches the peers"; flock 9; }
complete && exit 0
say "fetching the peers of Debian $release: $packages, with all they need (150 to 270 MB, once)"

# Made beside `root`, which takes its place only when it is whole.
state=$project/.cache/peers/$release$set.fetch
new=$project/.cache/peers/$release$set.new
trap 'rm -rf "$state" "$new"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
rm -rf "$state" "$new" # of a run that was killed
mkdir -p "$state/archives/partial" "$state/lists/partial" "$state/cache" "$new/usr"
: >"$state/status" # an empty dpkg status: nothing counts as installed, so the whole closure comes
for folder in bin sbin lib lib64; do # a merged /usr from the start, whichever release the packages come from
  mkdir "$new/usr/$folder"
  ln -s "usr/$folder" "$new/$folder"
done

# apt's locks, caches and status are system folders: all of them are moved to our own.
apt() {
  apt-get -qq -y -o Debug::NoLocking=1 -o APT::Sandbox::User= -o Acquire::Retries=3 \
    -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" -o Dir::Cache::archives="$state/archives" \
    "$@" </dev/null >"$state/log" 2>&1
}
own_lists() { apt -o Dir::State::lists="$state/lists" "$@"; }
download() {
  rm -f "$state"/archives/*.deb # of an attempt with older lists
  # shellcheck disable=SC2086 # a list of words
  "$@" --no-install-recommends --download-only install bash coreutils $packages
}

if [ "$release" != "$machine" ]; then
  mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    sed -n "s/^$machine main //p" | head -n 1)
  [ -n "$mirror" ] || die "apt has no source for Debian $machine main, so no mirror to take $release from; add one to sources.list"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$state/sources.list"
  other_release() { own_lists -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null "$@"; }
  if ! { other_release update && download other_release; }; then
    cat "$state/log" >&2
    die "could not fetch the packages of Debian $release (apt's words above); is the release's name right and its mirror in reach?"
  fi
elif ! download apt; then
  # No package lists (nobody ran `apt-get update` here), or lists older than the mirror: fetch our own.
  say "apt's package lists do not serve; fetching lists for this project alone"
  if ! { own_lists update && download own_lists; }; then
    cat "$state/log" >&2
    die "could not fetch the packages of Debian $release (apt's words above); are apt's sources for it set and in reach?"
  fi
fi

# apt has checked each file against the signed lists.
say "unpacking"
for deb in "$state"/archives/*.deb; do
  # Without the permissions option no set-uid bit is kept, also when root unpacks.
  dpkg-deb --fsys-tarfile "$deb" |
    tar -x -C "$new" --keep-directory-symlink --no-same-owner --no-same-permissions \
      --exclude=./dev --exclude=./proc --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale
  dpkg-deb --show --showformat '${Package} ${Version}\n' "$deb" >>"$new/.versions"
done
# What maintainer scripts would have made, and places to mount over.
for folder in dev proc sys run peer tmp etc; do mkdir -p "$new/$folder"; done
printf '%s\n' root:x:0:0:root:/peer:/bin/sh nobody:x:65534:65534:nobody:/:/bin/sh >"$new/etc/passwd"
printf '%s\n' root:x:0: nogroup:x:65534: >"$new/etc/group"
[ -e "$new/usr/bin/awk" ] || [ ! -e "$new/usr/bin/gawk" ] || ln -s gawk "$new/usr/bin/awk"
[ -e "$new/usr/bin/sh" ] || ln -s bash "$new/usr/bin/sh"
echo 'hosts: files dns' >"$new/etc/nsswitch.conf" # without it libc asks DNS before /etc/hosts
: >"$new/etc/resolv.conf"
: >"$new/etc/hosts"
# pygraphviz asks for its version; the file that says it is left out of the package.
graphviz=$new/usr/lib/python3/dist-packages/pygraphviz
[ ! -d "$graphviz" ] || [ -e "$graphviz/release.py" ] ||
  sed -n 's/^python3-pygraphviz \([0-9.]*\).*/version = "\1"/p' "$new/.versions" >"$graphviz/release.py"

echo "$key" >"$new/.complete"
rm -rf "$root"
mv "$new" "$root"
say "peers of Debian $release are ready: $(sed -n 's/^\(prosody\|unbound\|pebble\|knot\|podman\|docker-registry\) /\1 /p' "$root/.versions" | tr '\n' ' ')"
