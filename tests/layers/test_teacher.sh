#!/bin/bash
# The published teacher's accuracy on CIFAR-10's 10,000 test images through `classifier valid`: 0.9327, as in PyTorch.
# Its weights lie beside the repository, in ../shared/weights, where they are at all.
set -u

name="the published teacher's accuracy"
weights=../shared/weights
work=${BUILD:-build}/tests/teacher

skip() { echo "SKIPPED $name: $1"; exit 0; }
[ -f $weights/wrn28-1.weights ] || skip "no $weights/wrn28-1.weights"
[ -f data/cifar10.data ] && [ -d data/cifar10 ] || skip "no data/cifar10; make data"

mkdir -p "$work"
./darknet classifier valid data/cifar10.data $weights/wrn28-1.cfg $weights/wrn28-1.weights > "$work/log" 2>&1
last=$(tail -n 1 "$work/log")
case $last in
    "9999: top 1: 0.932700,"*) echo "PASS $name" ;;
    *) echo "FAIL $name: expected 9999: top 1: 0.932700, got $last"; exit 1 ;;
esac
