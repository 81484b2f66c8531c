#!/bin/bash
# What the layers do, in minutes: four short trainings of one small network on CIFAR-10, which differ in one .cfg section.
#
#   plain             cross-entropy
#   gkd               the same, and graph knowledge distillation from cfg/demo-teacher.weights
#   smooth            the same as plain, and the smoothness regularizer
#   label_variation   label variation alone, on an embedding; classified by its nearest neighbours
#
# Initial weights, images, their order and the number of iterations are the same in all. Every cfg/demo-*.cfg also holds
# [label_variation] sections of lambda=0, which only watch: the label variation of three layers, in the log.
#
# Results: demo/results.txt, .csv and .md, demo/*.svg, demo/logs/. Stopped by Ctrl-C or killed, the next call goes on: a finished run is
# kept, the one at work resumes from its backup. A changed cfg file starts its run anew.
set -euo pipefail
. "$(dirname "$0")/../common.sh"
cd "$(dirname "$0")/../.."

out=${DEMO_OUT:-demo}
runs=(plain gkd smooth label_variation)
declare -A title=(
    [plain]="plain student"
    [gkd]="with GKD from the teacher"
    [smooth]="with the smoothness regularizer"
    [label_variation]="label variation alone"
    [teacher]="teacher (trained before)"
)
began=$SECONDS

say() { echo "demo: $*"; }
die() { echo "demo: $*" >&2; exit 1; }

# A few iterations only test the demo: then a few images are enough as well.
subset=()
case ${DEMO_BATCHES:-} in *[!0-9]* | 0*) die "DEMO_BATCHES=$DEMO_BATCHES: a number of at least 1 would be right" ;; esac
if [ -n "${DEMO_BATCHES:-}" ]; then subset=(-test 500 -train 1000); fi

cores=$(env -u OMP_NUM_THREADS nproc) # nproc counts as OpenMP would
# One thread a run, and as many runs at once as there are cores: so small a network trains hardly faster on two.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

# The value of an option of [net].
net_option() { sed -n "s/^$2=//p" "$1" | head -1; } # net_option CFG NAME

# The cfg file of a run as it will be trained: with its log, and with DEMO_BATCHES iterations. It notes the teacher it learns
# from, and the host, so that another one begins the run anew.
make_cfg() {
    local cfg=cfg/demo-$1.cfg batches=${DEMO_BATCHES:-}
    if [ "${HOST:-pjreddie}" != pjreddie ]; then echo "# host $HOST"; fi
    if [ "$1" = gkd ]; then echo "# teacher: $(md5sum <cfg/demo-teacher.weights)"; fi
    sed -e "s|^max_batches=.*|&\nlgg_log=$(literal "$out")/logs/$1.csv|" "$cfg" |
        if [ -n "$batches" ]; then sed -e "s/^max_batches=.*/max_batches=$batches/" -e "s/^burn_in=.*/burn_in=$((batches / 10))/"; else cat; fi
}

# A run whose cfg file is another than last time is forgotten.
prepare() {
    local name=$1 cfg=$out/cfg/demo-$1.cfg
    make_cfg "$name" >"$cfg.new"
    if ! cmp -s "$cfg.new" "$cfg"; then rm -f "$out"/backup/demo-"$name"[._]* "$out"/logs/"$name".* "$out"/results/"$name".*; fi
    mv "$cfg.new" "$cfg"
}

# Prints how far the runs at work are, from the last lines of their logs, and keeps their seconds, until the demo ends.
watch() {
    local name line now printed=-99 began=$SECONDS
    while sleep 1 && kill -0 $$ 2>/dev/null; do
        line='' now=$(date +%s)
        for name in "${runs[@]}"; do
            [ -s "$out/logs/$name.since" ] || continue
            echo $((now - $(cat "$out/logs/$name.since"))) >"$out/logs/$name.seconds"
            line+=$(tail -n 1 "$out/logs/$name.csv" 2>/dev/null | awk -F, -v name="$name" -v total="$(net_option "$out/cfg/demo-$name.cfg" max_batches)" \
                '$1 + 0 { printf "  %s %d of %d, loss %.3f", name, $1, total, $4 }') || true # no log yet
        done
        [ -n "$line" ] || continue
        if [ -t 1 ]; then
            printf '\r%s, %d s   ' "$line" $((SECONDS - began))
        elif [ $((SECONDS - printed)) -ge 20 ]; then
            printf '%s, %d s\n' "$line" $((SECONDS - began))
            printed=$SECONDS
        fi
    done
}

