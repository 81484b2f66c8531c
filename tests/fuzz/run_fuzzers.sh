#!/bin/bash
# Runs fuzzers for a time each: from the corpus kept here (corpus/ by hand, corpus.tar.gz from long runs), and from what earlier runs
# found. A finding is a FAIL, with the file that shows it.
#
# What costs executions is left out: the messages of refusals, all but one frame of where memory came from, and most of the memory kept
# back to notice a late use. Run the fuzzer on the file of a finding alone to see all of it.
#
# usage: run_fuzzers.sh BUILD SECONDS FUZZER...
set -u
build=$1 seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
work=$build/work
mkdir -p "$work" "$build/kept" && cp "$here"/teacher.* "$work"/
tar -xzf "$here/corpus.tar.gz" -C "$build/kept" --no-same-owner || exit 1
failures=0
options=allocator_may_return_null=1:detect_leaks=0:quarantine_size_mb=4:malloc_context_size=1
for name in "$@"; do
    mkdir -p "$build/corpus/$name" "$build/kept/$name" "$build/findings"
    (cd "$work" && echo "$BASHPID" > "$build/$name.pid" && ASAN_OPTIONS=$options exec "$build/fuzz_$name" "$build/corpus/$name" "$here/corpus/$name" "$build/kept/$name" \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2500 -max_len=4096 -dict="$here/fuzz.dict" -close_fd_mask=3 -print_final_stats=1 \
        -artifact_prefix="$build/findings/$name-" < /dev/null > "$build/$name.log" 2>&1)
    status=$?
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log")
    if [ $status -eq 0 ]; then
        echo "PASS fuzz_$name: ${executions:-?} executions"
    else
        failures=1
        echo "FAIL fuzz_$name: $(grep -aE 'ERROR:|runtime error|deadly signal' "$build/$name.log" | head -1); $(sed -n 's/.*Test unit written to //p' "$build/$name.log")"
    fi
    rm -f "/dev/shm/lgg-fuzz-$(cat "$build/$name.pid")"-*
done
exit $failures
