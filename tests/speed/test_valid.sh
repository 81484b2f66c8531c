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

# of what is printed: the lines of the running shares
shares() { tr '\r' '\n' < "$1" | grep -E '^[0-9]+: top 1: '; }

valid 40 1 > "$dir/valid" || { echo "FAIL $name: $(tail -n 1 "$dir/log")" && exit 1; }
shares "$dir/valid" > "$dir/shares"
[ "$(wc -l < "$dir/shares")" -eq 40 ] || { echo "FAIL $name: $(wc -l < "$dir/shares") of 40 images" && exit 1; }
for image in 1 2 16 17 40; do
    valid 1 $image > "$dir/valid-one" || { echo "FAIL $name: of image $image alone: $(tail -n 1 "$dir/log")" && exit 1; }
    [ "$(shares "$dir/valid-one" | wc -l)" = 1 ] || { echo "FAIL $name: image $image alone is not counted" && exit 1; }
    # an image alone is right or wrong: so much the running share of the batch must have grown
    difference=$(shares "$dir/valid-one" | cat "$dir/shares" - | awk -F '[:,] *' -v image="$image" '
        NR <= 40 { right[NR] = NR * $3; next }
        right[image] - right[image - 1] - $3 > .001 || right[image] - right[image - 1] - $3 < -.001 {
            print "image " image " alone: top 1 " $3 ", in the batch " right[image] - right[image - 1] }')
    # the first host prints scores, too
    [ "${HOST:-pjreddie}" != pjreddie ] || difference+=$(sed -n "$((2 * image - 1))p" "$dir/valid" | cat - "$dir/valid-one" | awk -F ', ' '
        function apart(a, b) { return a > b ? a - b : b - a }
        NR == 1 { split($0, all, ", "); line = $0 }
        NR == 2 && (all[1] != $1 || all[2] != $2 || apart(all[3], $3) > 2e-6 || apart(all[4], $4) > 2e-6) { print line " of the batch, " $0 }')
    [ -z "$difference" ] || { echo "FAIL $name: $difference" && exit 1; }
done
echo "PASS $name"

# more guesses than there are classes: the image of no class is not guessed by any of them
name="classifier valid counts no more guesses than classes"
cp "$(head -n 1 data/cifar10/test.list)" "$dir/none.ppm"
{ head -n 1 data/cifar10/test.list; echo "$dir/none.ppm"; } > "$dir/valid.list"
sed "s|^valid=.*|valid=$dir/valid.list|; s|^top=.*|top=20|" data/cifar10.data > "$dir/valid.data"
./darknet classifier valid "$dir/valid.data" cfg/demo-teacher.cfg cfg/demo-teacher.weights 2> "$dir/log" > "$dir/valid"
share=$(shares "$dir/valid" | tail -n 1 | sed 's/.*: //')
if awk -v share="${share:-1}" 'BEGIN { exit share != .5 }'; then echo "PASS $name"; else echo "FAIL $name: $share of two are right"; exit 1; fi
