#!/bin/bash
# make demo with a few iterations: it goes from nothing to its table, goes on after Ctrl-C, and a second call trains nothing.
#
#   tests/demo/test_demo.sh DIR      DIR: for the results
set -u
out=$1
cd "$(dirname "$0")/../.." || exit 1
export DEMO_OUT=$out DEMO_BATCHES=60
failed=0
check() { # check NAME WHY-IF-NOT COMMAND...
    local name=$1 why=$2
    shift 2
    if "$@" >/dev/null 2>&1; then echo "PASS $name"; else echo "FAIL $name: $why"; failed=1; fi
}

# Ctrl-C while the first run trains.
rm -rf "$out"
mkdir -p "$out"
setsid bash -c 'trap - INT; exec experiments/demo/demo.sh' >"$out/first.txt" 2>&1 &
demo=$!
for _ in $(seq 600); do
    [ "$(wc -l 2>/dev/null <"$out/logs/plain.csv" || echo 0)" -gt 5 ] && break
    sleep 0.1
done
kill -INT -- -$demo
wait $demo
status=$?
check demo_stops_on_interrupt "status $status: $(tail -n 1 "$out/first.txt")" test $status = 130
check demo_says_that_it_goes_on "it said: $(tail -n 1 "$out/first.txt")" grep -q "stopped; make demo goes on from here" "$out/first.txt"
check demo_interrupted_run_left_a_backup "no backup" test -s "$out/backup/demo-plain.backup" -a ! -e "$out/backup/demo-plain.weights"

experiments/demo/demo.sh >"$out/second.txt" 2>&1
status=$?
check demo_reaches_its_table "status $status: $(tail -n 1 "$out/second.txt")" test $status = 0
check demo_resumes_the_interrupted_run "it began anew" grep -q "plain student: 60 iterations, going on from" "$out/second.txt"
check demo_logs_each_iteration_once "rows of plain.csv: $(wc -l <"$out/logs/plain.csv")" \
    bash -c "tail -n +2 '$out/logs/plain.csv' | cut -d, -f1 | diff - <(seq 60)"
check demo_csv_has_four_runs "rows: $(wc -l <"$out/results.csv")" \
    awk -F, 'NR > 1 && !($3 > 5 && $3 <= 100 && $5 >= 0 && $5 <= 1 && $6 >= 0 && $6 <= 1 && $13 == 60 && NF == 14) { exit 1 } END { exit NR != 5 }' "$out/results.csv"
teacher=$(awk -F, '$3 == "all" { print $6 }' "$out/results/teacher.csv")
check demo_teacher_errs_on_less_than_20_percent "$teacher %" awk -v e="$teacher" 'BEGIN { exit !(e > 5 && e < 20) }'
check demo_says_that_runs_are_short "no word about it" grep -q "Short runs" "$out/results.txt"
plain=$(sed -n 2p "$out/logs/plain.csv" | cut -d, -f4)
check demo_logs_the_loss "loss of the first iteration '$plain'" awk -v loss="$plain" 'BEGIN { exit !(loss > 0) }'
for name in gkd smooth; do
    first=$(sed -n 2p "$out/logs/$name.csv" | cut -d, -f4)
    check demo_${name}_starts_as_the_plain_student "loss of the first iteration $first" test "$first" = "$plain"
done
# Each run's graphs and training, that of the last one drawn last.
pictures=0
for file in "$out"/*.svg; do if xmllint --noout "$file" 2> /dev/null || ! command -v xmllint > /dev/null && grep -q '</svg>' "$file"; then pictures=$((pictures + 1)); fi; done
check demo_draws_two_pictures_of_each_run "$(ls "$out"/*.svg 2>&1 | tail -1); $pictures" test $pictures = 8
check demo_prints_its_table "$(tail -n 3 "$out/second.txt" | head -1)" bash -c "[ \$(grep -A20 'Short runs' '$out/second.txt' | grep -cE '^(teacher|plain|with|label variation alone).* [0-9]+\.[0-9]{2} ') = 5 ]"

before=$(stat -c %Y "$out"/backup/*.weights | xargs)
experiments/demo/demo.sh >"$out/third.txt" 2>&1
check demo_second_call_trains_nothing "it trained" test "$before" = "$(stat -c %Y "$out"/backup/*.weights | xargs)"
check demo_second_call_prints_the_same_table "it differs" bash -c "diff <(grep -A20 'Short runs' '$out/second.txt' | grep -v ' s; ') <(grep -A20 'Short runs' '$out/third.txt' | grep -v ' s; ')"
exit $failed
