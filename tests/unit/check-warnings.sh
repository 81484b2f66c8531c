#!/bin/bash
# Compiles sources with every compiler that is there and fails on any warning.
#
# usage: CFLAGS=... tests/unit/check-warnings.sh FILE...
set -u
status=0

for compiler in gcc clang; do
    if ! command -v $compiler > /dev/null; then
        echo "SKIPPED warnings of $compiler: it is not installed"
        continue
    fi
    log=''
    for file in "$@"; do
        log+=$($compiler $CFLAGS -O3 -fopenmp -c "$file" -o /dev/null 2>&1)
        grep -q 'pragma omp\|ifdef' "$file" || continue
        log+=$($compiler $CFLAGS -O3 -fopenmp-simd -c "$file" -o /dev/null 2>&1)
    done
    if [ -z "$log" ]; then
        echo "PASS no warnings of $compiler in $# files"
    else
        echo "$log"
        echo "FAIL warnings of $compiler"
        status=1
    fi
done
exit $status
