#!/bin/bash
# The detection set: the same seed gives the same bytes, and the labels are where the objects are.
#
# usage: test_detection.sh DETECTION WORK    in the repository's root, where data/cifar10 is
set -u
tool=$1 work=$2
failures=0
rm -rf "$work" && mkdir -p "$work" || exit 1
pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failures=$((failures + 1)); }
make_set() { "$tool" data/cifar10/train.list data/cifar10/test.list data/cifar10/labels.txt "$work/$1" 30 10 "$2" set 2> "$work/said"; }
sum() { (cd "$work/$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum); }

make_set one 1 && make_set two 1 && make_set other 2 || fail "the detection set is made" "$(tail -1 "$work/said")"
if [ "$(sum one)" = "$(sum two)" ] && [ "$(sum one)" != "$(sum other)" ]; then pass "the detection set repeats with its seed"
else fail "the detection set repeats with its seed" "$(sum one) $(sum two) $(sum other)"; fi
if [ "$(wc -l < "$work/one/train.list")" = 30 ] && [ "$(head -1 "$work/one/test.list")" = set/test/00000.png ]; then pass "its lists name its scenes"
else fail "its lists name its scenes" "$(head -1 "$work/one/test.list")"; fi
wrong=$(cat "$work"/one/*/*.txt | awk 'NF != 5 || $1 !~ /^[0-9]$/ || $2 - $4 / 2 < -1e-5 || $2 + $4 / 2 > 1 + 1e-5 || $3 - $5 / 2 < -1e-5 || $3 + $5 / 2 > 1 + 1e-5 ||
    $4 != $5 || $4 < .16 || $4 > .51 { print; exit }')
if [ -z "$wrong" ] && [ "$(cat "$work"/one/*/*.txt | wc -l)" -gt 80 ] && [ "$(cat "$work"/one/*/*.txt | cut -d' ' -f1 | sort -u | wc -l)" = 10 ]; then
    pass "boxes lie within their scenes, and all classes are there"
else fail "boxes lie within their scenes, and all classes are there" "$wrong"; fi
if make_set one 1; then fail "a folder that is there is not written over" "it was"
elif grep -q 'there is one already' "$work/said"; then pass "a folder that is there is not written over"
else fail "a folder that is there is not written over" "$(cat "$work/said")"; fi
[ $failures -eq 0 ]
