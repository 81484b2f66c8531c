#!/bin/bash
# Writes tests/gpu/REPORT.md: the device, the versions, every test's result, the benchmark, and what failed before it could say so.
# Leaves the file alone where there is no GPU.
#
# usage: MAKE=make CUDNN=0|1 tests/gpu/report.sh NVCC
set -u -o pipefail
nvcc=${1:?} report=tests/gpu/REPORT.md
tests/gpu/have_gpu.sh gpu-report "$nvcc" || exit 0
log=$(mktemp) status=0
trap 'rm -f "$log"' EXIT
results='^(PASS|FAIL|SKIPPED|aim_[^ ]+ |[a-zA-Z0-9_.-]+ [-0-9.e+]+ [^ ]+$)'

# last_words LOG: a compiler's first error, or else what was said last that is no result; and what make says about it.
last_words() {
    {
        grep -m1 -E 'error: |undefined reference|cannot find ' "$1" || grep -vE "$results|^make|^$" "$1" | tail -1
        grep -m1 -E '^make.*\*\*\*' "$1"
    } | cut -c 1-300 | paste -sd ' '
}

# run TARGET: its results and figures, and a line for its failure.
run() {
    if $MAKE --no-print-directory "$1" GPU=1 CUDNN="$CUDNN" > "$log" 2>&1; then local failed=0; else local failed=1; fi
    grep -E "$results" "$log"
    if [ $failed = 0 ]; then return; fi
    echo "FAIL $1: $(last_words "$log")"
    status=1
}

{
    echo "# The GPU code on a GPU"
    echo
    echo "Made by \`make gpu-report\` on $(date -u +%F), commit $(git rev-parse --short HEAD 2> /dev/null || echo unknown)."
    echo
    echo '```'
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
    "$nvcc" --version | grep release
    echo "cuDNN $(echo 'CUDNN_MAJOR.CUDNN_MINOR.CUDNN_PATCHLEVEL' |
        ${CC:-cc} -E -P -include cudnn_version.h $(tests/gpu/toolkit.sh folders "$nvcc") -x c - 2> /dev/null | tr -d ' ' | grep . || echo none)"
    echo '```'
    for target in test-gpu-link test-gpu bench; do
        printf '\n## make %s\n\n```\n' $target
        run $target
        echo '```'
    done
} > "$report.new" && mv "$report.new" "$report"
echo "$report is written"
exit $status
