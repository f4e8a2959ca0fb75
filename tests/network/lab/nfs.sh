# Sourced by a job in the guest: a kernel NFS server on the loopback device, or for the NFS_CLIENTS that the job names.
# Mounts made with `nosharecache` have caches of their own, as different machines do.

export_nfs() { # DIRECTORY SIZE NUMBER: exports a file system of that size
  mkdir -p "$1"
  mount -t tmpfs -o "size=$2" none "$1"
  chmod 1777 "$1"
  local client
  for client in ${NFS_CLIENTS:-127.0.0.1}; do
    exportfs -o "rw,fsid=$3,crossmnt,no_root_squash,insecure,no_subtree_check,sync" "$client:$1"
  done
}

start_nfs() {
  modprobe -a nfsd nfsv3 nfsv4
  mkdir -p /run/rpcbind /var/lib/nfs/{v4recovery,sm,rpc_pipefs}
  touch /var/lib/nfs/{etab,rmtab,xtab}
  mount -t nfsd nfsd /proc/fs/nfsd
  mount -t rpc_pipefs rpc_pipefs /var/lib/nfs/rpc_pipefs
  rpcbind
  until rpcinfo -p 127.0.0.1 >/dev/null 2>&1; do sleep 0.1; done
  rpc.statd --no-notify
  export_nfs /mnt/export 384M 0
  export_nfs /mnt/export/small 1M 1
  # A server that starts grants no locks until old clients had time to claim theirs. Here are none.
  modprobe lockd
  echo 3 >/proc/sys/fs/nfs/nlm_timeout
  echo 3 >/proc/sys/fs/nfs/nlm_grace_period
  echo 10 >/proc/fs/nfsd/nfsv4leasetime
  echo 10 >/proc/fs/nfsd/nfsv4gracetime
  rpc.nfsd 4
  rpc.mountd
}

mount_nfs() { # VERSION OPTIONS DIRECTORY...: mounts the export of NFS_SERVER, or of this machine, once for each client
  local version=$1 options=$2 source=${NFS_SERVER:-127.0.0.1}:/ directory
  [ "$version" = 4.2 ] || source=${source}mnt/export
  shift 2
  for directory; do
    mkdir -p "$directory"
    mount -t nfs -o "vers=$version,nosharecache${options:+,$options}" "$source" "$directory"
  done
}

await_locks() { # DIRECTORY: returns once the server grants locks
  flock "$1/ready" true
}

join_network() { # NAME ADDRESS: for a guest with a plug
  hostname "$1" # by its name the server tells a client from others
  ip address add "$2/24" dev vec0
  ip link set dev vec0 up
}