train() {
    local name=$1 cfg=$out/cfg/demo-$1.cfg files=$out/backup/demo-$1 status=0 from=()
    if [ -s "$files.weights" ]; then
        say "${title[$name]}: trained before"
        return
    fi
    if [ -s "$files.backup" ]; then from=("$files.backup"); fi
    say "${title[$name]}: $(net_option "$cfg" max_batches) iterations${from:+, going on from $from}"
    # The second at which it would have begun, had it been trained in one go.
    echo $(($(date +%s) - $(cat "$out/logs/$name.seconds" 2>/dev/null || echo 0))) >"$out/logs/$name.since"
    ./darknet classifier train "$out/cifar10.data" "$cfg" "${from[@]}" "${trainer_options[@]}" >>"$out/logs/$name.txt" 2>&1 || status=$?
    echo $(($(date +%s) - $(cat "$out/logs/$name.since"))) >"$out/logs/$name.seconds"
    rm -f "$out/logs/$name.since"
    case $status in
        0) name_trained "$files" ;;
        130 | 143) echo $status >"$out/.stopped"; exit $status ;;
        *) tail -n 5 "$out/logs/$name.txt" >&2; die "${title[$name]}: training ended with status $status; all it said: $out/logs/$name.txt" ;;
    esac
}

# Test error in percent to results/NAME.csv.
evaluate() {
    local name=$1 cfg=$2 weights=$3 by=$4 csv=$out/results/$1.csv asked
    asked="by $by ${subset[*]} $(md5sum <"$weights")"
    if [ -s "$csv" ] && [ "$asked" = "$(cat "$csv.asked" 2>/dev/null)" ]; then return; fi
    rm -f "$csv.asked"
    say "${title[$name]}: classifying the test images"
    ./darknet lgg eval "$out/cifar10.data" "$cfg" "$weights" -by "$by" -csv "$csv" "${subset[@]}" >"$out/logs/$name.eval.txt" 2>&1 ||
        case $? in
            130 | 143) echo 143 >"$out/.stopped"; exit 143 ;; # told to stop
            *) tail -n 3 "$out/logs/$name.eval.txt" >&2; die "${title[$name]}: evaluation failed" ;;
        esac
    echo "$asked" >"$csv.asked"
}

# Pictures of a run: the graphs of 20 images at the input, half way and at the pooling, as in Figure 2, and its training log.
# The table does not wait for them: a picture that fails is named and left out.
draw() {
    local name=$1 cfg=$out/cfg/demo-$1.cfg weights=$out/backup/demo-$1.weights log=$out/logs/$1.draw.txt
    : >"$log"
    if [ ! "$out/graphs-$name.svg" -nt "$weights" ]; then
        ./darknet lgg graph "$out/cifar10.data" "$cfg" "$weights" -layers input,8,14 -o "$out/graphs-$name.svg" >>"$log" 2>&1 ||
            say "no $out/graphs-$name.svg: see $log"
    fi
    if [ ! "$out/training-$name.svg" -nt "$weights" ]; then
        ./darknet lgg plot "$out/logs/$name.csv" -o "$out/training-$name.svg" >>"$log" 2>&1 || say "no $out/training-$name.svg: see $log"
    fi
}

test_error() { awk -F, '$3 == "all" { printf "%.2f", $6 }' "$out/results/$1.csv"; }

# "layer start end" for each watched layer: label variation in the first iteration, and its mean over the last 20.
variations() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i ~ /^label_variation_[0-9]+_sigma_/) { column[++n] = i; sub(/.*_/, "", $i); layer[n] = $i } next }
        NR == 2 { for (j = 1; j <= n; ++j) start[j] = $column[j] }
        { ++rows; for (j = 1; j <= n; ++j) value[j, rows] = $column[j] }
        END {
            first = rows > 20 ? rows - 19 : 1
            for (j = 1; j <= n && j <= 3; ++j) {
                sum = 0
                for (r = first; r <= rows; ++r) sum += value[j, r]
                printf "%d %.3f %.3f\n", layer[j], start[j], sum / (rows - first + 1)
            }
        }' "$out/logs/$1.csv"
}

