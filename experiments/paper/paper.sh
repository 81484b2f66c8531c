#!/bin/bash
# Runs a table of the paper: all its runs, JOBS at once, each by run.sh; then prints the table. Stopped at any moment, the next call
# goes on.
#
# Environment: SEEDS=n, JOBS=n, BUDGET=minutes (stop then, to go on in the next call), RUNNER="srun -n1" (put before each run's command),
# PAPER_OUT=dir (default results/).
#
# usage: paper.sh TABLE PROGRAM (paper_table)
. "$(dirname "$0")/common.sh"
table=${1:?} program=${2:?}
export OUT=${PAPER_OUT:-results}/$(basename "$table" .txt)
out=$OUT
read_table
cores=$(env -u OMP_NUM_THREADS nproc) # nproc counts as OpenMP would
jobs=${JOBS:-$([ "${GPU:-0}" = 1 ] && echo 1 || echo "$cores")}
case $jobs in '' | *[!0-9]* | 0) die "JOBS=$jobs: a number of at least 1 would be right" ;; esac
case ${BUDGET:-} in *[!0-9.]*) die "BUDGET=$BUDGET: minutes would be right" ;; esac
if [ -n "${BUDGET:-}" ]; then DEADLINE=$(awk -v now="$(date +%s)" -v minutes="$BUDGET" 'BEGIN { printf "%d", now + 60 * minutes }'); export DEADLINE; fi
# Several runs at once share the cores; on a scheduler's nodes that is its own business.
if [ -z "${RUNNER:-}" ]; then
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((cores > jobs ? cores / jobs : 1))} OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
fi

# The lists of images, and the data file that names them.
prepare_data() {
    local list=data/cifar10/train.list tests=data/cifar10/test.list
    if [ -n "$holdout" ]; then
        head -n "-$holdout" "$list" > "$out/train.list"
        tail -n "$holdout" "$list" > "$out/test.list"
        tests=$out/test.list
    else
        cp "$list" "$out/train.list"
    fi
    if [ -n "$train" ]; then
        head -n "$train" "$out/train.list" > "$out/train.list.new"
        mv "$out/train.list.new" "$out/train.list"
    fi
    sed -e "s|^backup=.*|backup=$out/backup/|" -e "s|^train=.*|train=$out/train.list|" -e "s|^valid=.*|valid=$tests|" data/cifar10.data > "$out/data.cfg"
}

# list WAVE: "METHOD SEED" of the runs that need no other (1), and of those that do (2).
list() {
    local method seed
    for ((seed = 1; ; ++seed)); do
        local any=0
        for method in "${methods[@]}"; do
            [ "$seed" -le "${seeds_of[$method]}" ] || continue
            any=1
            case $1-$(needs_of "$method" "$seed" | wc -l) in 1-0 | 2-[1-9]*) echo "$method $seed" ;; esac
        done
        [ $any = 1 ] || break
    done
}

# "iterations done, of all": over the logs of all runs.
iterations() {
    local method seed total all=0 done=0 last cfg
    while read -r method seed; do
        cfg=$out/cfg/$method-$seed.cfg
        [ -z "$(word "$method" weights)" ] || continue
        total=$(word "$method" budget)
        [ -n "$total" ] || total=$(net_option "${cfg_of[$method]}" max_batches)
        all=$((all + total))
        if [ -s "$out/runs/$method-$seed.csv" ]; then
            done=$((done + total))
        elif [ -s "$out/logs/$method-$seed.csv" ]; then
            last=$(tail -n 1 "$out/logs/$method-$seed.csv" | cut -d, -f1)
            case $last in '' | *[!0-9]*) ;; *) done=$((done + last)) ;; esac
        fi
    done < <(list 1; list 2)
    echo "$done $all"
}

# A line a minute: iterations over all runs, and the time left at the pace of this call.
watch() {
    local began=$SECONDS first now all runs
    read -r first all < <(iterations)
    runs=$( (list 1; list 2) | wc -l)
    while sleep "${PAPER_WATCH:-60}" && kill -0 $$ 2> /dev/null; do
        read -r now all < <(iterations)
        printf '%s: %d of %d runs, %d of %d iterations' "$(basename "$table" .txt)" "$(find "$out/runs" -name '*.csv' | wc -l)" "$runs" "$now" "$all"
        if [ "$now" -gt "$first" ]; then
            awk -v s=$(((all - now) * (SECONDS - began) / (now - first))) 'BEGIN { printf ", about %d:%02d:%02d left", s / 3600, s / 60 % 60, s % 60 }'
        fi
        echo
    done
}

# Told to stop: so are the trainings of this machine, which save and end; then their run.sh does, and so does xargs. (Only darknet
# itself: a second signal, from timeout, would not let it save.)
stop() {
    kill "$watcher"
    pkill -TERM -f "^[^ ]*darknet classifier train $out/data.cfg" || true
    wait
    exit 143
}

main() {
    mkdir -p "$out"/{backup,cfg,logs,measures,runs}
    prepare_data
    watch &
    watcher=$!
    trap 'kill $watcher 2> /dev/null || true' EXIT
    trap stop TERM INT
    local status=0 wave
    for wave in 1 2; do
        # In the background: a trap would wait for it otherwise.
        # shellcheck disable=SC2086 # RUNNER is words
        list $wave | xargs -r -L 1 -P "$jobs" ${RUNNER:-} "$(dirname "$0")/run.sh" "$table" &
        wait $! || status=$?
        if [ $status -ge 124 ]; then exit 130; fi
    done
    if [ -n "$(find "$out/runs" -name '*.csv')" ]; then
        "$program" "$table" "$out" "$seeds"
    elif [ $status = 0 ]; then
        echo "$(basename "$table" .txt): no run is over yet; the next call goes on"
    fi
    if [ $status != 0 ]; then die "not every run came to its end; the next call tries again"; fi
}

main
