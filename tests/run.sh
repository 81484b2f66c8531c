#!/bin/bash
# Runs the test targets given as arguments, JOBS of them at once (default: as many as there are cores), and sums up what they print.
# They begin in the order given. What a target prints comes when it is over, whole, and stays in build/test-logs/. All of them
# share one job server, so that together they compile with no more than JOBS processes.
#
# A target counts by its lines: cmocka's "[  PASSED  ] n test(s)" and "[  FAILED  ] n test(s)", and our own
# "PASS name", "FAIL name: why", "SKIPPED name: why". A target that fails without such a line counts as one failure, and so does
# one that reports nothing at all, or that is killed; the others go on. Ends with "N passed, N failed"; exit status 1 if anything
# failed.
#
# usage: [MAKE=make] [BUILD=build] [JOBS=n] tests/run.sh TARGET...
set -u -o pipefail
# As in the Makefile: a decimal point, lists sorted by bytes, cd where it is told.
export LC_ALL=C
unset CDPATH

# What started us may ignore signals, as nohup does SIGHUP; the areas' programs would inherit that.
if [ -z "${SIGNALS_ARE_DEFAULT:-}" ] && env --default-signal true 2> /dev/null; then
    SIGNALS_ARE_DEFAULT=1 exec env --default-signal "$0" "$@"
fi

# Threads that spin while they wait would take a busy machine's cores from those that work.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

logs=${BUILD:-build}/test-logs

# For the targets alone: what they start themselves by $(MAKE) would take MAKE, and its options, from the environment.
make=${MAKE:-make}
unset MAKE

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

# run_target TARGET MAKE...: its output to its log and, in one piece, to the screen; its counts to TARGET.result.
run_target() {
    local target=$1 log=$logs/$1.log status p f s seconds cpu
    shift
    # What waits for something that does not come is ended, long after any area is over.
    { TIMEFORMAT='%R %U %S'; time timeout --foreground -k 30 2400 "$@" --no-print-directory "$target" > "$log" 2>&1 < /dev/null; } 2> "$log.time"
    status=$?
    read -r seconds cpu < <(awk 'END { printf "%.0f %.0f\n", $1, $2 + $3 }' "$log.time")
    rm -f "$log.time"
    count "$log"
    if [ "$f" -eq 0 ] && [ $status -ne 0 ]; then
        echo "FAIL $target: exit status $status" >> "$log"
        f=1
    elif [ "$p" -eq 0 ] && [ "$f" -eq 0 ] && [ "$s" -eq 0 ]; then
        echo "FAIL $target: it reported no test" >> "$log"
        f=1
    fi
    exec 9> "$logs/.screen"
    flock 9
    printf '\n=== %s\n' "$target"
    cat "$log"
    printf -- '--- %s: %d passed, %d failed, %d skipped in %d s, %d s of one core\n' "$target" "$p" "$f" "$s" "$seconds" "$cpu"
    echo "$p $f $s" > "$logs/$target.result"
}

# run_targets TARGET...: each through run_target, by a make that has nothing else to do. It goes on after a failure.
run_targets() {
    local jobs=() waiting=0
    case " $* " in *' test-schedulers '*) waiting=1 ;; esac # for minutes, for others: it takes no core meanwhile
    case ${MAKEFLAGS:-} in
        *jobserver*) ;; # that of the make which runs this
        *) jobs=("-j$((${JOBS:-$(nproc)} + waiting))") ;;
    esac
    {
        echo ".PHONY: every-target $*"
        echo "every-target: $*"
        printf '%s:\n' "$*"
        printf '\t+@tests/run.sh --target $@ %s\n' "$make"
    } | "${make%% *}" --no-print-directory -k "${jobs[@]}" -f - every-target
}

if [ "${1:-}" = --target ]; then
    shift
    run_target "$@"
    exit 0
fi

cd "$(dirname "$0")/.." && mkdir -p "$logs" || exit 1
# Areas run programs of theirs where temporary files go, which a careful machine does not let them.
probe=$(mktemp) && printf '#!/bin/sh\n' > "$probe" && chmod +x "$probe"
"$probe" 2> /dev/null || { mkdir -p "$logs/tmp" && TMPDIR=$(realpath "$logs/tmp") && export TMPDIR; }
rm -f "$probe"
rm -f "$logs"/*.result
run_targets "$@"

passed=0 failed=0 skipped=0
for target in "$@"; do
    if ! read -r p f s < "$logs/$target.result"; then
        echo "FAIL $target: it was killed"
        p=0 f=1 s=0
    fi 2> /dev/null
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
printf '\n%d s in all; %d skipped\n' "$SECONDS" "$skipped"
for target in "$@"; do grep -s '^SKIPPED ' "$logs/$target.log"; done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
