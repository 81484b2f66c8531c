#!/bin/bash
# One run of a table: derives its cfg, trains through `./darknet classifier train` or `detector train`, evaluates through `./darknet lgg`, and
# writes its one result file when all of that is done. Called again it goes on from the last backup; a run that is over costs nothing; a run
# whose cfg has changed starts anew.
#
# Ends with 0 also when the table's budget of time is over (DEADLINE, seconds since 1970), and with 255 when it was told to stop.
#
# usage: OUT=dir [DEADLINE=seconds] [STOPPED=file, with which no training or evaluation begins] run.sh TABLE METHOD SEED
. "$(dirname "$0")/common.sh"
table=${1:?} method=${2:?} seed=${3:?} out=${OUT:?}
read_table
name=$method-$seed
cfg=$out/cfg/$name.cfg data=$out/data.cfg log=$out/logs/$name.txt result=$out/runs/$name.csv
darknet=${DARKNET_PROGRAM:-./darknet}

say() { echo "$name: $*"; }

seconds_left() { echo $((${DEADLINE:-0} ? DEADLINE - $(date +%s) : 31536000)); }

# Runs a command until it ends or the deadline comes; its output goes to the log. Two minutes after a deadline it is killed.
within_budget() {
    local status=0 left
    if [ -n "${STOPPED:-}" ] && [ -e "$STOPPED" ]; then say "stopped; the next call goes on"; exit 255; fi
    left=$(seconds_left)
    if [ "$left" -le 0 ]; then say "waits: the budget of time is over"; exit 0; fi
    timeout --preserve-status -s TERM -k 120 "$left" "$@" >> "$log" 2>&1 || status=$?
    [ $status -ne 0 ] || return 0
    if [ "$(seconds_left)" -le 0 ]; then say "stopped at the budget of time; the next call goes on"; exit 0; fi
    case $status in 130 | 143) say "stopped; the next call goes on"; exit 255 ;; esac
    tail -n 3 "$log" >&2
    echo "$name: '$*' ended with status $status; all it said: $log" >&2
    exit 1
}

derive_cfg() {
    local changes="net.seed=$seed" budget w
    budget=$(word "$method" budget)
    [ -z "$budget" ] || changes+=" net.max_batches=$budget"
    for w in ${words_of[$method]}; do
        case $w in
            width=* | drop=* | *.*=*)
                case $w in *=@*) w=${w%%@*}$(weights_of "${w##*@}" 1) ;; esac
                changes+=" $w"
                ;;
        esac
    done
    w=$(word "$method" add)
    awk -v changes="$changes net.lgg_log=$out/logs/$name.csv" -f "$(dirname "$0")/derive_cfg.awk" "${cfg_of[$method]}" ${w:+"$w"} || return 1
    w=$(word "$method" restart)
    [ -z "$w" ] || echo "# restart $w"
    [ "${HOST:-pjreddie}" = pjreddie ] || echo "# host $HOST"
    [ -z "$train$holdout" ] || echo "# train $train holdout $holdout"
}

# name_files FILE...: a line with each and its sum.
name_files() {
    local file
    for file in "$@"; do echo "# needs $file $([ ! -s "$file" ] || md5sum < "$file")"; done
}

