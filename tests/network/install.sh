#!/usr/bin/env bash
# Installs what the tests on network drives need, from Debian (about 40 MB): a kernel that runs as a program, and the
# servers that run inside it. Needs root.
set -euo pipefail
packages=(user-mode-linux kmod nfs-kernel-server nfs-common rpcbind samba cifs-utils e2fsprogs faketime iproute2)
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -q >/dev/null
  # The servers are started inside the guest; here nothing of them is to run.
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
fi
