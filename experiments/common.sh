# common.sh: what the scripts of the experiments share. To be sourced by bash.

# As in the Makefile: a decimal point, lists sorted by bytes, cd where it is told.
export LC_ALL=C
unset CDPATH

# What HOST's trainer is told besides: AlexeyAB's opens windows.
trainer_options=()
if [ "${HOST:-pjreddie}" = alexeyab ]; then trainer_options=(-dont_show); fi

# name_trained FILE: FILE.weights, whatever the trainer calls it: AlexeyAB's Darknet, and detectors, end with FILE_final.weights.
name_trained() { [ -s "$1.weights" ] || mv "$1_final.weights" "$1.weights"; }

# stop_darknet DATA [PROGRAM]: tells those processes to stop that this folder's `darknet classifier train DATA`, `detector train DATA` or
# `lgg COMMAND DATA` are, whoever has started them, and waits until they have saved. The same in another folder goes on.
stop_darknet() {
    local data=$1 program=${2:-darknet} pid words told=()
    for pid in $(pgrep -f '(train|lgg [a-z]+) .'); do
        mapfile -d '' -t words 2> /dev/null < "/proc/$pid/cmdline" || continue
        # one that ends meanwhile has no words
        if [ ${#words[@]} -gt 3 ] && [ "${words[0]##*/}" = "${program##*/}" ] && [ "${words[3]}" = "$data" ] && [ "/proc/$pid/cwd" -ef . ]; then
            kill -TERM "$pid" 2> /dev/null && told+=("$pid")
        fi
    done
    for pid in "${told[@]}"; do while kill -0 "$pid" 2> /dev/null; do sleep .1; done; done
}

# literal TEXT: TEXT for the right side of sed's s|..|..|.
literal() { printf '%s' "$1" | sed 's/[&|\\]/\\&/g'; }
