#!/bin/bash
# Runs the test targets given as arguments, one after another, and sums up what they print.
#
# A target counts by its lines: cmocka's "[  PASSED  ] n test(s)" and "[  FAILED  ] n test(s)", and our own
# "PASS name", "FAIL name: why", "SKIPPED name: why". A target that fails without such a line counts as one failure, and so does
# one that reports nothing at all. Ends with "N passed, N failed"; exit status 1 if anything failed.
#
# usage: tests/run.sh TARGET...
set -u -o pipefail

# Threads that spin while they wait would take a busy machine's cores from those that work.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

logs=${BUILD:-build}/test-logs
mkdir -p "$logs" || exit 1
passed=0 failed=0 skipped=0

# count LOG: sets p, f and s to what one target's log reports.
count() {
    read -r p f s < <(awk '
        function number() { for (i = 1; i < NF; ++i) if ($i == "]") return $(i + 1); return 0 }
        /^\[  PASSED  \] [0-9]+ test/ { p += number() }
        /^\[  FAILED  \] [0-9]+ test/ { f += number() }
        /^\[  SKIPPED \] [0-9]+ test/ { s += number() }
        /^PASS /    { ++p }
        /^FAIL /    { ++f }
        /^SKIPPED / { ++s }
        END { print p + 0, f + 0, s + 0 }' "$1")
}

for target in "$@"; do
    printf '\n=== %s\n' "$target"
    start=$SECONDS
    log=$logs/$target.log
    ${MAKE:-make} --no-print-directory "$target" 2>&1 | tee "$log"
    status=$?
    count "$log"
    if [ "$f" -eq 0 ] && [ $status -ne 0 ]; then
        echo "FAIL $target: exit status $status"
        f=1
    elif [ "$p" -eq 0 ] && [ "$f" -eq 0 ] && [ "$s" -eq 0 ]; then
        echo "FAIL $target: it reported no test"
        f=1
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf -- '--- %s: %d passed, %d failed, %d skipped in %d s\n' "$target" "$p" "$f" "$s" $((SECONDS - start))
done

printf '\n%d s in all; %d skipped\n' "$SECONDS" "$skipped"
for target in "$@"; do grep '^SKIPPED ' "$logs/$target.log"; done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
