#!/bin/bash
# `classifier valid` in batches prints what it prints image by image: the same lines in the same order, scores equal but for the
# rounding of their last digit, also where the last batch is not full.
#
# usage: test_valid.sh DIR
set -u
dir=${1:?}

name="classifier valid in batches as image by image"
[ -d data/cifar10 ] || { echo "SKIPPED $name: no data/cifar10; make data" && exit 0; }
head -n 150 data/cifar10/test.list > "$dir/valid.list"
sed "s|^valid=.*|valid=$dir/valid.list|" data/cifar10.data > "$dir/valid.data"
for batch in 1 64; do
    sed "s/^batch=.*/batch=$batch/" cfg/demo-teacher.cfg > "$dir/valid-$batch.cfg"
    ./darknet classifier valid "$dir/valid.data" "$dir/valid-$batch.cfg" cfg/demo-teacher.weights > "$dir/valid-$batch" 2> "$dir/log" ||
        { echo "FAIL $name: batch=$batch: $(tail -n 1 "$dir/log")" && exit 1; }
done
difference=$(paste -d '\n' "$dir/valid-1" "$dir/valid-64" | awk -F ', ' '
    function apart(a, b) { return a > b ? a - b : b - a }
    NR % 2 { split($0, before, ", "); line = $0; next }
    line != $0 && (NF < 4 || before[1] != $1 || before[2] != $2 || apart(before[3], $3) > 2e-6 || apart(before[4], $4) > 2e-6) {
        print line " became " $0; exit }')
lines=$(wc -l < "$dir/valid-64")
if [ -n "$difference" ]; then echo "FAIL $name: $difference" && exit 1; fi
if [ "$lines" -lt 300 ]; then echo "FAIL $name: $lines lines for 150 images" && exit 1; fi
echo "PASS $name"
