#!/bin/sh
# Runs a program of a peer root in the foreground:  enter.sh ROOT WORK program arguments...
#
# To be started inside a mount namespace of its own (peer-process.ts does), so nothing mounted here is seen by
# the machine, and all of it goes with the program. WORK (configuration and data) appears to the program as /peer
# and is where it starts. exec all the way: the pid stays the same, a signal to it is a signal to the program.
set -eu
root=$1
work=$2
shift 2
for name in dev proc sys; do mount --rbind "/$name" "$root/$name"; done
mount --bind "$work" "$root/peer"
for name in hosts resolv.conf; do
  [ ! -e "$work/$name" ] || mount --bind "$work/$name" "$root/etc/$name"
done
# The root's own sh changes to the work folder: chroot leaves its program at /.
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/peer LANG=C.UTF-8 \
  /bin/sh -c 'cd /peer && exec "$0" "$@"' "$@"
