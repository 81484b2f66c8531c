#!/bin/bash
# Tests the runner of the paper's tables under a real Slurm, of one node that this script makes of the machine for itself, and through
# GNU parallel over ssh to a server of its own on this machine. Nothing is installed or left; what is missing is SKIPPED.
#
# usage: tests/paper/test_schedulers.sh PAPER_TABLE
set -u
program=${1:?}
work=$(mktemp -d)
export PAPER_OUT=$work/results PATH=$PATH:/usr/sbin
unset OMP_NUM_THREADS SEEDS METHODS JOBS BUDGET RUNNER SLURM PARALLEL KEPT # of the user's shell
trap 'stop_slurm; stop_ssh; rm -rf "$work"' EXIT

failed=0
holds() { # holds NAME WHY CONDITION...
    local name=$1 why=$2
    shift 2
    if "$@" > /dev/null 2>&1; then echo "PASS $name"; else echo "FAIL $name: $why"; failed=1; fi
}
table() { # table NAME ITERATIONS: four runs, two of so many iterations and then two of some
    printf '%s\n' "title runs of some seconds" "seeds 2" "train 1000" "baseline plain" "evaluate clean -test 200" \
        "run plain cfg/demo-plain.cfg net.burn_in=5 budget=$2 seeds=1" \
        "run gkd cfg/demo-plain.cfg add=experiments/paper/small/gkd.cfg net.burn_in=5 budget=$2 seeds=1" \
        "run short cfg/demo-plain.cfg net.burn_in=5 budget=20" > "$work/$1.txt"
}
paper() { experiments/paper/paper.sh "$work/$1.txt" "$program" > "$work/$1.log" 2>&1; }
runs() { find "$PAPER_OUT/$1/runs" -name '*.csv' | wc -l; }
weights() { md5sum < "$PAPER_OUT/$1/backup/$2.weights"; }
port() { echo $((20000 + (RANDOM << 2 | RANDOM & 3) % 40000)); }
# until_true SECONDS CONDITION...
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep .2
    done
}

### Slurm

node=$(hostname -s)
stop_slurm() {
    local daemon pid
    for daemon in slurmd slurmctld; do
        pid=$(cat "$work/slurm/$daemon.pid" 2> /dev/null) || continue
        kill "$pid" 2> /dev/null && until_true 20 eval "! kill -0 $pid"
    done
}

