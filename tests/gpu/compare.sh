#!/bin/bash
# Compares networks of this folder on the CPU and on the GPU, one PASS or FAIL line each. FOLDER/digests gets, for each of them, a number
# that stands for all bits that the GPU computed: with a seed, which all have but dropout.cfg, that is to be the same every time. (A
# seed would give the GPU's dropout numbers of its own.)
#
# usage: tests/gpu/compare.sh COMPARE_NETWORKS FOLDER NAME...   NAME: of the .cfg file
set -u
program=${1:?} folder=${2:?} status=0
shift 2
mkdir -p "$folder"
: > "$folder/digests"
for name in "$@"; do
    cfg=$folder/$name.cfg
    seed='s|^\[net\]|&\nseed=1|'
    if [ "$name" = dropout ]; then seed=''; fi
    sed "s|^teacher_weights=|&$folder/|; $seed" "tests/gpu/$name.cfg" > "$cfg"
    teacher=$(sed -n '/^teacher_cfg=/{s///p;q}' "$cfg")
    "$program" "$cfg" ${teacher:+"$teacher" "$folder/teacher.weights"} > "$folder/said" 2> "$folder/log" || status=1
    grep -E '^(PASS|FAIL)' "$folder/said" || echo "FAIL compare-networks $name: $(tail -1 "$folder/log")"
    sed -n "s/^digest/$name/p" "$folder/said" >> "$folder/digests"
done
exit $status
