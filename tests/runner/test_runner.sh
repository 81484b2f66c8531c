#!/bin/bash
# The runner of make test: what it says of targets that pass, fail, say nothing, die or are killed, and that it runs them side by side.
#
# usage: tests/runner/test_runner.sh
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL
export BUILD=$work MAKE="make -f tests/runner/targets.makefile MEETING=$work" JOBS=2
failures=0

# holds NAME CONDITION...: a test of what the runner said last, in $work/said.
holds() {
    local name=$1
    shift
    if "$@" > /dev/null 2>&1; then echo "PASS $name"; else
        echo "FAIL $name: $* ($(tail -1 "$work/said"))"
        failures=1
    fi
}
run() {
    tests/run.sh "$@" > "$work/said" 2>&1
    status=$?
}
says() { grep -qE -- "$1" "$work/said"; }
last_line_is() { [ "$(tail -1 "$work/said")" = "$1" ]; }

run passing skipping
holds runner_ends_with_what_passed last_line_is "2 passed, 0 failed"
holds runner_succeeds_where_nothing_failed [ $status = 0 ]
holds runner_lists_what_was_skipped [ "$(grep -c '^SKIPPED three' "$work/said")" = 2 ]
holds runner_says_how_long_a_target_took says '^--- passing: 2 passed, 0 failed, 0 skipped in [0-9]+ s, [0-9]+ s of one core$'

for bad in "failing 1 1" "cmocka 3 2" "silent 0 1" "dying 0 1" "status 1 1" "killed 0 1" "absent 0 1"; do
    read -r target passed failed <<< "$bad"
    run "$target" passing
    holds "runner_goes_on_after_a_target_that_is_$target" last_line_is "$((passed + 2)) passed, $failed failed"
    holds "runner_fails_after_a_target_that_is_$target" [ $status = 1 ]
    case $target in cmocka) ;; *) holds "runner_names_a_target_that_is_$target" says "^FAIL (five|$target): " ;; esac
done

run meets-a meets-b
holds runner_runs_targets_side_by_side last_line_is "2 passed, 0 failed"
run talks-a talks-b
holds runner_keeps_the_lines_of_a_target_together [ "$(grep -A 4 '^talks-a 1' "$work/said" | grep -c '^talks-a')-$(grep -A 4 '^talks-b 1' "$work/said" | grep -c '^talks-b')" = 5-5 ]
# Temporary files where nothing may be run, as a careful machine has its /tmp.
mkdir "$work/careful"
if unshare -rm mount -t tmpfs -o noexec tmpfs "$work/careful" 2> /dev/null; then
    TMPDIR=$work/careful unshare -rm bash -c 'mount -t tmpfs -o noexec tmpfs "$TMPDIR" && tests/run.sh temporary' > "$work/said" 2>&1
    holds runner_gives_its_targets_a_folder_whose_programs_can_be_run last_line_is "1 passed, 0 failed"
else
    echo "SKIPPED runner_gives_its_targets_a_folder_whose_programs_can_be_run: no right to mount a tmpfs here"
fi
MAKE="$MAKE -o shared" run again
holds runner_options_are_for_its_targets_alone last_line_is "1 passed, 0 failed"
(trap '' HUP && SIGNALS_ARE_DEFAULT='' run hung-up)
holds runner_has_areas_end_by_a_signal_that_it_ignores last_line_is "1 passed, 0 failed"
JOBS=1 run passing status skipping
holds runner_begins_them_in_the_order_given [ "$(sed -n 's/^=== //p' "$work/said" | xargs)" = "passing status skipping" ]
exit $failures
