#!/bin/bash
# Runs a table of the paper: all its runs, JOBS at once, each by run.sh; then prints the table. Stopped at any moment, the next call
# goes on.
#
# Environment: SEEDS=n, METHODS="baseline gkd" (these alone, and what they need), JOBS=n, BUDGET=minutes (stop then, to go on in the next
# call), PAPER_OUT=dir (default results/), KEPT=1: begins with the runs that keep.sh has kept (in PAPER_KEPT, default
# experiments/paper/results/runs). Where the runs go:
#   RUNNER="srun -n1"            put before each run's command
#   SLURM="-p gpu --gres=gpu:1"  an array of jobs of Slurm's, by sbatch with these options; JOBS=n: at most so many at once
#   PARALLEL="-S host1,host2"    GNU parallel with these options, JOBS on each host; all of them see this folder under the same path
#
# usage: paper.sh TABLE PROGRAM (paper_table)
. "$(dirname "$0")/common.sh"
table=${1:?} program=${2:?}
export OUT=${PAPER_OUT:-results}/$(basename "$table" .txt)
out=$OUT
read_table
cores=$(env -u OMP_NUM_THREADS nproc) # nproc counts as OpenMP would
# Of this table in this folder.
slurm_name=$(basename "$out")-$(printf '%s' "$PWD/$out" | md5sum | cut -c 1-8)
slurm=${SLURM:-} parallel=${PARALLEL:-} runner=${RUNNER:-}
jobs=${JOBS:-$(if [ -n "$slurm" ]; then echo 1000; elif [ "${GPU:-0}" = 1 ]; then echo 1; else echo "$cores"; fi)}
case $jobs in '' | *[!0-9]* | 0) die "JOBS=$jobs: a number of at least 1 would be right" ;; esac
case $out in *[[:space:]]*) die "PAPER_OUT=${PAPER_OUT:-}: a folder without blanks in its name would be right" ;; esac
if [ -n "${BUDGET:-}" ] && ! [[ $BUDGET =~ ^[0-9]*\.?[0-9]+$ ]]; then die "BUDGET=$BUDGET: minutes would be right"; fi
if [ -n "${BUDGET:-}" ]; then DEADLINE=$(awk -v now="$(date +%s)" -v minutes="$BUDGET" 'BEGIN { printf "%d", now + 60 * minutes }'); export DEADLINE; fi
# Several runs at once share the cores; on a scheduler's nodes that is its own business.
if [ -z "$runner$slurm$parallel" ]; then
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((cores > jobs ? cores / jobs : 1))} OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
fi

# The lists of images, and the data file that names them.
prepare_data() {
    local set=cifar10
    if [ "$task" = detector ]; then set=detection; fi
    local list=data/$set/train.list tests=data/$set/test.list
    # Each whole at once: another machine's runs may be reading them.
    if [ -n "$holdout" ]; then
        tail -n "$holdout" "$list" > "$out/test.list.$$" && mv "$out/test.list.$$" "$out/test.list"
        tests=$out/test.list
    fi
    head -n "-${holdout:-0}" "$list" | awk -v most="${train:-0}" '!most || NR <= most' > "$out/train.list.$$" && mv "$out/train.list.$$" "$out/train.list"
    sed -e "s|^backup=.*|backup=$(literal "$out")/backup/|" -e "s|^train=.*|train=$(literal "$out")/train.list|" -e "s|^valid=.*|valid=$(literal "$tests")|" data/$set.data > "$out/data.cfg.$$" &&
        mv "$out/data.cfg.$$" "$out/data.cfg"
}

