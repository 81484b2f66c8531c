#!/bin/bash
# Accuracies on CIFAR-10's 10,000 test images through `classifier valid`: the published teacher's, whose weights lie beside the repository, in
# ../shared/weights, where they are at all, is 0.9327, as in PyTorch; the shipped one's is what cfg/wrn28-1.txt says.
set -u
work=${BUILD:-build}/tests/teacher
mkdir -p "$work"
status=0

# valid NAME CFG WEIGHTS ACCURACY
valid() {
    local last
    [ -f "$3" ] || { echo "SKIPPED $1: no $3"; return; }
    [ -f data/cifar10.data ] && [ -d data/cifar10 ] || { echo "SKIPPED $1: no data/cifar10; make data"; return; }
    ./darknet classifier valid data/cifar10.data "$2" "$3" > "$work/log" 2>&1
    last=$(tail -n 1 "$work/log")
    case $last in
        "9999: top 1: $4,"*) echo "PASS $1" ;;
        *) echo "FAIL $1: expected 9999: top 1: $4, got $last"; status=1 ;;
    esac
}

valid "the published teacher's accuracy" ../shared/weights/wrn28-1.cfg ../shared/weights/wrn28-1.weights 0.932700
said=$(sed -n 's/^Test error \([0-9.]*\) %.*/\1/p' cfg/wrn28-1.txt)
valid "the shipped teacher's accuracy" cfg/wrn28-1.cfg cfg/wrn28-1.weights "$(awk -v error="$said" 'BEGIN { printf "%.6f", 1 - error / 100 }')"
exit $status