# How the run is judged, in words.
asked() {
    local which run
    echo "by=$(word "$method" by)"
    for run in $(judged_after "$method" "$seed"); do name_files "$(weights_of "${run%-*}" "${run##*-}")"; done
    for which in "${evaluations[@]}"; do
        echo "$which ${evaluate_options[$which]}"
        if [ "$which" = corrupt ] && [ -d data/CIFAR-10-C ]; then echo official; fi
    done
}

# not_over METHOD-SEED...: the first of these runs that is not.
not_over() {
    local need
    for need in "$@"; do if [ ! -s "$out/runs/$need.csv" ]; then echo "$need"; return; fi; done
}

# A run whose cfg is another than last time is forgotten.
prepare() {
    local need ready
    ready=$(word "$method" weights)
    [ -z "$ready" ] || [ -s "$ready" ] || die "run $method: there is no $ready"
    need=$(not_over $(needs_of "$method"))
    # what it found with another one does not stand beside the new
    if [ -n "$need" ]; then rm -f "$result"; say "waits for $need"; exit 0; fi
    derive_cfg > "$cfg.new" || exit 1
    # Weights that others made are part of what a run is, a teacher's above all: other ones begin it anew.
    name_files $ready $(sed -n 's/^teacher_weights=//p' "$cfg.new" | sort -u) >> "$cfg.new"
    if ! cmp -s "$cfg.new" "$cfg"; then rm -f "$out"/{backup,logs,runs,measures}/"$name"[._]*; fi
    mv "$cfg.new" "$cfg"
}

# One that is to be judged otherwise than last time is judged anew.
prepare_judging() {
    asked > "$out/cfg/$name.asked.new"
    if [ -e "$out/cfg/$name.asked" ] && ! cmp -s "$out/cfg/$name.asked.new" "$out/cfg/$name.asked"; then rm -f "$result" "$out/measures/${name}"_*.csv; fi
    mv "$out/cfg/$name.asked.new" "$out/cfg/$name.asked"
}

train() {
    local from=() began=$SECONDS backup=$out/backup/$name restart
    [ -z "$(word "$method" weights)" ] || return 0
    restart=$(word "$method" restart)
    # of two parts, weights without NAME.restart are the first one's
    if [ -z "$restart" ] || [ -s "$backup.restart" ]; then [ ! -s "$backup.weights" ] || return 0; fi
    trap 'echo $((SECONDS - began)) >> "$out/logs/$name.seconds"' EXIT
    if [ -n "$restart" ]; then train_first_part; fi
    if [ -s "$backup.backup" ]; then from=("$backup.backup"); elif [ -n "$restart" ]; then from=("$backup.restart"); fi
    say "training, $(net_option "$cfg" max_batches) iterations${from:+, from $from}"
    train_from "$cfg" "${from[@]}"
    trap - EXIT
    echo $((SECONDS - began)) >> "$out/logs/$name.seconds"
}

# train_from CFG [WEIGHTS]: until it ends with $backup.weights.
train_from() {
    within_budget "$darknet" "$task" train "$data" "$@" "${trainer_options[@]}"
    name_trained "$backup"
}

# restart=N: the first N iterations as a training of their own. Its weights go on without their state file, so that momentum
# begins at zero again.
train_first_part() {
    local first=$out/cfg/first/$name.cfg
    [ ! -s "$backup.restart" ] || return 0
    mkdir -p "${first%/*}"
    sed "s/^max_batches=.*/max_batches=$restart/" "$cfg" > "$first"
    say "training up to iteration $restart"
    if [ -s "$backup.backup" ]; then from=("$backup.backup"); fi
    [ -s "$backup.weights" ] || train_from "$first" "${from[@]}"
    from=()
    rm -f "$backup.backup" "$backup.backup.state"
    mv "$backup.weights" "$backup.restart"
}

# measure MEASURE COMMAND [OPTIONS]: one `./darknet lgg` command; its CSV is there when it is done.
measure() {
    local csv=$out/measures/${name}_$1.csv command=$2
    shift 2
    [ -s "$csv" ] || within_budget "$darknet" lgg "$command" "$data" "$cfg" "$weights" "$@" -csv "$csv"
}

# Error after each epoch of the first seed's training.
measure_curve() {
    local file epoch iteration csv=$out/measures/${name}_curve.csv
    [ ! -s "$csv" ] && [ "$seed" = 1 ] && [ -z "$(word "$method" weights)" ] || return 0
    echo "epoch,iteration,error" > "$csv.new"
    for file in $(ls "$out/backup/${name}"_*.weights 2> /dev/null | sort -V) "$weights"; do
        epoch=${file##*_} epoch=${epoch%.weights}
        if [ "$file" = "$weights" ]; then epoch=end iteration=$(net_option "$cfg" max_batches)
        elif [[ $epoch != +([0-9]) ]]; then continue # NAME_last.weights
        elif [ "${HOST:-}" = alexeyab ]; then iteration=$epoch # which is what it calls them by
        else iteration=$((epoch * $(wc -l < "$out/train.list") / $(net_option "$cfg" batch) + 1)); fi
        within_budget "$darknet" lgg eval "$data" "$cfg" "$file" -by "$by" ${evaluate_options[curve]} -csv "$csv.eval"
        awk -F, -v epoch="$epoch" -v iteration="$iteration" '$3 == "all" { printf "%s,%d,%s\n", epoch, iteration, $6 }' "$csv.eval" >> "$csv.new"
    done
    rm -f "$csv.eval"
    mv "$csv.new" "$csv"
}

evaluate() {
    local weights by which base=() asked=()
    weights=$(weights_of "$method" "$seed")
    by=$(word "$method" by)
    by=${by:-argmax}
    say "evaluating"
    for which in "${evaluations[@]}"; do
        # shellcheck disable=SC2086 # options are words
        case $which in
            clean)
                if [ -n "$teacher" ] && [ "$method" != "$teacher" ]; then asked=(-teacher "$(cfg_of_run "$teacher" 1),$(weights_of "$teacher" 1)"); fi
                measure clean eval -by "$by" ${evaluate_options[clean]} "${asked[@]}"
                ;;
            neighbours) measure neighbours eval -by knn ${evaluate_options[neighbours]} ;;
            attack) measure attack attack -method fgsm -snr 33 ${evaluate_options[attack]} ;;
            # in the same ball; the worst of both losses, image by image
            apgd) measure apgd attack -method apgd-ce,apgd-dlr -snr 33 ${evaluate_options[apgd]} ;;
            corrupt)
                if [ -n "$baseline" ]; then
                    base=(-baseline "$out/measures/$(judged_after "$method" "$seed" | tail -1)_corrupt.csv")
                    if [ "$method" = "$baseline" ]; then base=(); fi
                fi
                if [ -d data/CIFAR-10-C ]; then base+=(-npy data/CIFAR-10-C); fi
                measure corrupt corrupt -by "$by" ${evaluate_options[corrupt]} "${base[@]}"
                ;;
            curve) measure_curve ;;
            map) measure map map ${evaluate_options[map]} ;;
        esac
    done
}