# Runs of this table that were done or begun before, here or elsewhere; one whose cfg has changed since is done again. A run that has begun here is
# left alone; the others come whole, what says that they are over last.
bring_kept() {
    local kept cfg name file
    kept=${PAPER_KEPT:-$(dirname "$0")/results/runs}/$(basename "$table" .txt)
    [ "${KEPT:-0}" = 1 ] || return 0
    for cfg in "$kept"/cfg/*.cfg; do
        name=$(basename "$cfg" .cfg)
        if [ ! -e "$cfg" ] || [ -e "$out/cfg/$name.cfg" ]; then continue; fi
        for file in "$kept"/{measures/"${name}"_*.csv,logs/"$name".seconds,backup/"$name".{restart,weights,backup,backup.state},cfg/"$name".{asked,cfg},runs/"$name".csv}; do
            if [ -e "$file" ]; then cp "$file" "$out/$(basename "$(dirname "$file")")/"; fi
        done
    done
}

# list WAVE: "METHOD SEED" of METHODS' runs whose training needs no other (1), of those that are trained or judged after another (2), or of all.
list() {
    local method seed
    for ((seed = 1; ; ++seed)); do
        local any=0
        for method in "${methods[@]}"; do
            [ "$seed" -le "${seeds_of[$method]}" ] || continue
            any=1
            case $1-$(needs_of "$method" | wc -l)-$(judged_after "$method" "$seed" | wc -l) in 1-0-* | 2-[1-9]* | 2-*-[1-9]* | all-*) echo "$method $seed" ;; esac
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
    done < <(list all)
    echo "$done $all"
}

# A line a minute: iterations over all runs, and the time left at the pace of this call.
watch() {
    local began=$SECONDS first now all runs
    read -r first all < <(iterations)
    runs=$(list all | wc -l)
    # The sleep must not hold the output open when the table is over.
    local pause=''
    trap 'kill $pause 2> /dev/null; exit' TERM
    while sleep "${PAPER_WATCH:-60}" > /dev/null 2>&1 & pause=$!; wait $pause && kill -0 $$ 2> /dev/null; do
        read -r now all < <(iterations)
        printf '%s: %d of %d runs, %d of %d iterations' "$(basename "$table" .txt)" "$(find "$out/runs" -name '*.csv' | wc -l)" "$runs" "$now" "$all"
        if [ "$now" -gt "$first" ]; then
            awk -v s=$(((all - now) * (SECONDS - began) / (now - first))) 'BEGIN { printf ", about %d:%02d:%02d left", s / 3600, s / 60 % 60, s % 60 }'
        fi
        echo
    done
}

# run_wave WAVE: its runs, JOBS at once.
run_wave() {
    local runs=$out/wave$1.txt run
    run=$(dirname "$0")/run.sh
    list "$1" > "$runs"
    [ -s "$runs" ] || return 0
    # shellcheck disable=SC2086 # RUNNER and SLURM are words
    if [ -n "$slurm" ]; then
        # A job takes the threads that it was given. Requeued, it goes on from its last backup.
        exec sbatch --wait --requeue --job-name="$slurm_name" --array="1-$(wc -l < "$runs")%$jobs" --output="$out/logs/slurm-%a.txt" --open-mode=append $slurm --wrap "
            export OMP_NUM_THREADS=\${OMP_NUM_THREADS:-\$SLURM_CPUS_ON_NODE} OMP_WAIT_POLICY=\${OMP_WAIT_POLICY:-passive}
            exec $run $table \$(sed -n \${SLURM_ARRAY_TASK_ID}p $runs)"
    elif [ -n "$parallel" ]; then # which reads PARALLEL itself
        exec parallel --will-cite --jobs "$jobs" --workdir "$PWD" --env OUT --env STOPPED --env DEADLINE --env HOST --env SEEDS --env GPU --env COMMIT --env DARKNET_PROGRAM --colsep ' ' "$run" "$table" "{1}" "{2}" < "$runs"
    fi
    # shellcheck disable=SC2086
    exec xargs -r -L 1 -P "$jobs" $runner "$run" "$table" < "$runs"
}

# Told to stop: so are the trainings, which save and end, and the evaluations; no run begins any more. Then their run.sh ends, and so does
# what runs the wave.
stop() {
    trap '' TERM INT
    kill "$watcher" 2> /dev/null || true
    touch "$STOPPED"
    if [ -n "$slurm" ]; then scancel --name="$slurm_name" --user="$(id -un)"; fi
    # The second signal does not wait for runs elsewhere: the line to them breaks, and that stops them.
    if [ -n "$parallel" ]; then kill -TERM "$wave_runner" && sleep .2 && kill -TERM "$wave_runner" || true; fi
    # What was about to begin is told as well.
    while kill -0 "$wave_runner" 2> /dev/null; do
        stop_darknet "$out/data.cfg" "${DARKNET_PROGRAM:-./darknet}"
        sleep .2
    done
    wait
    exit 143
}

main() {
    "$program" > /dev/null 2>&1 || [ $? -lt 126 ] || die "$program does not run: make ${program} again"
    mkdir -p "$out"/{backup,cfg,logs,measures,runs}
    prepare_data
    bring_kept
    (methods=("${all_methods[@]}") && list all) > "$out/all.txt"
    watch &
    watcher=$!
    export STOPPED=$out/.stopped.$$ # once it is there, no run of this call begins
    trap 'kill $watcher 2> /dev/null || true; rm -f "$STOPPED"' EXIT
    trap stop TERM INT
    local status=0 wave
    wave_runner=$watcher
    for wave in 1 2; do
        # In the background: a trap would wait for it otherwise.
        run_wave $wave &
        wave_runner=$!
        wait $wave_runner || status=$?
        if [ $status -ge 124 ] && [ -z "$slurm$parallel" ]; then exit 130; fi
    done
    if [ -n "$(find "$out/runs" -name '*.csv')" ]; then
        "$program" "$table" "$out" "$seeds"
    elif [ $status = 0 ]; then
        echo "$(basename "$table" .txt): no run is over yet; the next call goes on"
    fi
    if [ $status != 0 ]; then die "not every run came to its end; the next call tries again"; fi
}

main