print_table() {
    local name batches layers
    batches=$(net_option "$out/cfg/demo-plain.cfg" max_batches)
    layers=$(variations plain | awk '{ printf "%s%s", sep, $1; sep = ", " }')
    echo
    echo "Short runs: $batches iterations of $(net_option "$out/cfg/demo-plain.cfg" batch) images each, where the paper trains for 200 epochs. They show that the"
    echo "layers work and what they do to the geometry; which method is best takes long runs and several seeds."
    echo
    printf '%-34s %10s   %-35s %8s\n' "" "test error" "label variation at layers $layers" ""
    printf '%-34s %10s   %-17s %-17s %8s\n' "" "%" "start" "end" "seconds"
    for name in teacher "${runs[@]}"; do
        printf '%-34s %10s   ' "${title[$name]}" "$(test_error "$name")"
        if [ "$name" = teacher ]; then
            printf '%-17s %-17s %8s\n' - - -
        else
            printf '%-17s %-17s %8s\n' "$(variations "$name" | awk '{ printf "%s ", $2 }')" "$(variations "$name" | awk '{ printf "%s ", $3 }')" \
                "$(cat "$out/logs/$name.seconds")"
        fi
    done
    echo
    if [ ${#subset[@]} = 0 ]; then
        echo "Test error over all 10,000 test images; of label variation alone, by the 10 nearest of 50,000 training images."
    else
        echo "Only a test of the demo: test error over 500 images; of label variation alone, by the 10 nearest of 1,000."
    fi
    echo "Label variation: mean similarity of images of distinct classes in a batch; 0 = orthogonal, 1 = all alike."
}

# The table once more, as README has it.
write_markdown() {
    local name
    echo "# The demo, as measured"
    echo
    echo "Written by \`make demo\`: $(net_option "$out/cfg/demo-plain.cfg" max_batches) iterations of $(net_option "$out/cfg/demo-plain.cfg" batch) images, one seed;" \
        "$(date -u +%Y-%m-%d), $cores cores of $(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo), commit" \
        "$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown), $((SECONDS - began)) s for all trainings and judgements."
    echo
    echo "| | test error % | label variation of layers $(variations plain | awk '{ printf "%s%s", sep, $1; sep = ", " }'), start | end | seconds |"
    echo "| --- | --- | --- | --- | --- |"
    echo "| ${title[teacher]} | $(test_error teacher) | | | |"
    for name in "${runs[@]}"; do
        echo "| ${title[$name]} | $(test_error "$name") | $(variations "$name" | awk '{ printf "%s%s", sep, $2; sep = " " }') |" \
            "$(variations "$name" | awk '{ printf "%s%s", sep, $3; sep = " " }') | $(cat "$out/logs/$name.seconds") |"
    done
}

write_csv() {
    local name n=0
    printf 'run,classifier,test_error_percent'
    for n in 1 2 3; do printf ',layer_%d,sigma_start_%d,sigma_end_%d' $n $n $n; done
    echo ',iterations,seconds'
    for name in "${runs[@]}"; do
        printf '%s,%s,%s' "$name" "$(awk -F, '$3 == "all" { print $1 }' "$out/results/$name.csv")" "$(test_error "$name")"
        variations "$name" | awk '{ printf ",%s,%s,%s", $1, $2, $3 }'
        echo ",$(net_option "$out/cfg/demo-$name.cfg" max_batches),$(cat "$out/logs/$name.seconds")"
    done
}

# One run from its first iteration to its pictures; of the teacher, which is trained, its test error.
run() {
    local name=$1 by=argmax
    if [ "$name" = teacher ]; then
        evaluate teacher cfg/demo-teacher.cfg cfg/demo-teacher.weights argmax
        return
    fi
    if [ "$name" = label_variation ]; then by=knn; fi
    train "$name"
    [ ! -e "$out/.stopped" ] || exit 143
    evaluate "$name" "$out/cfg/demo-$name.cfg" "$out/backup/demo-$name.weights" $by
    draw "$name"
}

# All runs, as many at once as there are cores, in the order that leaves two cores idle the least. Ctrl-C reaches the trainings too:
# they save and end, then so does the demo; whoever stops the demo alone stops them with it.
run_all() {
    local name pid status=0 jobs=() stopped=$out/.stopped
    rm -f "$stopped"
    trap 'echo 130 >"$stopped"' INT
    trap 'echo 143 >"$stopped"; stop_darknet "$out/cifar10.data"' TERM
    for name in plain gkd label_variation smooth teacher; do
        while [ ! -e "$stopped" ] && [ "$(jobs -rp | grep -vcx "$watcher")" -ge "$cores" ]; do sleep .2; done
        [ ! -e "$stopped" ] || break
        run "$name" &
        jobs+=($!)
    done
    for pid in "${jobs[@]}"; do
        while kill -0 "$pid" 2>/dev/null; do wait "$pid" || true; done # a signal ends wait, not the run
        wait "$pid" || status=$?
    done
    trap - INT TERM
    if [ -e "$stopped" ]; then
        say "stopped; make demo goes on from here"
        exit "$(cat "$stopped")"
    fi
    [ $status = 0 ] || exit $status
}

main() {
    local name
    mkdir -p "$out"/{cfg,backup,logs,results}
    exec 9>"$out/.lock"
    flock -n 9 || die "a training is still at work in $out/; wait for it or stop it"
    rm -f "$out"/logs/*.since
    sed "s|^backup=.*|backup=$(literal "$out")/backup/|" data/cifar10.data >"$out/cifar10.data"
    for name in "${runs[@]}"; do prepare "$name"; done
    watch 9>&- &
    watcher=$!
    trap 'kill $watcher 2>/dev/null || true' EXIT
    run_all
    kill $watcher 2>/dev/null || true
    write_csv >"$out/results.csv.new" && mv "$out/results.csv.new" "$out/results.csv"
    # what README takes its table from is of whole runs
    if [ ${#subset[@]} = 0 ]; then write_markdown >"$out/results.md.new" && mv "$out/results.md.new" "$out/results.md"; fi
    print_table | tee "$out/results.txt"
    say "$((SECONDS - began)) s; results in $out/results.*, pictures $out/*.svg, logs in $out/logs/"
}

main
