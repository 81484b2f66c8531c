#!/bin/bash
# `classifier valid` in batches prints what it prints image by image: the same lines in the same order, scores equal but for the
# rounding of their last digit, also where the last batch is not full.
#
# usage: test_valid.sh DIR
set -u
dir=${1:?}

name="classifier valid in batches as image by image"
[ -d data/cifar10 ] || { echo "SKIPPED $name: no data/cifar10; make data" && exit 0; }
# valid COUNT FIRST: what is said of so many images of the test list
valid() {
    tail -n "+$2" data/cifar10/test.list | head -n "$1" > "$dir/valid.list"
    sed "s|^valid=.*|valid=$dir/valid.list|" data/cifar10.data > "$dir/valid.data"
    ./darknet classifier valid "$dir/valid.data" cfg/demo-teacher.cfg cfg/demo-teacher.weights 2> "$dir/log"
}

valid 40 1 > "$dir/valid"
[ "$(wc -l < "$dir/valid")" -eq 80 ] || { echo "FAIL $name: $(wc -l < "$dir/valid") lines for 40 images" && exit 1; }
for image in 1 2 16 17 40; do
    valid 1 $image > "$dir/valid-one"
    difference=$(sed -n "$((2 * image - 1))p" "$dir/valid" | cat - "$dir/valid-one" | awk -F ', ' '
        function apart(a, b) { return a > b ? a - b : b - a }
        NR == 1 { split($0, all, ", "); line = $0 }
        NR == 2 && (all[1] != $1 || all[2] != $2 || apart(all[3], $3) > 2e-6 || apart(all[4], $4) > 2e-6) { print line " of the batch, " $0 }')
    [ -z "$difference" ] || { echo "FAIL $name: $difference" && exit 1; }
done
# numbered from 0, top 1 never above top 2
wrong=$(awk -F '[,: ]+' 'NR % 2 == 0 {
    if ($1 != NR / 2 - 1 || $4 > 1 || $7 < $4) print }' "$dir/valid")
[ -z "$wrong" ] || { echo "FAIL $name: $wrong" && exit 1; }
echo "PASS $name"
