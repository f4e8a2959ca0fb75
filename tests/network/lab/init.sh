#!/bin/bash
# The first process of the guest: sets up what every system has, runs the job, cuts the power.
# The guest sees the machine's own files, except for /mnt, /run, /dev/shm and /var/lib/nfs.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/shm /dev/pts /lib/modules
for directory in /run /mnt /dev/shm /var/lib/nfs; do mount -t tmpfs tmpfs $directory; done
mount --bind /usr/lib/uml/modules /lib/modules
mount -t devpts devpts /dev/pts 2>/dev/null
mknod /dev/ubda b 98 0 2>/dev/null
ip link set lo up
mkdir /dev/shm/tmp
export TMPDIR=/dev/shm/tmp
LAB=$(dirname "$0")
work=$(sed -n 's/.*\bwork=\([^ ]*\).*/\1/p' /proc/cmdline)
( . "$work/job.sh" ) >"$work/output" 2>&1
echo $? >"$work/status"
sync
echo o >/proc/sysrq-trigger
sleep 60
