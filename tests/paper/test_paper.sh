#!/bin/bash
# Tests the runner of the paper's tables with trainings of seconds: stopped, killed, changed, broken; and its statistics on known
# results.
#
# usage: HOST=host tests/paper/test_paper.sh PAPER_TABLE
set -u
program=${1:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PAPER_OUT=$work/results JOBS=2
unset SEEDS METHODS BUDGET RUNNER SLURM PARALLEL KEPT # of the user's shell

failed=0
check() { # check NAME STATUS [WHY]
    if [ "$2" = 0 ]; then echo "PASS $1"; else echo "FAIL $1: ${3:-}"; failed=1; fi
}
# holds NAME WHY CONDITION...: a test on a condition
holds() { local name=$1 why=$2; shift 2; "$@" > /dev/null 2>&1; check "$name" $? "$why"; }
paper() { experiments/paper/paper.sh "$work/$1.txt" "$program" > "$work/$1.log" 2>&1; }
refused() { # refused NAME TABLE TEXT: its last call ended with an error that says so, and no run was over
    if grep -q "$3" "$work/$2.log" && [ -z "$(ls "$PAPER_OUT/$2/runs" 2> /dev/null)" ]; then check "$1" 0; else check "$1" 1 "$(tail -1 "$work/$2.log")"; fi
}
table() { # table NAME LINES: a table file
    printf '%s\n' "title a test of the runner" "seeds 2" "train 1000" "baseline plain" "evaluate clean -test 200" "$2" > "$work/$1.txt"
}
plain="run plain cfg/demo-plain.cfg net.burn_in=5 budget"

# Statistics: three seeds, differences 1, 2, 3: mean 2, deviation 1, t = 2 / (1 / sqrt 3) = 3.4641, p = .074180 with two degrees of freedom
# (1 - t / sqrt(t^2 + 2)).
table known "$(printf 'run %s cfg/demo-plain.cfg\n' plain better "alone cfg/demo-plain.cfg seeds=5"; printf 'paper better clean=7\nteacher alone\nevaluate map\n')"
mkdir -p "$work/known/runs"
i=0
for values in "10 9 50 53" "12 10 52 56" "14 11 54 59"; do
    i=$((i + 1))
    set -- $values
    printf 'name,value\nclean,%s\nagree_right,%s\nmap50,%s\ndate,2020-01-01\n' "$1" "$3" "$3" > "$work/known/runs/plain-$i.csv"
    printf 'name,value\nclean,%s\nagree_right,%s\nmap50,%s\ndate,2020-01-01\ntrain_seconds,%s\n' "$2" "$4" "$4" $((100 * i)) > "$work/known/runs/better-$i.csv"
done
printf 'name,value\nclean,99\n' | tee "$work/known/runs/plain-4.csv" > "$work/known/runs/better-5.csv" # of another time, when there were more seeds
"$program" "$work/known.txt" "$work/known" 3 > "$work/known.log" 2>&1
holds paper_mean_and_deviation_over_seeds "$(grep plain "$work/known/table.csv")" grep -q '^clean,plain,3,12,2,,,,,10;12;14$' "$work/known/table.csv"
holds paper_paired_gain_and_p "$(grep better "$work/known/table.csv")" grep -q '^clean,better,3,10,1,2,1,0.0741799,7,9;10;11$' "$work/known/table.csv"
# 3, 4, 5: t = 4 sqrt 3
holds paper_more_agreement_is_a_gain "$(grep agree_right,better "$work/known/table.csv")" grep -q '^agree_right,better,3,56,3,4,1,0.0202041,,53;56;59$' "$work/known/table.csv"
holds paper_more_precision_is_a_gain "$(grep map50,better "$work/known/table.csv")" grep -q '^map50,better,3,56,3,4,1,0.0202041,,53;56;59$' "$work/known/table.csv"
holds paper_a_method_without_runs_has_no_figure "$(grep alone "$work/known/table.csv")" grep -q '^clean,alone,0,,,,,,,' "$work/known/table.csv"
holds paper_a_method_without_runs_is_no_row "$(grep alone "$work/known/table.md")" [ "$(grep -c alone "$work/known/table.md")-$(grep -c 'Without a run: alone\.$' "$work/known/table.md")" = 1-1 ]
holds paper_has_the_seconds_of_trainings "$(grep -i seconds "$work/known/table.csv" "$work/known/table.md")" grep -q '^train_seconds,better,3,200,100,,,,,100;200;300$' "$work/known/table.csv"
holds paper_says_the_seconds_of_trainings "$(tail -2 "$work/known/table.md")" grep -q "Seconds of a run's training: better 200\." "$work/known/table.md"
holds paper_chart_is_a_picture "table.svg" grep -q '</svg>' "$work/known/table.svg"
holds paper_table_as_markdown "$(grep better "$work/known/table.md")" grep -qxF '| better | 10.00 +- 1.00 | 3 | +2.00 +- 1.00 | 0.0742 | 7.00 |  |' "$work/known/table.md"
# What a reader must know of its corruptions, each once.
table doubted "run plain cfg/demo-plain.cfg"$'\n'"run better cfg/demo-plain.cfg"$'\n'"evaluate corrupt"$'\n'"evaluate apgd"
mkdir -p "$work/doubted/runs"
for i in 1 2; do
    printf 'name,value\nclean,10\napgd,9%s\ncorrupted,20\nrelative_excess,100\ncorruptions,made; 2000 images each\n' $i > "$work/doubted/runs/plain-$i.csv"
    printf 'name,value\nclean,10\napgd,8%s\ncorrupted,1%s\nrelative_excess,5%s\nhardly,fog snow\n' $i $i $i > "$work/doubted/runs/better-$i.csv"
done
"$program" "$work/doubted.txt" "$work/doubted" 2 > "$work/doubted.log" 2>&1
holds paper_names_corruptions_that_say_little "$(tail -2 "$work/doubted/table.md")" grep -q 'hardly errs more than on clean images (by less than a point) under fog, snow:' "$work/doubted/table.md"
holds paper_has_corrupted_errors_absolute_and_relative "$(grep excess "$work/doubted/table.csv")" grep -qE '^(relative_excess,better,2,51.5,0.707107,48.5,0.707107)' "$work/doubted/table.csv"
holds paper_has_corrupted_errors_paired "$(grep corrupted "$work/doubted/table.csv")" grep -q '^corrupted,better,2,11.5,0.707107,8.5,0.707107,' "$work/doubted/table.csv"
holds paper_has_the_error_under_apgd "$(grep apgd "$work/doubted/table.csv")" grep -q '^apgd,better,2,81.5,0.707107,10,0,' "$work/doubted/table.csv"
mkdir -p "$work/done" "$work/kept/results"
mv "$work/known" "$work/done/known"
experiments/paper/keep.sh "$work/done" "$work/kept"
holds paper_keeps_finished_tables "$work/kept" grep -qF '![known as bars](results/known.svg)' "$work/kept/RESULTS.md"
holds paper_keeps_their_figures "known.csv" cmp "$work/done/known/table.csv" "$work/kept/results/known.csv"

# A cfg derived from another.
derive() { awk -v changes="$1" -f experiments/paper/derive_cfg.awk cfg/demo-gkd.cfg experiments/paper/small/hkd.cfg; }
holds paper_cfg_takes_changes "lgg_gkd.edges" grep -qx 'edges=inter' <(derive "lgg_gkd.edges=inter")
holds paper_cfg_changes_what_is_there "net.seed" [ "$(derive "net.seed=7" | grep -c '^seed=')" = 1 ]
holds paper_cfg_narrows_convolutions "width" [ "$(derive "width=.5" | grep -m1 '^filters=')" = filters=8 ]
holds paper_cfg_drops_sections "drop" [ "$(derive "drop=label_variation" | grep -c label_variation)" = 0 ]
holds paper_cfg_appends_sections "add" grep -q '^\[hkd\]' <(derive "")
derive "nothing.here=1" > "$work/derive.log" 2>&1
holds paper_cfg_names_a_missing_section "$(tail -1 "$work/derive.log")" grep -q 'no section \[nothing\]' "$work/derive.log"

# The tables of the project: each run's .cfg, derived as run.sh does before it finds that there is no time, is one that Darknet reads.
wrong=''
for list in experiments/paper/{table,search}*.txt; do
    out=$work/derived/$(basename "$list" .txt)
    mkdir -p "$out"/{backup,cfg,logs,runs,measures}
    while read -r method; do echo over > "$out/runs/$method-1.csv"; done < <(awk '$1 == "run" { print $2 }' "$list")
    while read -r method; do
        rm "$out/runs/$method-1.csv"
        OUT=$out DEADLINE=1 experiments/paper/run.sh "$list" "$method" 1 > "$out/log" 2>&1 && ./darknet ops "$out/cfg/$method-1.cfg" > "$out/log" 2>&1 &&
            grep -q '^Floating Point Operations' "$out/log" || wrong=${wrong:-"$list: $method: $(tail -1 "$out/log")"}
        echo over > "$out/runs/$method-1.csv"
    done < <(awk '$1 == "run" && !/ weights=/ { print $2 }' "$list")
done
check paper_the_runs_of_all_tables_can_be_read "${#wrong}" "$wrong"

# What a run is: another one of these begins it anew. run.sh finds that there is no time, and what was over is over or forgotten.
out=$work/identity
mkdir -p "$out"/{backup,cfg,logs,runs,measures}
begun() { OUT=$out DEADLINE=1 experiments/paper/run.sh "$work/identity.txt" taught 1 > "$work/identity.log" 2>&1; }
echo teacher > "$work/teacher.weights"
table identity "run taught cfg/demo-plain.cfg add=experiments/paper/small/gkd.cfg lgg_gkd.teacher_weights=$work/teacher.weights restart=2 budget=5"
begun
echo over > "$out/runs/taught-1.csv"
begun
holds paper_a_run_that_is_over_stays_so "$(tail -1 "$work/identity.log")" [ -e "$out/runs/taught-1.csv" ]
echo another >> "$work/teacher.weights"
begun
holds paper_another_teachers_file_begins_a_run_anew "it is over" [ ! -e "$out/runs/taught-1.csv" ]
echo over > "$out/runs/taught-1.csv"
sed -i 's/restart=2/restart=3/' "$work/identity.txt"
begun
holds paper_another_restart_begins_a_run_anew "it is over" [ ! -e "$out/runs/taught-1.csv" ]
echo over > "$out/runs/taught-1.csv"
HOST=another begun
holds paper_another_host_begins_a_run_anew "it is over" [ ! -e "$out/runs/taught-1.csv" ]
echo over > "$out/runs/taught-1.csv"
sed -i 's|teacher_weights=[^ ]*|teacher_weights=@late|; $arun late cfg/demo-plain.cfg budget=5' "$work/identity.txt"
begun
holds paper_no_result_stands_while_its_teacher_is_trained_anew "$(tail -1 "$work/identity.log")" [ ! -e "$out/runs/taught-1.csv" ]

# Of kept runs, those that were begun anew here stay what they are.
table again "$plain=5"
mkdir -p "$work/kept-again/again"/{cfg,runs,measures} "$PAPER_OUT/again/cfg"
for i in 1 2; do echo old > "$work/kept-again/again/cfg/plain-$i.cfg"; echo old > "$work/kept-again/again/runs/plain-$i.csv"; done
echo new > "$PAPER_OUT/again/cfg/plain-1.cfg"
sed -n '/^bring_kept() {/,/^}/p' experiments/paper/paper.sh > "$work/bring.sh"
mkdir -p "$PAPER_OUT/again"/{runs,measures,backup}
(table=$work/again.txt out=$PAPER_OUT/again KEPT=1 PAPER_KEPT=$work/kept-again; . "$work/bring.sh"; bring_kept)
holds paper_a_run_begun_anew_is_not_replaced_by_a_kept_one "plain-1.csv is there" [ ! -e "$PAPER_OUT/again/runs/plain-1.csv" -a -e "$PAPER_OUT/again/runs/plain-2.csv" ]
rm -rf "$PAPER_OUT/again"

# A whole table, stopped by its budget, then by a kill in the middle, then finished: the same as in one go.
table whole "$plain=12"$'\n'"run gkd cfg/demo-plain.cfg add=experiments/paper/small/gkd.cfg net.burn_in=5 budget=12"
paper whole
holds paper_runs_to_the_end "$(tail -1 "$work/whole.log")" [ "$(ls "$PAPER_OUT/whole/runs" | wc -l)" = 4 ]
holds paper_prints_the_table "whole.log" grep -q 'plain .* 2 ' "$work/whole.log"
before=$(cat "$PAPER_OUT"/whole/runs/*.csv | md5sum)
paper whole
holds paper_a_second_call_trains_nothing "$(grep training "$work/whole.log")" [ "$before-$(grep -c ': training' "$work/whole.log")" = "$(cat "$PAPER_OUT"/whole/runs/*.csv | md5sum)-0" ]

# Learning curves: of what a host saves on the way the numbered ones, and the end.
table curved "$plain=12"$'\n'"evaluate curve -test 100"
sed -i 's/^seeds.*/seeds 1/' "$work/curved.txt"
paper curved
for i in 1 last; do cp "$PAPER_OUT/curved/backup/plain-1.weights" "$PAPER_OUT/curved/backup/plain-1_$i.weights"; done
rm "$PAPER_OUT"/curved/{runs/plain-1.csv,measures/plain-1_curve.csv}
paper curved
# the first host numbers epochs, the second iterations
after=$((1000 / $(sed -n 's/^batch=//p' "$PAPER_OUT/curved/cfg/plain-1.cfg") + 1))
[ "${HOST:-}" != alexeyab ] || after=1
holds paper_curves_have_numbered_weights_and_the_end "$(cat "$PAPER_OUT/curved/measures/plain-1_curve.csv")" \
    [ "$(cut -d, -f1,2 "$PAPER_OUT/curved/measures/plain-1_curve.csv" | tr '\n' ' ')" = "epoch,iteration 1,$after end,12 " ]

# until ITERATION: waits, a minute at most, for the log of the run to get there.
until_iteration() {
    local i
    for ((i = 0; i < 3000; ++i)); do
        [ "$(cat "$PAPER_OUT/pieces/logs/plain-1.csv" 2> /dev/null | wc -l)" -le "$1" ] || return 0
        sleep .02
    done
}

# More iterations than any machine has time for.
table budgeted "$plain=100000"
sed -i 's/^seeds.*/seeds 1/' "$work/budgeted.txt"
# Minutes. A slow machine needs more of them to begin at all, and to end.
for budget in .05 .1 .2 .4; do
    BUDGET=$budget timeout --foreground 120 experiments/paper/paper.sh "$work/budgeted.txt" "$program" > "$work/budgeted.log" 2>&1
    status=$?
    [ ! -s "$PAPER_OUT/budgeted/backup/plain-1.backup" ] || break
done
check paper_a_budget_that_is_over_is_no_error $status "$(tail -1 "$work/budgeted.log")"
holds paper_budget_stops_a_training "$(tail -3 "$work/budgeted.log")" grep -q 'stopped at the budget of time' "$work/budgeted.log"
holds paper_budget_leaves_a_backup "$(ls "$PAPER_OUT/budgeted/backup")" [ -s "$PAPER_OUT/budgeted/backup/plain-1.backup" ]

table pieces "$plain=800"
sed -i 's/^seeds.*/seeds 1/' "$work/pieces.txt"
paper_whole_weights() { md5sum < "$PAPER_OUT/$1/backup/plain-1.weights"; }
experiments/paper/paper.sh "$work/pieces.txt" "$program" > "$work/pieces.log" 2>&1 &
runner=$!
until_iteration 100
kill -TERM $runner
wait $runner
holds paper_a_signal_stops_it "it was over before" [ ! -e "$PAPER_OUT/pieces/runs/plain-1.csv" ]
holds paper_a_signal_stops_its_trainings "$(pgrep -af "$PAPER_OUT/pieces")" [ -z "$(pgrep -f "classifier train $PAPER_OUT/pieces")" ]
experiments/paper/paper.sh "$work/pieces.txt" "$program" > "$work/pieces.log" 2>&1 &
runner=$!
until_iteration $(($(wc -l < "$PAPER_OUT/pieces/logs/plain-1.csv") + 50))
pkill -KILL -f "^[^ ]*darknet classifier train $PAPER_OUT/pieces"
wait $runner
holds paper_a_kill_meets_a_training "it was over before" [ ! -e "$PAPER_OUT/pieces/runs/plain-1.csv" ]
paper pieces
holds paper_goes_on_after_kills "$(tail -3 "$work/pieces.log")" [ -s "$PAPER_OUT/pieces/runs/plain-1.csv" ]
holds paper_goes_on_from_the_last_backup "$(grep plain-1 "$work/pieces.log")" grep -q '^plain-1: training, 800 iterations, from .*/plain-1.backup$' "$work/pieces.log"
holds paper_logs_each_iteration_once "the log" [ "$(cut -d, -f1 "$PAPER_OUT/pieces/logs/plain-1.csv" | sort | uniq -d | wc -l)-$(wc -l < "$PAPER_OUT/pieces/logs/plain-1.csv")" = 0-801 ]
sed 's/^title.*/title another name/' "$work/pieces.txt" > "$work/inone.txt"
paper inone
holds paper_pieces_give_the_same_weights "they differ" [ "$(paper_whole_weights pieces)" = "$(paper_whole_weights inone)" ]

# A changed table file trains what it changes, anew.
sed -i 's/budget=12/budget=14/' "$work/whole.txt"
paper whole
holds paper_a_changed_run_starts_anew "$(tail -3 "$work/whole.log")" grep -q '^iterations,14$' "$PAPER_OUT/whole/runs/gkd-2.csv"

# What is asked of a run is judged anew, without training; a run may have more seeds than its table.
trained=$(md5sum < "$PAPER_OUT/whole/backup/plain-1.weights")
sed -i 's/^evaluate clean.*/evaluate clean -test 100/' "$work/whole.txt"
paper whole
holds paper_a_run_that_is_asked_otherwise_is_judged_anew "$(tail -3 "$work/whole.log")" grep -q '^[^,]*,[^,]*,all,100,' "$PAPER_OUT/whole/measures/plain-1_clean.csv"
holds paper_and_not_trained_anew "$(grep training "$work/whole.log")" [ "$trained-$(grep -c ': training' "$work/whole.log")" = "$(md5sum < "$PAPER_OUT/whole/backup/plain-1.weights")-0" ]
sed -i 's/budget=14/budget=14 seeds=3/' "$work/whole.txt"
paper whole
holds paper_shows_all_seeds_of_a_run "$(grep gkd "$PAPER_OUT/whole/table.csv")" grep -q '^clean,gkd,3,' "$PAPER_OUT/whole/table.csv"
rm "$PAPER_OUT/whole/runs/gkd-3.csv"; echo name,value > "$PAPER_OUT/whole/runs/old-1.csv"
mkdir -p "$work/counted" "$work/kept-counted/results" && cp -r "$PAPER_OUT/whole" "$work/counted/" && experiments/paper/keep.sh "$work/counted" "$work/kept-counted"
holds paper_a_table_is_finished_by_its_own_runs "$(ls "$work/kept-counted/results")" [ ! -e "$work/kept-counted/results/whole.md" ]

# restart=N: momentum begins at zero again.
table restarted "$plain=20 restart=10"
paper restarted
# stopped between the end of the first part and its taking that name
mv "$PAPER_OUT/restarted/backup/plain-1.weights" "$work/second.weights"; mv "$PAPER_OUT/restarted/backup/plain-1.restart" "$PAPER_OUT/restarted/backup/plain-1.weights"
rm -f "$PAPER_OUT"/restarted/{runs,measures}/plain-1* "$PAPER_OUT"/restarted/backup/plain-1.backup*
paper restarted
holds paper_a_first_part_is_not_taken_for_all "$(tail -3 "$work/restarted.log")" cmp "$PAPER_OUT/restarted/backup/plain-1.weights" "$work/second.weights"
holds paper_restart_goes_on_where_it_was "$(tail -3 "$work/restarted.log")" [ "$(tail -1 "$PAPER_OUT/restarted/logs/plain-1.csv" | cut -d, -f1)" = 20 ]
table through "$plain=20"
paper through
holds paper_restart_is_not_the_same_training "the same weights" [ "$(paper_whole_weights restarted)" != "$(paper_whole_weights through)" ]

# A table that is not finished, gone on with elsewhere from the runs that were kept.
table partly "$plain=12"$'\n'"run gkd cfg/demo-plain.cfg add=experiments/paper/small/gkd.cfg net.burn_in=5 budget=12"
paper partly
cp "$PAPER_OUT/partly/backup/gkd-2.weights" "$work/partly.weights"
rm "$PAPER_OUT"/partly/{runs,measures}/gkd-2[._]* "$PAPER_OUT"/partly/backup/gkd-2.weights
mkdir -p "$work/unfinished" "$work/kept-runs/results" && cp -r "$PAPER_OUT/partly" "$work/unfinished/"
experiments/paper/keep.sh "$work/unfinished" "$work/kept-runs"
holds paper_keeps_the_runs_of_an_unfinished_table "$(ls "$work/kept-runs/results")" [ "$(ls "$work/kept-runs/results/runs/partly/runs" | wc -l)" = 3 ]
holds paper_keeps_the_backup_of_one_that_has_begun "$(ls "$work/kept-runs/results/runs/partly/backup")" [ "$(ls "$work/kept-runs/results/runs/partly/backup" | tr '\n' ' ')" = "gkd-2.backup gkd-2.backup.state " ]
rm -r "$PAPER_OUT/partly"
KEPT=1 PAPER_KEPT=$work/kept-runs/results/runs paper partly
holds paper_goes_on_from_kept_runs "$(grep training "$work/partly.log")" [ "$(grep -c training, "$work/partly.log")-$(ls "$PAPER_OUT/partly/runs" | wc -l)" = 1-4 ]
holds paper_and_from_that_backup "$(grep training "$work/partly.log")" grep -q '^gkd-2: training, 12 iterations, from .*/gkd-2.backup$' "$work/partly.log"
holds paper_to_the_same_weights "they differ" cmp "$work/partly.weights" "$PAPER_OUT/partly/backup/gkd-2.weights"
rm -r "$work/unfinished/partly" && cp -r "$PAPER_OUT/partly" "$work/unfinished/" && rm "$work"/unfinished/partly/runs/{gkd-2,plain-1}.csv && experiments/paper/keep.sh "$work/unfinished" "$work/kept-runs"
holds paper_keeps_a_run_that_was_begun_again_without_it "$(ls "$work/kept-runs/results/runs/partly/runs")" [ -s "$work/kept-runs/results/runs/partly/runs/plain-1.csv" -a ! -e "$work/kept-runs/results/runs/partly/runs/gkd-2.csv" ]
cp -r "$PAPER_OUT/partly" "$work/unfinished/" && experiments/paper/keep.sh "$work/unfinished" "$work/kept-runs"
holds paper_keeps_no_runs_of_a_finished_table "$(ls "$work/kept-runs/results/runs")" [ ! -e "$work/kept-runs/results/runs/partly" ]
# Of METHODS alone: the others are still to come, and a table that has them stays.
rm -r "$PAPER_OUT/partly"
METHODS=plain SEEDS=1 paper partly
cp "$work/kept-runs/results/partly.csv" "$work/partly.csv"
rm -r "$work/unfinished/partly" && cp -r "$PAPER_OUT/partly" "$work/unfinished/" && mkdir -p "$work/kept-some/results"
said=$(experiments/paper/keep.sh "$work/unfinished" "$work/kept-runs" 2>&1)
holds paper_keeps_the_table_that_has_more "$said" cmp "$work/kept-runs/results/partly.csv" "$work/partly.csv"
holds paper_and_says_so "$said" [ "$said" = "partly: the table that is kept stays, since it has more (clean of plain, seeds 2); remove $work/kept-runs/results/partly.csv to have this one instead" ]
experiments/paper/keep.sh "$work/unfinished" "$work/kept-some"
holds paper_keeps_the_table_of_chosen_methods "$(ls "$work/kept-some/results")" grep -q '^| plain ' "$work/kept-some/results/partly.md"
holds paper_and_their_runs_for_the_others "$(ls "$work/kept-some/results")" [ -s "$work/kept-some/results/runs/partly/runs/plain-1.csv" ]

# How often the others decide as a teacher does.
table taught "$plain=5"$'\n'"run ready cfg/demo-teacher.cfg seeds=1 weights=cfg/demo-teacher.weights"$'\n'"teacher ready"
paper taught
holds paper_agreement_with_the_teacher "$(tail -1 "$work/taught.log")" [ "$(sed -n 's/^agree_right,//p' "$PAPER_OUT/taught/runs/plain-2.csv")" = "$(awk -F, '$3 == "all" { print $8 }' "$PAPER_OUT/taught/measures/plain-2_clean.csv")" ]
holds paper_a_teacher_is_not_compared_with_itself "it is" [ "$(grep -c agree "$PAPER_OUT/taught/runs/ready-1.csv")" = 0 ]
holds paper_has_no_row_without_a_figure "$(grep '^| ready' "$PAPER_OUT/taught/table.md")" [ "$(grep -c '^| ready' "$PAPER_OUT/taught/table.md")" = 1 ]
holds paper_prints_the_agreement "table" grep -q '| decides as the teacher where that is wrong, %' "$PAPER_OUT/taught/table.md"

# What only its judging needs does not keep a training waiting; another teacher has it judged anew, not trained anew.
table later "$plain=5"$'\n'"run late cfg/demo-plain.cfg budget=4 seeds=1"$'\n'"teacher late"
JOBS=1 paper later
holds paper_trains_what_is_judged_later "$(cat "$work/later.log")" [ "$(grep -n 'plain-1: trained; waits for late-1 to be judged\|late-1: training\|plain-1: done' "$work/later.log" | sed 's/.*later.log:\|^[0-9]*://;s/[:;,].*//' | tr '\n' ' ')" = "plain-1 late-1 plain-1 " ]
trained=$(paper_whole_weights later)
judged=$(cat "$PAPER_OUT/later/cfg/plain-1.asked")
sed -i 's/budget=4/budget=6/' "$work/later.txt"
paper later
holds paper_another_teacher_has_it_judged_anew "$(cat "$work/later.log")" [ "$judged" != "$(cat "$PAPER_OUT/later/cfg/plain-1.asked")" -a "$(grep -c 'plain-[12]: done' "$work/later.log")" = 2 ]
holds paper_and_does_not_train_it_anew "$(grep plain- "$work/later.log")" [ "$(grep -c 'plain-.: training' "$work/later.log")-$trained" = "0-$(paper_whole_weights later)" ]

# In a language with a decimal comma.
if mkdir "$work/locales" && localedef -i de_DE -f UTF-8 "$work/locales/de_DE.UTF-8" > /dev/null 2>&1; then
    table comma "$plain=5 width=.5"
    mkdir -p "$work/comma"/{backup,cfg,logs,runs,measures}
    LOCPATH=$work/locales LC_ALL=de_DE.UTF-8 OUT=$work/comma DEADLINE=1 experiments/paper/run.sh "$work/comma.txt" plain 1 > "$work/comma.log" 2>&1
    holds paper_reads_a_decimal_point_in_any_language "$(grep -m1 filters "$work/comma/cfg/plain-1.cfg")" [ "$(grep -m1 '^filters=' "$work/comma/cfg/plain-1.cfg")" = filters=8 ]
else
    echo "SKIPPED paper_reads_a_decimal_point_in_any_language: localedef makes no German one here"
fi

# Told to stop while a run is judged: nothing more begins. The same table in another folder goes on.
table judged "$plain=1"$'\n'"evaluate corrupt"
mkdir "$work/beside" && ln -s "$PWD"/{experiments,cfg,data,darknet} "$work/beside/" && mkdir -p "$work/beside/results" results
here_out=results/paper-test-$$
trap 'rm -rf "$work" "$here_out"' EXIT
PAPER_OUT=$here_out JOBS=1 experiments/paper/paper.sh "$work/judged.txt" "$program" > "$work/judged.log" 2>&1 &
runner=$!
(cd "$work/beside" && PAPER_OUT=$here_out JOBS=1 exec experiments/paper/paper.sh "$work/judged.txt" "$(realpath "$OLDPWD/$program" 2> /dev/null || echo "$program")" > "$work/beside.log" 2>&1) &
beside=$!
for ((i = 0; i < 600; ++i)); do grep -q evaluating "$work/judged.log" && grep -q evaluating "$work/beside.log" && break; sleep .1; done
kill -TERM $runner
wait $runner
status=$?
holds paper_a_signal_stops_an_evaluation "$(tail -2 "$work/judged.log")" [ $status = 143 -a "$(ls $here_out/judged/cfg/*.cfg | wc -l)-$(ls $here_out/judged/runs | wc -l)" = 1-0 ]
judging_beside() { local pid; for pid in $(pgrep -f "lgg [a-z]+ $here_out/judged/data.cfg"); do [ "/proc/$pid/cwd" -ef "$work/beside" ] && return; done; return 1; }
holds paper_and_leaves_the_same_table_elsewhere_alone "$(tail -1 "$work/beside.log")" judging_beside
kill -TERM $beside
wait $beside
rm -rf "$here_out"

# A process that ends while its words are asked for: those of one that nobody has waited for are none.
bash -c 'sleep 1 & exec sleep 60' &
parent=$!
for ((i = 0; i < 600; ++i)); do grep -qs '^State:.Z' /proc/"$(pgrep -P $parent)"/status && break; sleep .1; done
(set -euo pipefail && . experiments/common.sh && ended=$(pgrep -P $parent) && pgrep() { echo "$ended"; } && stop_darknet data.cfg ./darknet && echo told all) > "$work/ended.log" 2>&1
holds paper_passes_over_a_process_that_has_ended "$(cat "$work/ended.log")" grep -qx 'told all' "$work/ended.log"
kill $parent
wait $parent 2> /dev/null

# Mistakes.
table mistake "task segmenter"
paper mistake
refused paper_names_an_unknown_task mistake "task segmenter: classifier or detector"
table mistake "$plain=5"$'\n'"teacher nobody"
paper mistake
refused paper_names_a_missing_teacher mistake "teacher nobody: there is no run"
table mistake "$plain=5"$'\n'"run other cfg/no.cfg"
paper mistake
refused paper_names_a_missing_cfg mistake "run other: there is no cfg/no.cfg"
table mistake "rum plain cfg/demo-plain.cfg"
paper mistake
refused paper_names_an_unknown_line mistake "'rum' is not known"
table mistake "$plain=5 label_variaton.k=1"
paper mistake
refused paper_names_an_unknown_section mistake "no section \[label_variaton\]"
table mistake "$plain=5 label_variation.kk=1"
paper mistake
refused paper_shows_what_darknet_says mistake "kk"
SEEDS=x paper mistake
refused paper_names_a_bad_number_of_seeds mistake "seeds=x"

# Some rows alone, with what they need.
taught='run teacher cfg/demo-teacher.cfg weights=cfg/demo-teacher.weights seeds=1'
table chosen "$plain=5"$'\n'"$taught"$'\n'"run taught cfg/demo-gkd.cfg lgg_gkd.teacher_weights=@teacher"$'\n'"run other cfg/demo-plain.cfg"
chosen_methods() { # METHODS
    (METHODS=$1 && table=$work/chosen.txt && . experiments/paper/common.sh && read_table && echo "${methods[*]}") 2>&1
}
for choice in 'taught=teacher taught' ' other  plain =plain other' ' =plain teacher taught other' 'nobody=chosen: METHODS=nobody: there is no run nobody; there are: plain teacher taught other'; do
    got=$(chosen_methods "${choice%%=*}")
    holds "paper_chooses_rows_$(tr -cs a-z _ <<< "${choice%%=*}")" "$got" [ "$got" = "${choice#*=}" ]
done
METHODS='plain' SEEDS=1 paper chosen
holds paper_runs_the_chosen_rows_alone "$(ls "$PAPER_OUT/chosen/runs")" [ "$(ls "$PAPER_OUT/chosen/runs")" = plain-1.csv ]
echo "evaluate corrupt" >> "$work/chosen.txt"
holds paper_chooses_what_judges_them "$(chosen_methods other)" [ "$(chosen_methods other)" = 'plain other' ]

# Each run through a command of the user's.
printf '#!/bin/sh\necho "$*" >> %s\nexec "$@"\n' "$work/led.runs" > "$work/leads" && chmod +x "$work/leads"
table led "$plain=5"
RUNNER=$work/leads paper led
holds paper_takes_a_runner "$(cat "$work/led.runs")" [ "$(grep -c "run.sh $work/led.txt plain" "$work/led.runs")-$(ls "$PAPER_OUT/led/runs" | wc -l)" = 2-2 ]

# What make calls, and the official images of CIFAR-10-C where they are.
holds paper_make_knows_the_scales "table1 at full scale" grep -q 'paper.sh experiments/paper/table1-full.txt' <(env -u MAKEFLAGS make -n table1 SCALE=full 2> /dev/null)
holds paper_make_begins_small "table3" grep -q 'paper.sh experiments/paper/table3-small.txt' <(env -u MAKEFLAGS -u SCALE make -n table3 2> /dev/null)
env -u MAKEFLAGS make table2 SCALE=large > "$work/scale.log" 2>&1
holds paper_make_names_a_scale_that_is_none "status $?" grep -q 'SCALE=large: small, medium or full would be right' "$work/scale.log"
table official "run ready cfg/demo-teacher.cfg weights=cfg/demo-teacher.weights"$'\n'"evaluate corrupt -test 5"
printf '#!/bin/sh\necho "$*" >> %s\nwhile [ $# -gt 0 ]; do [ "$1" != -csv ] || echo nothing > "$2"; shift; done\n' "$work/asked" > "$work/asks" && chmod +x "$work/asks"
mkdir -p "$work/house/data/CIFAR-10-C" "$work/official"/{backup,cfg,logs,runs,measures} && ln -s "$PWD/experiments" "$PWD/cfg" "$work/house/"
sed -i '/^baseline/d' "$work/official.txt"
(cd "$work/house" && OUT=$work/official DARKNET_PROGRAM=$work/asks experiments/paper/run.sh "$work/official.txt" ready 1) > "$work/official.log" 2>&1
holds paper_takes_the_official_corruptions "$(tail -1 "$work/official.log")" grep -q '^lgg corrupt .* -test 5 .*-npy data/CIFAR-10-C' "$work/asked"
exit $failed
