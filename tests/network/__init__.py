"""The cache on real network drives: NFS 4.2, NFS 3 and SMB, each mounted twice, as on two machines.

    pytest -m network tests/network      what must hold
    python -m tests.network              the same, as figures

Both need root and what `install.sh` installs. A Linux kernel that runs as a program (User Mode Linux) is the guest: it
has the servers and clients that the machine's own kernel may lack, and runs the modules of this package:

    stress       eight processes put, get, forget and evict one set of keys
    flights      one computation for all, and when the others see its result
    outages      servers that stop, drives that are full, files that are replaced while they are read
    clocks       two machines whose clocks are hours apart
    machines     the same with a guest for each of them
    power        a power cut

`guest` starts it, `drives` says what is mounted there, `inside` is what it runs.
"""
