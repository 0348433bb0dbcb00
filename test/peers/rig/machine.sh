#!/bin/sh
# A machine of its own inside the machine, for what starts programs that outlive it (podman):  machine.sh ROOT WORK
#
# To be started in mount and pid namespaces of its own (podman.ts does): when this ends, the kernel ends all that
# runs in it and forgets its mounts. WORK appears to its programs as /peer.
set -eu
root=$1
work=$2
# What is exec'd into a container starts at the root of its mount namespace: that has to be ours, not hidden by chroot.
mount --bind "$root" "$root"
for name in dev proc sys; do mount --rbind "/$name" "$root/$name"; done
mount --bind "$work" "$root/peer"
# What podman keeps in fixed places is gone with it.
mkdir -p "$root/var/lib/containers" "$root/mnt"
for name in run var/lib/containers; do mount -t tmpfs tmpfs "$root/$name"; done
cd "$root"
pivot_root . mnt
cd /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
# The root has no umount(8). 2: MNT_DETACH
python3 -c 'import ctypes, sys; sys.exit(-ctypes.CDLL(None).umount2(b"/mnt", 2))'
trap 'exit 0' TERM
echo up
while :; do
  sleep 3600 &
  wait $!
done
