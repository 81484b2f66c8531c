# common.sh: what paper.sh and run.sh share: reading a table file. Its format:
#
#   title TEXT                        what the table is
#   task TASK                         classifier (default) or detector, which trains on the scenes of `make detection-data`
#   seeds N                           seeds of every run (SEEDS=n overrides it)
#   train N                           train on the first N images of the training list
#   holdout N                         train without the last N images of the training list, and evaluate on those
#   evaluate MEASURE [OPTIONS]        how a trained network is judged: clean, neighbours, attack, apgd, corrupt or curve; a detector: map; options of `./darknet lgg`
#   baseline METHOD                   what the others are compared with
#   teacher METHOD                    how often the others decide as its first seed does, where that is right and where it is wrong
#   run METHOD CFG [WORD]...          a run for each seed; the words:
#       seeds=N                       its own number of seeds
#       budget=N                      iterations (max_batches), instead of those of CFG
#       restart=N                     momentum begins at zero again after N iterations
#       weights=FILE                  trained already: only evaluated
#       add=FILE                      sections to append to CFG
#       by=knn                        its classifier: argmax (default), knn or logistic
#       width=F, drop=SECTION,
#       SECTION.OPTION=VALUE changes to CFG, as in derive_cfg.awk; @METHOD in a value: weights of METHOD's first seed
#   paper METHOD MEASURE=VALUE...     what the paper prints
#
# paper_table.c reads the same files.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

die() { echo "$(basename "$table" .txt): $*" >&2; exit 1; }

# Sets task, seeds, train, holdout, baseline, evaluations, methods (those that METHODS chooses), all_methods, and their cfg_of, words_of, seeds_of.
read_table() {
    task=classifier seeds=${SEEDS:-} train='' holdout='' baseline='' teacher='' evaluations=() methods=() all_methods=()
    declare -gA cfg_of words_of seeds_of evaluate_options
    local line key rest number=0
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        line=${line%%#*}
        read -r key rest <<< "$line" || true
        case $key in
            '' | title | paper) ;;
            task) task=$rest ;;
            seeds) seeds=${SEEDS:-$rest} ;;
            train) train=$rest ;;
            holdout) holdout=$rest ;;
            baseline) baseline=$rest ;;
            teacher) teacher=$rest ;;
            evaluate)
                read -r key rest <<< "$rest" || true
                case $task-$key in
                    classifier-clean | classifier-neighbours | classifier-attack | classifier-apgd | classifier-corrupt | classifier-curve | detector-map) ;;
                    detector-*) die "line $number: evaluate '$key': a detector is judged by map" ;;
                    *) die "line $number: evaluate '$key': clean, neighbours, attack, apgd, corrupt or curve; map behind 'task detector'" ;;
                esac
                evaluations+=("$key") evaluate_options[$key]=$rest
                ;;
            run)
                read -r key rest <<< "$rest"
                methods+=("$key")
                read -r "cfg_of[$key]" "words_of[$key]" <<< "$rest" || true
                ;;
            *) die "line $number: '$key' is not known: title, task, seeds, train, holdout, evaluate, baseline, teacher, run or paper" ;;
        esac
    done < "$table"
    case $task in classifier | detector) ;; *) die "task $task: classifier or detector" ;; esac
    [ ${#methods[@]} -gt 0 ] || die "no run"
    [ -z "$teacher" ] || [ "$task" = classifier ] || die "teacher $teacher: classifiers alone decide as a teacher does"
    [ -z "$teacher" ] || [ -n "${cfg_of[$teacher]:-}" ] || die "teacher $teacher: there is no run of that name"
    case $seeds in '' | *[!0-9]* | 0) die "seeds=$seeds: a number of at least 1 would be right" ;; esac
    for key in "${methods[@]}"; do
        seeds_of[$key]=$(word "$key" seeds)
        [ -n "${seeds_of[$key]}" ] || seeds_of[$key]=$seeds
        [ "${seeds_of[$key]}" -le 64 ] || die "run $key: seeds=${seeds_of[$key]}: 1 to 64 would be right"
        [ -s "${cfg_of[$key]}" ] || die "run $key: there is no ${cfg_of[$key]}"
    done
    all_methods=("${methods[@]}")
    [ -z "${METHODS:-}" ] || choose_methods
}

# METHODS="baseline gkd": of all methods these, in the table's order, and what must be over before they are trained or judged.
choose_methods() {
    local chosen=' ' more key seed need left=()
    more=$(echo $METHODS) # one blank between them
    [ -n "$more" ] || return 0
    for key in $more; do [ -n "${cfg_of[$key]:-}" ] || die "METHODS=$METHODS: there is no run $key; there are: ${methods[*]}"; done
    while [ -n "$more" ]; do
        key=${more%% *} more=${more#"$key"} more=${more# }
        case $chosen in *" $key "*) continue ;; esac
        chosen+="$key "
        for need in $(needs_of "$key"; for ((seed = 1; seed <= seeds_of[$key]; ++seed)); do judged_after "$key" "$seed"; done); do more+=" ${need%-*}"; done
        more=${more# }
    done
    for key in "${methods[@]}"; do case $chosen in *" $key "*) left+=("$key") ;; esac; done
    methods=("${left[@]}")
}

# word METHOD NAME: the value of NAME= in its words, empty if it is not there.
word() {
    local w
    for w in ${words_of[$1]}; do case $w in "$2="*) echo "${w#*=}"; return ;; esac; done
}

# The weights that a method's run ends with.
weights_of() { # METHOD SEED
    local ready
    ready=$(word "$1" weights)
    echo "${ready:-$out/backup/$1-$2.weights}"
}

# net_option CFG NAME: the value of an option of [net].
net_option() { sed -n "s/^$2=//p" "$1" | head -1; }

# The runs that must be over before a run of METHOD is trained: "METHOD-SEED" each.
needs_of() { # METHOD
    local w
    for w in ${words_of[$1]}; do case $w in *=@*) echo "${w##*@}-1" ;; esac; done | sort -u
}

# Those that must be over before it is judged: the teacher and, last, its baseline.
judged_after() { # METHOD SEED
    if [ -n "$teacher" ] && [ "$1" != "$teacher" ]; then echo "$teacher-1"; fi
    if [ -n "$baseline" ] && [ "$1" != "$baseline" ]; then
        case " ${evaluations[*]} " in *' corrupt '*) echo "$baseline-$(($2 <= seeds_of[$baseline] ? $2 : 1))" ;; esac
    fi
}
