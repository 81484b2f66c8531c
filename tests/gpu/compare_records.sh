#!/bin/bash
# What compare_networks is for the first host, for AlexeyAB/darknet, whose GPU build does not compute on the CPU: one program trains there,
# another on the GPU, and a third compares what they wrote down. Batch normalizations keep the same share of their statistics on both, which
# the host leaves to its own taste.
#
# usage: RECORD_CPU=PROGRAM RECORD_GPU=PROGRAM COMPARE_RECORDS=PROGRAM compare_records.sh CFG [TEACHER_CFG TEACHER_WEIGHTS]
set -eu
cfg=${1:?}
shift
sed 's|^\[net\]|&\nbn_momentum=0.9|' "$cfg" > "$cfg.both"
"$RECORD_CPU" "$cfg.both" "$cfg.cpu" "$cfg.weights" "$@" > "$cfg.cpu.said" 2>&1 || { tail -1 "$cfg.cpu.said" >&2; exit 1; }
"$RECORD_GPU" "$cfg.both" "$cfg.gpu" "$cfg.weights" "$@" > "$cfg.gpu.said" 2>&1 || { grep -m1 emulation: "$cfg.gpu.said" >&2 || tail -1 "$cfg.gpu.said" >&2; exit 1; }
exec "$COMPARE_RECORDS" "$cfg" "$cfg.cpu" "$cfg.gpu"
