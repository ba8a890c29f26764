#!/usr/bin/env bash
# slurm.sh up | down: a real SLURM on this machine, for the tests in this folder.
#
# Debian's packages, run by hand (no systemd, no cgroups, no accounting), all state in $STATE and two links
# to it in /etc/slurm; a machine with a SLURM of its own is left alone. Two logical nodes: cpu01 in
# partition cpu (the default) and gpu01, with two stand-ins for GPUs, in partition gpu. A job above its
# memory is killed.
set -euo pipefail
STATE=${SLURM_TEST_STATE:-/var/lib/multiome2vec-slurm}
CPUS=${SLURM_TEST_CPUS:-4}          # of each node; both are this machine
MEMORY=${SLURM_TEST_MEMORY:-64000}  # MB of each node; jobs ask for more than they take
HOST=$(hostname -s)
CONF=$STATE/slurm.conf
# where srun inside a job looks for it: the jobs of Snakemake's plugin do not know SLURM_CONF
LINKS="/etc/slurm/slurm.conf /etc/slurm/gres.conf"
SOCKET=$STATE/munge/socket

# by name too: after a crash the number may be another process's
alive() { [ -s "$STATE/$1.pid" ] && [ "$(cat "/proc/$(cat "$STATE/$1.pid")/comm" 2>/dev/null)" = "${1%%.*}" ]; }

install() {
  local missing=""
  for program in slurmctld slurmd squeue munged; do
    command -v $program >/dev/null || missing=$program
  done
  [ -n "$missing" ] || return 0
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null
}

# Only where no other SLURM is set up.
link() {
  mkdir -p /etc/slurm
  for path in $LINKS; do
    if [ -e "$path" ] && [ "$(readlink "$path")" != "$STATE/$(basename "$path")" ]; then
      echo "$path exists: this machine has a SLURM of its own." >&2
      exit 1
    fi
    ln -sf "$STATE/$(basename "$path")" "$path"
  done
}

configure() {
  mkdir -p "$STATE"/{ctld,log,munge,spool.cpu01,spool.gpu01}
  chmod 755 "$STATE"
  [ -s "$STATE/munge/key" ] || head -c 1024 /dev/urandom > "$STATE/munge/key"
  chown -R munge: "$STATE/munge"
  chmod 400 "$STATE/munge/key"
  chmod 755 "$STATE/munge"
  # SLURM gives jobs CUDA_VISIBLE_DEVICES only for character devices: clones of /dev/null
  for number in 0 1; do
    [ -c "$STATE/gpu$number" ] || mknod "$STATE/gpu$number" c 1 3
  done
  printf 'AutoDetect=off\nNodeName=gpu01 Name=gpu File=%s/gpu[0-1]\n' "$STATE" > "$STATE/gres.conf"
  cat > "$CONF" <<CONF
ClusterName=test
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$SOCKET
CredType=cred/munge
CryptoType=crypto/munge
MpiDefault=none
SlurmctldPort=16817
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.%n.pid
SlurmdSpoolDir=$STATE/spool.%n
StateSaveLocation=$STATE/ctld
SlurmctldLogFile=$STATE/log/slurmctld.log
SlurmdLogFile=$STATE/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=500
GresTypes=gpu
ReturnToService=2
SlurmdParameters=config_overrides
MinJobAge=3600
KillWait=10
SlurmctldTimeout=60
SlurmdTimeout=60
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$STATE/log/jobs.log
NodeName=cpu01 NodeHostname=$HOST NodeAddr=127.0.0.1 Port=17011 CPUs=$CPUS RealMemory=$MEMORY State=UNKNOWN
NodeName=gpu01 NodeHostname=$HOST NodeAddr=127.0.0.1 Port=17012 CPUs=$CPUS RealMemory=$MEMORY Gres=gpu:2 State=UNKNOWN
PartitionName=cpu Nodes=cpu01 Default=YES MaxTime=INFINITE OverTimeLimit=0 State=UP
PartitionName=gpu Nodes=gpu01 Default=NO MaxTime=INFINITE OverTimeLimit=0 State=UP
CONF
}

start() {
  alive munged || runuser -u munge -- munged --force --key-file="$STATE/munge/key" --socket="$SOCKET" \
    --pid-file="$STATE/munge/munged.pid" --log-file="$STATE/munge/log" --seed-file="$STATE/munge/seed"
  ln -sf munge/munged.pid "$STATE/munged.pid"
  alive slurmctld || slurmctld -f "$CONF"
  for node in cpu01 gpu01; do alive slurmd.$node || slurmd -f "$CONF" -N $node; done
}

# A node that was lost may be down: it is brought back after a while.
await() {
  for try in $(seq 150); do
    ready=$(sinfo -h -N -o '%N %t' 2>/dev/null | grep -cE ' (idle|mix|alloc)$' || true)
    [ "$ready" -ge 2 ] && return
    if [ "$try" = 30 ]; then scontrol update nodename=cpu01,gpu01 state=resume 2>/dev/null || true; fi
    sleep 0.2
  done
  echo "SLURM did not come up:" >&2
  sinfo -N -l >&2 || true
  tail -n 20 "$STATE"/log/slurm*.log >&2
  exit 1
}

down() {
  for name in slurmd.gpu01 slurmd.cpu01 slurmctld munged; do
    if alive $name; then kill "$(cat "$STATE/$name.pid")"; fi
  done
  rm -f $LINKS
}

case ${1:-} in
  up) install && configure && link && start && await ;;
  down) down ;;
  *) sed -n 2p "$0" >&2; exit 2 ;;
esac