start_slurm() {
    local ports
    ports=$(port)
    mkdir -p "$work"/slurm/{state,spool}
    export SLURM_CONF=$work/slurm/slurm.conf
    # cred_expire: a requeued job begins when what let it begin before has expired.
    cat > "$SLURM_CONF" << CONF
ClusterName=here
SlurmctldHost=$node(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/none
AuthInfo=cred_expire=3
CryptoType=crypto/none
SlurmctldPort=$ports
SlurmdPort=$((ports + 1))
StateSaveLocation=$work/slurm/state
SlurmdSpoolDir=$work/slurm/spool
SlurmctldPidFile=$work/slurm/slurmctld.pid
SlurmdPidFile=$work/slurm/slurmd.pid
SlurmctldLogFile=$work/slurm/slurmctld.log
SlurmdLogFile=$work/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,batch_sched_delay=0,bf_interval=2
MpiDefault=none
SlurmdParameters=config_overrides
KillWait=60
NodeName=$node NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    slurmctld && slurmd && until_true 30 node_is idle
}
node_is() { sinfo -h -o %T | grep -qx "$1"; }
state_is() { squeue -h -r -j "$1" -o %T | grep -qx "$2"; }
has_iterations() { [ "$(wc -l < "$PAPER_OUT/$1")" -gt "$2" ]; }
no_job() { [ -z "$(squeue -h)" ]; }

test_slurm() {
    local job call lines
    table array 600
    # Two at a time: of the four, two wait.
    SLURM=-n1 JOBS=2 experiments/paper/paper.sh "$work/array.txt" "$program" > "$work/array.log" 2>&1 &
    call=$!
    until_true 60 has_iterations array/logs/plain-1.csv 40
    job=$(squeue -h -r -o %F | head -1)
    holds slurm_runs_are_an_array_of_jobs "$(squeue -h -r -o '%i %T' | tr '\n' ' ')" [ "$(squeue -h -r -j "$job" | wc -l)" = 4 ]
    holds slurm_runs_as_many_at_once_as_JOBS_says "$(squeue -h -r -o '%i %T' | tr '\n' ' ')" [ "$(squeue -h -r -t R | wc -l)" = 2 ]
    # The node is drained: what runs goes on, what waits waits.
    scontrol update nodename="$node" state=drain reason=test
    lines=$(wc -l < "$PAPER_OUT/array/logs/plain-1.csv")
    scontrol requeue "${job}_1"
    scancel "${job}_2"
    until_true 60 state_is "${job}_1" PENDING
    holds slurm_a_requeued_run_has_saved "$(ls "$PAPER_OUT/array/backup")" [ -s "$PAPER_OUT/array/backup/plain-1.backup" ]
    holds slurm_a_requeued_run_was_not_over "$lines lines" [ ! -e "$PAPER_OUT/array/runs/plain-1.csv" ]
    until_true 90 node_is drained
    holds slurm_on_a_drained_node_the_rest_waits "$(squeue -h -r -o '%i %T %r' | tr '\n' ' ')" [ "$(squeue -h -r -t PD | wc -l)" = 3 ]
    scontrol update nodename="$node" state=resume
    wait $call
    holds slurm_a_cancelled_run_is_told "status 0" [ $? != 0 ]
    holds slurm_and_the_next_call_named "$(tail -1 "$work/array.log")" grep -q 'the next call tries again' "$work/array.log"
    holds slurm_it_was_not_over "gkd-1 is" [ ! -e "$PAPER_OUT/array/runs/gkd-1.csv" ]
    holds slurm_all_others_are_over "$(runs array) of 3" [ "$(runs array)" = 3 ]
    SLURM=-n1 paper array
    holds slurm_the_next_call_completes_the_table "$(tail -2 "$work/array.log")" [ "$(runs array)" = 4 ]
    holds slurm_and_prints_it "$(tail -2 "$work/array.log")" grep -q 'short .* 2 ' "$work/array.log"
    holds slurm_each_iteration_was_logged_once "the log of the requeued run" \
        [ "$(cut -d, -f1 "$PAPER_OUT/array/logs/plain-1.csv" | sort | uniq -d | wc -l)-$(wc -l < "$PAPER_OUT/array/logs/plain-1.csv")" = 0-601 ]
    table here 600
    OMP_NUM_THREADS=1 JOBS=2 paper here
    holds slurm_a_requeued_run_ends_as_one_in_one_go "other weights" [ "$(weights array plain-1)" = "$(weights here plain-1)" ]
    holds slurm_a_cancelled_run_ends_as_one_in_one_go "other weights" [ "$(weights array gkd-1)" = "$(weights here gkd-1)" ]

    table stopped 100000
    SLURM=-n1 experiments/paper/paper.sh "$work/stopped.txt" "$program" > "$work/stopped.log" 2>&1 &
    call=$!
    until_true 60 has_iterations stopped/logs/plain-1.csv 20
    kill -TERM $call
    wait $call
    holds slurm_told_to_stop_it_takes_its_jobs_away "$(squeue -h | head -1)" until_true 60 no_job
    holds slurm_and_they_have_saved "$(ls "$PAPER_OUT/stopped/backup")" [ -s "$PAPER_OUT/stopped/backup/plain-1.backup" ]
}

### GNU parallel, over ssh

stop_ssh() { [ ! -s "$work/ssh/pid" ] || kill "$(cat "$work/ssh/pid")" 2> /dev/null; }
start_ssh() {
    local number
    number=$(port)
    mkdir -p "$work/ssh" && chmod 700 "$work/ssh"
    ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/host" && ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/key" || return 1
    cp "$work/ssh/key.pub" "$work/ssh/authorized"
    cat > "$work/ssh/config" << CONF
Port $number
ListenAddress 127.0.0.1
HostKey $work/ssh/host
PidFile $work/ssh/pid
AuthorizedKeysFile $work/ssh/authorized
StrictModes no
UsePAM no
CONF
    [ "$(id -u)" != 0 ] || mkdir -p /run/sshd
    # Two names for this machine, as for two machines.
    ssh_command="ssh -q -p $number -i $work/ssh/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes"
    printf '#!/bin/sh\necho "$*" >> %s\nexec %s "$@"\n' "$work/ssh/calls" "$ssh_command" > "$work/ssh/call" && chmod +x "$work/ssh/call"
    "$(command -v sshd)" -f "$work/ssh/config" && until_true 10 $ssh_command 127.0.0.1 true
}

# The first training waits for a second one, so that neither host, quicker than the other, does all of them.
wait_for_each_other() {
    printf '#!/bin/bash\n[ "$2" != train ] || touch "%s/began/$$"\nuntil [ $SECONDS -ge 60 ] || [ "$(ls "%s/began" | wc -l)" -ge 2 ]; do sleep .1; done\nexec ./darknet "$@"\n' "$work" "$work" > "$work/darknet"
    mkdir "$work/began" && chmod +x "$work/darknet"
}

test_parallel() {
    local calls
    table hosts 20
    wait_for_each_other
    DARKNET_PROGRAM=$work/darknet PARALLEL_SSH=$work/ssh/call PARALLEL="-S 1/127.0.0.1,1/localhost" OMP_NUM_THREADS=1 JOBS=1 paper hosts
    holds parallel_runs_on_several_hosts_complete_the_table "$(tail -2 "$work/hosts.log")" [ "$(runs hosts)" = 4 ]
    # a host is called for each of its runs
    calls=$(cut -d ' ' -f 1 "$work/ssh/calls" | sort | uniq -c | xargs)
    holds parallel_calls_a_host_once_a_run "$calls" [ "$(wc -l < "$work/ssh/calls")" = 4 ]
    holds parallel_gives_each_host_its_runs "$calls" [ "$(cut -d ' ' -f 1 "$work/ssh/calls" | sort -u | xargs)" = "127.0.0.1 localhost" ]
    holds parallel_and_prints_it "$(tail -2 "$work/hosts.log")" grep -q 'short .* 2 ' "$work/hosts.log"
}

are_there() { # PROGRAM...: all of them (command -v is content with one)
    local name
    for name in "$@"; do command -v "$name" > /dev/null || return 1; done
}

if are_there slurmctld slurmd sbatch; then
    if start_slurm; then test_slurm; else echo "SKIPPED slurm: it does not start here ($(tail -n 1 "$work"/slurm/slurmd.log 2> /dev/null))"; fi
else
    echo "SKIPPED slurm: slurm-wlm is not installed"
fi
if are_there parallel sshd; then
    if start_ssh; then test_parallel; else echo "SKIPPED parallel: no ssh to this machine"; fi
else
    echo "SKIPPED parallel: parallel and openssh-server are not installed"
fi
exit $failed
