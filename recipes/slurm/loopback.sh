#!/bin/sh
# The recipe `array.sh` for real, on one machine: starts munge and Slurm on loopback in a scratch folder (as root, with Debian's
# slurm-wlm and munge installed), runs the suite as an array in which task 2 is requeued while it runs, and compares what was joined
# with a run in one process: `./loopback.sh PATH/TO/assay [SUITE]`. Exit code 0: the same, but for times.
set -eu
assay=$(realpath "$1")
suite="${2:+--suite $(realpath "$2")}"
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d /tmp/assay-slurm-XXXXXX)
host=$(hostname -s)
trap 'stop' EXIT
stop() {
    for name in slurmd slurmctld munged; do
        [ -f "$work/$name.pid" ] && kill "$(cat "$work/$name.pid")" 2>/dev/null || true
    done
    [ "${KEEP:-}" ] || rm -rf "$work"
}

mkdir "$work/state" "$work/spool" "$work/munge"
chmod 755 "$work"
dd if=/dev/urandom of="$work/munge/key" bs=64 count=1 2>/dev/null
chmod 700 "$work/munge"; chmod 400 "$work/munge/key"
munged --force --key-file "$work/munge/key" --socket "$work/munge.socket" --pid-file "$work/munged.pid" \
    --log-file "$work/munge/log" --seed-file "$work/munge/seed"
cat > "$work/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
KillWait=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$work/slurm.conf"
slurmctld
slurmd
for _ in $(seq 30); do
    sinfo -h -o %t 2>/dev/null | grep -q idle && break
    sleep 1
done
sinfo

# Task 2 is requeued by itself, once, in the middle of its run.
cat > "$work/assay" <<WRAP
#!/bin/sh
if [ "\${SLURM_ARRAY_TASK_ID:-}" = 2 ] && [ -z "\${SLURM_RESTART_COUNT:-}" ]; then
    "$assay" "\$@" &
    sleep 0.05
    touch "$work/requeued"
    scontrol requeue "\$SLURM_JOB_ID"
    sleep 600
fi
exec "$assay" "\$@"
WRAP
chmod +x "$work/assay"
cd "$work"
ASSAY="$work/assay" "$here/array.sh" 4 "$work/results" $suite
[ -f "$work/requeued" ] || { echo "task 2 was not requeued"; exit 1; }

cat "$work"/results/merge.log
"$assay" spec $suite --out "$work/whole" >/dev/null || [ $? -eq 1 ]
"$assay" compare "$work/whole" "$work/results/merged"
"$assay" compare "$work/results/merged" "$work/whole"
for run in whole results/merged; do
    # Rows without what they took, and without the first and the last line, which hold times and a digest over them.
    sed -e '1d' -e '$d' -e 's/"ms":[0-9.]*//; s/"[a-z_]*_\(ms\|us\|ns\)":[0-9.]*//g' "$work/$run/results.jsonl" | sort > "$work/rows"
    sha256sum < "$work/rows"
done | uniq | wc -l | grep -qx 1 && echo "the joined run is the one of a single process, but for times"