# The .cfg that a run is trained and judged with.
cfg_of_run() { echo "$out/cfg/$1-$2.cfg"; }

# The figures of the run, "name,value" a line.
summarize() {
    local m=$out/measures/$name commit
    commit=${COMMIT:-} # where the programs were brought from elsewhere
    if [ -z "$commit" ]; then
        commit=$(git rev-parse --short=12 HEAD 2> /dev/null || echo unknown)
        git diff --quiet HEAD -- src darknet_patch cfg experiments/paper 2> /dev/null || commit+=-changed
    fi
    printf 'name,value\nmethod,%s\nseed,%s\ncfg,%s\niterations,%s\n' "$method" "$seed" "${cfg_of[$method]}" "$(net_option "$cfg" max_batches)"
    printf 'train_seconds,%s\n' "$(awk '{ n += $1 } END { print n + 0 }' "$out/logs/$name.seconds" 2> /dev/null || echo 0)"
    printf 'date,%s\ncommit,%s\nmachine,%s\n' "$(date -u +%Y-%m-%d)" "$commit" "$(machine)"
    [ ! -s "${m}_clean.csv" ] || awk -F, '$3 == "all" { print "clean," $6 }' "${m}_clean.csv"
    [ ! -s "${m}_clean.csv" ] || awk -F, '
        NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i }
        $3 == "all" && at["agreement"] { printf "agree_right,%s\nagree_wrong,%s\n", $at["agreement_teacher_right"], $at["agreement_teacher_wrong"] }' "${m}_clean.csv"
    [ ! -s "${m}_neighbours.csv" ] || awk -F, '$3 == "all" { print "neighbours," $6 }' "${m}_neighbours.csv"
    [ ! -s "${m}_attack.csv" ] || awk -F, '$1 == "fgsm" { print "attack," $5 }' "${m}_attack.csv"
    [ ! -s "${m}_apgd.csv" ] || awk -F, '$1 == "worst" { print "apgd," $5 }' "${m}_apgd.csv"
    [ ! -s "${m}_map.csv" ] || awk -F, '$1 == "all" { printf "map50,%s\nmap,%s\n", $5, $4; exit }' "${m}_map.csv"
    [ ! -s "${m}_corrupt.csv" ] || awk -F, -v is_base="$([ "$method" = "$baseline" ] && echo 1)" '
        $1 == "clean" { clean = $4 }
        NR > 1 && $1 != "clean" { error += $4; ++n; source = $5; images = $3 }
        NR > 1 && $7 != "" && !($1 in seen) {
            seen[$1]
            base += $7
            if ($7 < 1) hardly = hardly " " $1
            if ($6 != "") { sum += $6; ++count }
            ++all
        }
        END {
            printf "corrupted,%.4f\ncorruptions,%s; %d images each\n", error / n, source, images
            if (is_base) print "relative_mce,100\nrelative_excess,100"
            else if (count) {
                printf "relative_mce,%.4f\n", sum / count
                if (base > 0) printf "relative_excess,%.4f\n", 100 * (error / n - clean) / (base / all)
            }
            if (hardly) print "hardly," substr(hardly, 2)
        }' "${m}_corrupt.csv"
}

machine() {
    if [ "${GPU:-0}" = 1 ] && command -v nvidia-smi > /dev/null; then nvidia-smi --query-gpu=name --format=csv,noheader | head -1; return; fi
    awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo | tr ',' ' '
}

main() {
    local need
    exec 9> "$out/cfg/$name.lock"
    flock -n 9 || { say "another process is at it"; exit 0; }
    prepare
    if [ -z "$(not_over $(judged_after "$method" "$seed"))" ]; then prepare_judging; else rm -f "$result"; fi
    if [ -s "$result" ]; then exit 0; fi
    train
    need=$(not_over $(judged_after "$method" "$seed"))
    if [ -n "$need" ]; then say "trained; waits for $need to be judged"; exit 0; fi
    prepare_judging
    evaluate
    summarize > "$result.new"
    mv "$result.new" "$result"
    say "done: $(awk -F, '/^(clean|attack|relative_mce|map50|map),/ { printf "%s%s %.2f", sep, $1, $2; sep = ", " }' "$result")"
}

main
