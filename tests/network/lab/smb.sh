# Sourced by a job in the guest: a Samba server on the loopback device.
# Mounts made with `nosharesock` have connections and caches of their own, as different machines do.

# The server grants no leases: with them it leaves about one open in two thousand unanswered for a minute or for good
# when two clients open and remove the same files (Samba 4.17 and Linux 6.1, in this guest), and the client waits in its
# kernel.
start_smb() {
  modprobe cifs
  mkdir -p /mnt/share /run/smb/{private,lock,state,cache,pid,ncalrpc}
  mount -t tmpfs -o size=384M none /mnt/share
  chmod 777 /mnt/share
  cat >/run/smb/smb.conf <<'EOF'
[global]
  interfaces = 127.0.0.1
  bind interfaces only = yes
  smb ports = 4450
  server min protocol = SMB2
  map to guest = Bad User
  guest account = root
  disable spoolss = yes
  load printers = no
  private dir = /run/smb/private
  lock directory = /run/smb/lock
  state directory = /run/smb/state
  cache directory = /run/smb/cache
  pid directory = /run/smb/pid
  ncalrpc dir = /run/smb/ncalrpc
  log file = /run/smb/log
[share]
  path = /mnt/share
  writable = yes
  guest ok = yes
  oplocks = no
  force user = root
EOF
  smbd -D -s /run/smb/smb.conf
}

mount_smb() { # OPTIONS DIRECTORY...: mounts the share, once for each client
  local options=$1 directory
  shift
  for directory; do
    mkdir -p "$directory"
    for _ in {1..100}; do # until the server answers
      mount -t cifs //127.0.0.1/share "$directory" 2>/dev/null \
        -o "guest,port=4450,vers=3.0,nosharesock,uid=0,gid=0${options:+,$options}" && break
      sleep 0.1
    done
  done
}
