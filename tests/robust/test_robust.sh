#!/bin/bash
# Nothing lost, nothing believed: trainings that are stopped, killed, starved of disk or fed rubbish, and what is left afterwards.
#
# usage: test_robust.sh DARKNET MAKE_IMAGES FOLDER [KILLS]     FOLDER is emptied; KILLS random moments of kill -9 (default 8)
set -u
darknet=$(realpath "$1") make_images=$(realpath "$2") folder=$3 kills=${4:-8}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/every_section.sh"
every_section "$darknet" "$make_images" "$folder"
failures=0

# check NAME COMMAND...: a test that passes if the command succeeds.
check() {
    local name=$1
    shift
    if "$@"; then echo "PASS $name"; else
        echo "FAIL $name: $*"
        failures=$((failures + 1))
    fi
}

# says FILE TEXT: whether the file has a line with that text.
says() { grep -qaF -- "$2" "$1"; }

# refuses TEXT COMMAND...: whether the command ends with a status other than 0 (and by no signal) and says TEXT.
refuses() {
    local text=$1 status
    shift
    "$@" > refused.log 2>&1
    status=$?
    [ $status -ne 0 ] && [ $status -lt 128 ] && says refused.log "$text"
}

# rows FILE: of a log, the header among them.
rows() { wc -l 2> /dev/null < "$1" || echo 0; }
# wait_for_rows FILE ROWS PID: as long as the process lives.
wait_for_rows() { while [ "$(rows "$1")" -lt "$2" ] && kill -0 "$3" 2> /dev/null; do :; done; }

train() { "$darknet" classifier train images/tiny.data "$@"; }
backups() { rm -rf images/backup; }

# met COMMAND...: runs it, which begins a training of all.cfg and sends it a signal, until the signal has met the training well before its
# last iteration, the 120th: on a fast machine it may be over by then. Twenty times at most.
met() {
    local attempt
    for ((attempt = 0; attempt < 20; ++attempt)); do
        backups
        rm -f log.csv
        "$@"
        if [ "$reached" -le 100 ]; then return; fi
    done
}
# send SIGNAL ROWS PID: when the log has so many rows; sets reached to how many it has after that.
send() {
    wait_for_rows log.csv "$2" "$3"
    kill -"$1" "$3" 2> /dev/null
    reached=$(rows log.csv)
}
whole() { [ "$(stat -c %s "$1")" = "$2" ]; }

mkdir small
"$make_images" small 16 2 4 || exit 1

### Repeating and resuming, every section of ours in the network
backups
train all.cfg > whole.out 2>&1
mv images/backup whole && mv log.csv whole.csv
train all.cfg > again.out 2>&1
check "a_seed_repeats_a_training_to_the_bit" cmp -s whole/all$final.weights images/backup/all$final.weights
check "the_log_of_a_repeated_training_is_the_same" cmp -s whole.csv log.csv
check "the_log_has_one_row_an_iteration" test "$(tail -n +2 log.csv | cut -d, -f1 | tr '\n' ' ')" = "$(seq -s ' ' 120) "
check "every_row_of_the_log_has_a_number_in_every_column" awk -F, '
    NR == 1 { n = NF; bad = n != 18 || !/^iteration,images,learning_rate,task_loss,label_variation_7,/ }
    NR > 1 { bad += NF != n; for (i = 1; i <= NF; ++i) bad += $i !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/ }
    END { exit bad != 0 }' log.csv

# With two threads it repeats, too, and goes on.
two() { OMP_NUM_THREADS=2 train two.cfg "$@" > two.out 2>&1 && mv images/backup/two$final.weights "$kept"; }
sed 's/max_batches=.*/max_batches=20/; s/^lgg_log=.*/lgg_log=two.csv/' all.cfg > two.cfg
backups; kept=two-whole; two
backups; kept=two-again; two
check "a_seed_repeats_a_training_of_two_threads_to_the_bit" eval '[ -s two-whole ] && cmp -s two-whole two-again'
backups; sed -i 's/max_batches=20/max_batches=10/' two.cfg; kept=two-half; two; sed -i 's/max_batches=10/max_batches=20/' two.cfg; kept=two-again; rm two-again; two images/backup/two.backup
check "and_goes_on_to_the_bit" eval 'says two.out "Going on at iteration 10 " && cmp -s two-whole two-again'

# stop_by SIGNAL [-clear]: sets status to what the training ended with.
stop_by() {
    # from a shell with job control, as a user's is: background jobs of a script ignore SIGINT
    bash -c 'set -m; "$@" > stopped.out 2>&1 & echo $! > pid.new; mv pid.new pid; wait $!; echo $? > status' - \
        "$darknet" classifier train images/tiny.data all.cfg ${2:-} 2> /dev/null &
    while [ ! -e pid ]; do :; done
    send "$1" 30 "$(cat pid)"
    wait
    rm pid
    status=$(cat status)
}
for signal in TERM INT HUP USR1; do
    if [ $signal = USR1 ]; then clear=-clear without=", without -clear"; else clear='' without=''; fi
    met stop_by $signal $clear
    check "SIG${signal}_saves_and_stops_with_its_status" test "$status" = $((128 + $(kill -l $signal)))
    check "SIG${signal}_says_how_to_go_on" grep -aq "To go on: the same command with images/backup/all.backup as its weights$without\$" stopped.out
    echo "130,1,2,3" >> log.csv # an iteration that the training it died with had done, and the backup has not
    train all.cfg images/backup/all.backup > resumed.out 2>&1
    check "after_SIG${signal}_the_resumed_training_equals_the_whole_one_to_the_bit" cmp -s whole/all$final.weights images/backup/all$final.weights
    check "after_SIG${signal}_the_momentum_equals_too" cmp -s whole/all.backup.state images/backup/all.backup.state
    check "after_SIG${signal}_the_log_is_appended_and_never_doubled" cmp -s whole.csv log.csv
done

# A scheduler sends SIGTERM to all processes of a job, and what started the training passes its own on.
stop_twice() {
    "$darknet" classifier train images/tiny.data all.cfg > stopped.out 2>&1 &
    send TERM 30 $!
    # the second when the first has arrived: as long as it waits, both are one
    while grep -q '^S[ih][gd]Pnd:.*[4-7c-f]...$' /proc/$!/status; do :; done 2> /dev/null
    kill -TERM $! 2> /dev/null
    wait $!
    status=$?
}
met stop_twice
check "SIGTERM_twice_at_once_means_one_and_saves" eval 'test $status = 143 && says stopped.out "To go on: the same command with images/backup/all.backup"'

# a reader of the output that goes away, as head does
unread() {
    train all.cfg 2> unread.out | head -n 40 > /dev/null # a pipe may hold all of what it prints
    status=${PIPESTATUS[0]}
    reached=$(rows log.csv)
}
met unread
check "an_output_that_nobody_reads_any_more_saves_and_stops" test "$status" = $((128 + $(kill -l PIPE)))
train all.cfg images/backup/all.backup > resumed.out 2>&1
check "and_the_resumed_training_equals_the_whole_one" cmp -s whole/all$final.weights images/backup/all$final.weights

# a connection that is gone, as one who watches the training in a browser leaves
watched() {
    "$darknet" classifier train images/tiny.data all.cfg > watched.out 2>&1 &
    send PIPE 5 $!
    wait $!
    status=$?
}
met watched
check "a_connection_that_is_gone_does_not_stop_a_training_whose_output_is_read" eval '[ $reached -le 100 ] && [ $status = 0 ] && cmp -s whole/all$final.weights images/backup/all$final.weights'

under_nohup() {
    (trap '' HUP; exec "$darknet" classifier train images/tiny.data all.cfg > nohup.out 2>&1) &
    send HUP 5 $!
    wait $!
    status=$?
}
met under_nohup
check "under_nohup_a_training_goes_on_after_SIGHUP" eval '[ $reached -le 100 ] && [ $status = 0 ] && cmp -s whole/all$final.weights images/backup/all$final.weights'

### Two at once
sed 's/max_batches=.*/max_batches=1000000/; s/^lgg_log=.*/lgg_log=endless.csv/' all.cfg > endless.cfg
"$darknet" classifier train images/tiny.data endless.cfg > endless.out 2>&1 &
first=$!
wait_for_rows endless.csv 3 $!
check "a_second_training_with_the_same_backup_is_refused_and_the_first_is_named" refuses "images/backup/endless.backup: another training saves there, process $first: wait" train endless.cfg
check "the_first_goes_on" kill -0 $first
sed 's/max_batches=.*/max_batches=2/; /^lgg_log/d' all.cfg > beside.cfg
check "another_training_in_the_same_folder_is_not_refused" eval 'train beside.cfg > beside.out 2>&1'
kill -KILL $first
wait $first 2> /dev/null
sed 's/max_batches=.*/max_batches=2/' endless.cfg > beside.cfg && mv beside.cfg endless.cfg
check "a_killed_training_leaves_no_lock" eval 'train endless.cfg > endless.out 2>&1'
check "a_training_that_has_ended_leaves_no_file_of_its_lock" eval '! ls images/backup/*.lock 2> /dev/null'
backups
cp whole.csv log.csv

train all.cfg > fresh.out 2>&1
check "a_fresh_training_keeps_the_log_of_the_one_before" cmp -s whole.csv log.csv.old

### Adversarial training
sed 's/max_batches=.*/max_batches=16/; s/^\[net\]/&\nadversarial=pgd\nadversarial_steps=2/; /^lgg_log/d' all.cfg > adversarial.cfg
train adversarial.cfg > adversarial.out 2>&1
mv images/backup/adversarial$final.weights adversarial-whole.weights && rm -f images/backup/adversarial*
sed 's/max_batches=16/max_batches=8/' adversarial.cfg > half.cfg && mv adversarial.cfg longer-adversarial.cfg && mv half.cfg adversarial.cfg
train adversarial.cfg > adversarial.out 2>&1
mv longer-adversarial.cfg adversarial.cfg
train adversarial.cfg images/backup/adversarial.backup > adversarial.out 2>&1
check "adversarial_training_goes_on_to_the_bit_with_every_section" eval 'says adversarial.out "Going on at iteration 8 " && cmp -s images/backup/adversarial$final.weights adversarial-whole.weights'
sed '/^adversarial/d; s/max_batches=.*/max_batches=16/' adversarial.cfg > plain.cfg
train plain.cfg > plain.out 2>&1
check "and_it_is_another_training_than_without" eval '[ -s images/backup/plain$final.weights ] && ! cmp -s images/backup/plain$final.weights adversarial-whole.weights'
sed '0,/^\[batchnorm\]/s//&\nstopbackward=1/; /^\[label_variation\]/,$d' adversarial.cfg > stopped.cfg
check "adversarial_training_without_a_gradient_of_the_images_is_refused" refuses "stops gradients (stopbackward or onlyforward), and those of the images are wanted" train stopped.cfg
backups

### Backups while a training goes on
# seen FILE: how many images its weights have seen.
seen() { od -An -tu8 -j12 -N8 "$1" 2> /dev/null | tr -d ' '; }
# backed_up_at DATA MOST LAST: kills a training of LAST iterations at its first backup, or after MOST without one; the backup's iteration.
# One that was over before the kill says nothing, and another begins, twenty at most.
backed_up_at() {
    local pid attempt at
    for ((attempt = 0; attempt < 20; ++attempt)); do
        rm -rf small/backup periodic.csv
        "$darknet" classifier train "$1" periodic.cfg > periodic.out 2>&1 &
        pid=$!
        while [ ! -f small/backup/periodic.backup ] && kill -0 $pid && [ "$(rows periodic.csv)" -le "$2" ]; do :; done
        kill -KILL $pid
        wait $pid
        at=0
        if [ -f small/backup/periodic.backup ]; then at=$(($(seen small/backup/periodic.backup) / 2)); fi
        [ $at = "$3" ] || break
    done
    echo $at
} 2> /dev/null
periodic() { sed "s/max_batches=.*/max_batches=$1/; s/^lgg_log=.*/lgg_log=periodic.csv/" quick.cfg > periodic.cfg; }
if [ -z "$final" ]; then # an epoch of 16 images, 2 at a time
    periodic 990
    at=$(backed_up_at small/tiny.data 900 990)
    check "an_epoch_ends_with_a_backup" eval '[ $at -gt 0 ] && [ $((at % 8)) = 0 ]'
fi
awk '{ list = list $0 "\n" } END { for (i = 0; i < 5000; ++i) printf "%s", list }' small/train.list > long.list # epochs of 40,000 iterations
sed 's|^train=.*|train=long.list|' small/tiny.data > long.data
periodic 1000000
at=$(backed_up_at long.data 4000 1000000)
check "every_thousand_iterations_there_is_a_backup" eval '[ $at -gt 0 ] && [ $((at % 1000)) = 0 ]'
rm -rf small/backup

### Killed at random moments
quick=("$darknet" classifier train small/tiny.data quick.cfg)
"${quick[@]}" > quick.out 2>&1
mv small/backup quick-whole && mv quick.csv quick-whole.csv
# Long enough for backups on the way.
iterations=$([ -z "$final" ] && echo 400 || echo 4000)
sed "s/max_batches=.*/max_batches=$iterations/; s/^lgg_log=.*/lgg_log=killed.csv/" quick.cfg > killed.cfg
killed=("$darknet" classifier train small/tiny.data killed.cfg)
"${killed[@]}" > killed.out 2>&1
mv small/backup killed-whole && mv killed.csv killed-whole.csv
size=$(stat -c %s killed-whole/killed$final.weights)
RANDOM=1
survived=0 left=0 hit=0
# A kill that comes when the training is over is none.
for ((i = 0; hit < kills && i < 20 * kills; ++i)); do
    from=() start=0
    if [ -f small/backup/killed.backup ]; then from=(small/backup/killed.backup) start=$(($(seen small/backup/killed.backup) / 2)); fi
    # by a random iteration, the first late enough for a backup before it, and some milliseconds
    rest=$((iterations > start ? iterations - start : 1)) # it may have been killed between its last backup and its weights
    at=$((hit ? start + RANDOM % rest : iterations / 2))
    "${killed[@]}" "${from[@]}" > killed.out 2>&1 &
    while kill -0 $! && { ! says killed.out " images" || [ "$(rows killed.csv)" -lt $at ]; }; do :; done
    sleep 0.00$((RANDOM % 10))
    kill -KILL $!
    wait $! 2> /dev/null
    if [ $? = 137 ]; then hit=$((hit + 1)); fi
    good=1
    for file in small/backup/*.weights small/backup/*.backup; do
        [ ! -f "$file" ] || whole "$file" "$size" || good=0
    done
    ! says killed.out "without its momentum" || good=0
    survived=$((survived + good))
    # what is over is over: begin again
    if [ -f small/backup/killed$final.weights ]; then rm -rf small/backup killed.csv*; elif [ -f small/backup/killed.backup ]; then left=$((left + 1)); fi
done 2> /dev/null
check "of_${kills}_kills_at_random_moments_every_one_leaves_whole_files" test $hit-$survived = "$kills-$i"
check "and_some_leave_a_backup_to_go_on_from" test $left -gt 0
from=()
if [ -f small/backup/killed.backup ]; then from=(small/backup/killed.backup); fi
"${killed[@]}" "${from[@]}" > killed.out 2>&1
check "after_the_kills_the_training_ends_as_if_there_had_been_none" cmp -s small/backup/killed$final.weights killed-whole/killed$final.weights
check "after_the_kills_the_log_is_the_same_too" cmp -s killed.csv killed-whole.csv

# a crash between the two renames of a backup
cp -r quick-whole between
mv between/quick.backup.state between/quick.backup.state.old
sed 's/max_batches=.*/max_batches=410/' quick.cfg > longer.cfg
"$darknet" classifier train small/tiny.data longer.cfg between/quick.backup > between.out 2>&1
check "a_crash_between_weights_and_state_loses_no_momentum" says between.out "Going on at iteration 400 with the momentum"

### A state file that does not fit
cp quick-whole/quick.backup.state between/quick.backup.state
printf 'damaged' | dd of=between/quick.backup.state bs=1 seek=200 conv=notrunc 2> /dev/null
rm -f between/quick.backup.state.old
"$darknet" classifier train small/tiny.data longer.cfg between/quick.backup > damaged.out 2>&1
check "a_damaged_state_is_said_and_not_used" says damaged.out "quick.backup.state is damaged: going on without its momentum"
cp quick-whole/quick.backup.state between/quick.backup.state
sed 's/max_batches=.*/max_batches=40/; /lgg_log/d' quick.cfg > short.cfg
"$darknet" classifier train small/tiny.data short.cfg > short.out 2>&1
cp "small/backup/short$final.weights" between/quick.backup
"$darknet" classifier train small/tiny.data longer.cfg between/quick.backup > other.out 2>&1
check "a_state_of_other_weights_is_said_and_not_used" says other.out "belongs to other weights: going on without its momentum"

### Other arithmetic
OMP_NUM_THREADS=2 "$darknet" classifier train small/tiny.data longer.cfg quick-whole/quick.backup > threads.out 2>&1
check "going_on_with_another_number_of_threads_is_said" grep -qaE "quick.backup was trained with 1 thread, .*, this is 2 threads, .*: the training goes on, but not to the same bits" threads.out
check "and_keeps_the_momentum" says threads.out "Going on at iteration 400 with the momentum"
# What no one has set: an old processor's kernels, which every newer one can run.
OPENBLAS_CORETYPE=Nehalem ONEDNN_MAX_CPU_ISA=SSE41 "$darknet" classifier train small/tiny.data longer.cfg quick-whole/quick.backup > kernels.out 2>&1
kernels_said() { grep -qaE "quick.backup was trained with 1 thread, .*$1.*, this is 1 thread, .*$2.*: the training goes on, but not to the same bits" kernels.out; }
if [ "$(uname -m)" != x86_64 ]; then
    echo "SKIPPED kernels of other processors: those of x86-64 are known here"
else
    if ! ldd "$darknet" | grep -q libopenblas; then echo "SKIPPED going_on_with_other_kernels_of_OpenBLAS_is_said: built without"; else check "going_on_with_other_kernels_of_OpenBLAS_is_said" kernels_said 'OpenBLAS ' 'OpenBLAS Nehalem'; fi
    if ! ldd "$darknet" | grep -q libdnnl; then echo "SKIPPED going_on_with_other_kernels_of_oneDNN_is_said: built without"; else check "going_on_with_other_kernels_of_oneDNN_is_said" kernels_said 'oneDNN ' 'oneDNN [0-9.]+ SSE41'; fi
fi
check "going_on_with_the_same_is_not" eval '! says between.out "was trained with"'

### No room, no right to write
rm -rf small/backup && mkdir small/backup && cp quick-whole/quick.backup* small/backup/
sed '/lgg_log/d' longer.cfg > nolog.cfg
cp small/backup/quick.backup small/backup/nolog.backup && cp small/backup/quick.backup small/backup/nolog.weights
cp -r small/backup before
full() { (ulimit -f 0; "$darknet" classifier train small/tiny.data nolog.cfg small/backup/quick.backup 2>&1) | cat > full.out; return "${PIPESTATUS[0]}"; }
full
check "a_full_disk_ends_a_training_with_a_status_other_than_0" test $? = 1
# the file that the host writes first
saved=small/backup/nolog.$([ -z "$final" ] && echo weights || echo backup)
check "a_full_disk_is_said_with_the_file_and_the_reason" says full.out "Cannot save $saved: File too large; the file there is the one before, whole"
check "a_full_disk_leaves_every_file_as_it_was" diff -rq before small/backup
check "training_to_an_output_that_is_full_does_not_end_with_0" refuses "Cannot write to the standard output: No space left on device" eval '"$darknet" classifier train small/tiny.data short.cfg > /dev/full'
rm -f small/backup/short*
mkdir small/backup/short.backup.state
check "a_training_whose_last_state_cannot_be_saved_does_not_end_with_0" refuses "Cannot save small/backup/short.backup.state: Is a directory" "$darknet" classifier train small/tiny.data short.cfg
check "but_saves_its_weights_and_leaves_nothing_unfinished" eval 'whole small/backup/short$final.weights $size && ! ls small/backup/*.tmp 2> /dev/null'
rm -rf small/backup/short*
# more than a stream buffers: the write that fails is one in the middle
sed 's/filters=.*/filters=64/; s/max_batches=.*/max_batches=2/' nolog.cfg > wide.cfg
(ulimit -f 0; "$darknet" classifier train small/tiny.data wide.cfg 2>&1) | cat > wide.out
check "a_full_disk_is_said_of_large_files_too" grep -qa "Cannot save small/backup/wide.*: File too large" wide.out
if mkdir -p tiny && mount -t tmpfs -o size=12k tmpfs tiny 2> /dev/null; then
    sed "s|^backup=.*|backup=tiny|" small/tiny.data > tiny.data
    cp before/nolog.backup before/nolog.weights tiny/ && cp tiny/nolog.backup kept
    trap 'umount "$PWD/tiny"' EXIT
    dd if=/dev/zero of=tiny/filler bs=1k 2> /dev/null
    "$darknet" classifier train tiny.data nolog.cfg small/backup/quick.backup > tmpfs.out 2>&1
    status=$?
    check "a_file_system_without_room_keeps_the_files_it_has" eval '[ $status = 1 ] && says tmpfs.out "No space left on device" && cmp -s kept tiny/nolog.backup'
    trap - EXIT
    umount tiny
else
    echo "SKIPPED a_file_system_without_room_keeps_the_files_it_has: no right to mount a tmpfs here"
fi

### Commands of ours
valid_data() { sed "s|^valid=.*|valid=$1|" small/tiny.data; }
valid_data small/train.list > lgg.data
yes "$(cat small/train.list)" | head -n 64000 > endless.list
valid_data endless.list > endless.data
lgg() { "$darknet" lgg "$@"; }
check "a_command_whose_output_is_full_does_not_end_with_0" refuses "Cannot write to the standard output: No space left on device" eval 'lgg eval lgg.data quick.cfg quick-whole/quick$final.weights > /dev/full'
check "with_room_for_it_it_does" eval 'lgg eval lgg.data quick.cfg quick-whole/quick$final.weights > lgg.out 2> lgg.err'
limited() { (ulimit -f 0; lgg eval lgg.data quick.cfg quick-whole/quick$final.weights -csv limit.csv 2>&1) | cat > limit.out; return "${PIPESTATUS[0]}"; }
limited
status=$?
check "a_limit_on_the_size_of_files_is_said_by_a_command" eval 'test $status = 1 && says limit.out "cannot write limit.csv: File too large"'
check "and_leaves_nothing_unfinished" eval '! ls limit.csv* 2> /dev/null'
for signal in PIPE USR1; do
    # with an output that nobody reads: without that SIGPIPE is another connection's
    "$darknet" lgg attack endless.data quick.cfg quick-whole/quick$final.weights -epsilon .1 -save attacked 2> attack.out > >(exec true) &
    while ! ls attacked/images.list*.tmp > /dev/null 2>&1 && kill -0 $!; do sleep .05; done
    kill -$signal $!
    wait $! 2> /dev/null
    status=$?
    check "a_command_that_SIG${signal}_ends_leaves_nothing_unfinished" eval 'test $status = $((128 + $(kill -l $signal))) && ! ls attacked/images.list* 2> /dev/null'
    rm -rf attacked
done

unprivileged() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi; }
readonly_folder=$(mktemp -d) && chmod 755 "$readonly_folder"
trap 'chmod -R u+w "$readonly_folder" && rm -rf "$readonly_folder"' EXIT
cp -r small "$darknet" nolog.cfg "$readonly_folder"/ && chmod -R a+rX "$readonly_folder"
(cd "$readonly_folder" && sed -i "s|small/||" small/train.list && sed -i "s|^|small/|" small/train.list && chmod -R a+rX,a-w small)
(cd "$readonly_folder" && unprivileged ./darknet classifier train small/tiny.data nolog.cfg) > readonly.out 2>&1
check "a_folder_that_cannot_be_written_ends_a_training_before_it_starts" test $? = 1
check "and_is_said" says readonly.out "Cannot save to small/backup/nolog.backup: Permission denied"
chmod -R u+w "$readonly_folder" && rm -rf "$readonly_folder"
trap - EXIT

### Weights files
weights=quick-whole/quick$final.weights
# 20 bytes of header; layer 0: 4 arrays of 4 and 108 weights, to 516; layer 1: 2 biases and 128 weights, to 1036
check "the_tests_know_the_file" whole $weights 1036
valid() { "$darknet" classifier valid small/tiny.data quick.cfg "$1"; }
start_from() { "$darknet" classifier train small/tiny.data longer.cfg "$1"; }
head -c 300 $weights > inside.weights
check "weights_that_end_inside_a_layer_are_refused" refuses "inside.weights: ends inside layer 0 [convolutional]: the layer would end at byte 516, the file has 300" valid inside.weights
check "and_in_training_too" refuses "ends inside layer 0 [convolutional]" start_from inside.weights
{ cat $weights; printf 'more'; } > long.weights
check "weights_that_are_too_long_are_refused" refuses "long.weights: is 4 bytes too long: the network's weights take 1036 bytes, the file has 1040" valid long.weights
head -c 516 $weights > part.weights
check "weights_of_some_layers_are_refused_where_nothing_is_trained" refuses "part.weights: ends after layer 0 [convolutional]: only a training can start" valid part.weights
"$darknet" classifier train small/tiny.data longer.cfg part.weights > part.out 2>&1
check "a_training_starts_from_weights_of_some_layers_and_says_how_far_they_go" says part.out "part.weights ends after layer 0 [convolutional]: the layers after it start from new weights"
: > empty.weights
check "empty_weights_are_refused" refuses "empty.weights: is no file of weights" valid empty.weights
head -c 20 $weights > header.weights
check "weights_that_are_a_header_alone_are_refused" refuses "header.weights: ends inside layer 0" start_from header.weights
check "weights_that_are_missing_are_refused" refuses "missing.weights: cannot be opened: No such file or directory" valid missing.weights
# its major version marks the oldest kind, and the images are counted in four bytes
{ printf '\350\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0'; tail -c +21 $weights; } > oldest.weights
said_of() { valid "$1" 2> /dev/null | grep -v ' seen '; }
check "weights_of_the_oldest_kind_are_read_as_any_others" eval '[ -n "$(said_of oldest.weights)" ] && diff <(said_of oldest.weights) <(said_of $weights)'
{ head -c 100 $weights; printf '\377\377\377\377'; tail -c +105 $weights; } > nan.weights
check "weights_with_NaN_are_no_beginning" refuses "nan.weights" start_from nan.weights
check "and_are_never_called_good" eval '! says refused.log "good"'
check "weights_that_are_a_folder_are_refused" refuses "small: is no file of weights" valid small
train() { "$darknet" classifier train small/tiny.data "$@"; }
train batchnorm.cfg > batchnorm.out 2>&1
# 20 bytes, layer 0: 448, layer 1: 4 arrays of 4 floats, the biases first, which stock Darknet leaves out
{ head -c 468 small/backup/batchnorm$final.weights; tail -c +485 small/backup/batchnorm$final.weights; } > stock.weights
check "weights_of_stock_darknet_without_batchnorm_biases_load" eval '"$darknet" classifier valid small/tiny.data batchnorm.cfg stock.weights > /dev/null 2>&1'
head -c 516 stock.weights > stock-part.weights
check "and_of_some_of_its_layers" eval 'train batchnorm.cfg stock-part.weights 2>&1 | grep -q "ends after layer 1 .batchnorm.:"'

### Lists and labels
data() { sed "s|^$1=.*|$1=$2|" small/tiny.data > lists.data; "$darknet" classifier train lists.data short.cfg; }
sed '1s/$/\n/' small/labels.list > gap.list
check "an_empty_label_is_refused" refuses "gap.list: line 2 is empty: each line is a class" data labels gap.list
{ printf '\357\273\277'; cat small/labels.list; } > marked.list
check "a_byte_order_mark_is_refused" refuses "marked.list: begins with a byte order mark" data labels marked.list
{ printf '\357\273\277'; cat small/tiny.data; } > marked.data
check "a_byte_order_mark_of_a_data_file_too" refuses "marked.data: begins with a byte order mark, which is no part of an option" "$darknet" classifier train marked.data short.cfg
sed '3s/$/\n/' small/train.list > gap.list
check "an_empty_line_of_a_training_list_is_refused" refuses "gap.list: line 4 is empty: each line is an image" data train gap.list
: > none.list
check "an_empty_training_list_is_refused" refuses "none.list: no images in it" data train none.list
sed 's/class/klass/g' small/train.list > unnamed.list
check "images_that_no_label_names_are_refused" refuses "unnamed.list: none of 16 images has a class in its name" data train unnamed.list
sed '1,3s/class/klass/' small/train.list > partly.list
check "some_that_none_names_are_counted" eval 'data train partly.list 2>&1 | grep -q "partly.list: warning: 3 of 16 images have no class in their names, such as .*klass.*: they are trained as of none"'
check "none_are_not" eval '! data train small/train.list 2>&1 | grep -q "no class in their names"'
sed '2s/$/ /' small/labels.list > blank.list
check "a_label_with_a_blank_at_its_end_is_refused" refuses "blank.list: line 2, 'class1 ': begins or ends with a blank" data labels blank.list
{ head -1 small/labels.list; cat small/labels.list; } > twice.list
check "a_label_given_twice_is_refused" refuses "twice.list: lines 1 and 2 are the same label, 'class0'" data labels twice.list
check "classes_that_are_no_number_are_refused" refuses "lists.data: classes=two: must be a whole number, 1 or more" data classes two
{ cat small/labels.list; echo class2; } > three.list
sed '/^classes=/d; s|^labels=.*|labels=three.list|' small/tiny.data > unsaid.data
check "classes_that_are_not_said_are_refused_unless_there_are_two" refuses "unsaid.data: has no classes=, which Darknet takes for 2; three.list has 3 labels" "$darknet" classifier train unsaid.data short.cfg
check "a_command_without_a_cfg_file_says_its_usage" refuses "classifier train data.cfg net.cfg [weights]" "$darknet" classifier train small/tiny.data
check "a_classifier_is_no_detector" refuses "This network finds no boxes" "$darknet" detector train small/tiny.data short.cfg
printf 'iteration,images\n1,64\n' | tee kept.csv > before.csv
sed 's/^\[net\]/&\nlgg_log=kept.csv/; /^lgg_log=quick/d' short.cfg > kept.cfg
check "what_refuses_a_training_leaves_the_log_of_another_alone" eval 'refuses "This network finds no boxes" "$darknet" detector train small/tiny.data kept.cfg && cmp -s kept.csv before.csv && [ ! -e kept.csv.old ]'

### Cfg files
sed 's/\[connected\]/[conected]/' quick.cfg > section.cfg
check "an_unknown_section_is_refused_with_the_nearest_name" refuses "section.cfg: section 1 [conected]: there is no such section type: did you mean [connected]?" train section.cfg
sed 's/\[softmax\]/[labelvariation]/' quick.cfg > ours.cfg
check "a_misspelt_section_of_ours_is_refused_with_its_name" refuses "did you mean [label_variation]?" train ours.cfg
sed 's/\[softmax\]/[xyzzy]/' quick.cfg > far.cfg
check "an_unknown_section_far_from_any_name_is_refused" refuses "section 2 [xyzzy]: there is no such section type" train far.cfg
sed 's/^pad_crop=1/pad_corp=1/' quick.cfg > option.cfg
check "a_misspelt_option_of_ours_is_refused_with_its_name" refuses "unknown option 'pad_corp=1': did you mean 'pad_crop'?" train option.cfg
sed 's/^seed=.*/seed=/' quick.cfg > novalue.cfg
check "an_option_of_ours_without_a_value_is_refused" refuses "seed= has no value" train novalue.cfg
sed 's/^seed=.*/seed=1\nseed=2/' quick.cfg > twice.cfg
check "an_option_of_ours_given_twice_is_refused" refuses "[net]: seed=2: given twice; keep one of them" train twice.cfg
{ echo "batch=4"; cat quick.cfg; } > before.cfg
check "an_option_before_the_first_section_is_refused" refuses "before.cfg: line 1: stands before the first section; the file must begin with [net]" train before.cfg
printf '# a network without a section\n\n' > nothing.cfg
check "a_file_without_a_section_is_refused" refuses "nothing.cfg: no section; a network begins with [net]" train nothing.cfg
sed -n '/^\[convolutional\]/,$p' quick.cfg > headless.cfg
check "a_file_without_net_first_is_refused" refuses "headless.cfg: begins with [convolutional]; a network begins with [net]" train headless.cfg
sed '/^\[convolutional\]/,$d' quick.cfg > netonly.cfg
check "a_file_of_net_alone_is_refused" refuses "netonly.cfg: no section after [net]; a network has a section for each layer" train netonly.cfg
{ sed 1q quick.cfg; printf '\0rubbish\n'; sed 1d quick.cfg; } > nul.cfg
check "a_line_that_begins_with_a_NUL_is_passed_over" eval 'diff <("$darknet" classifier valid small/tiny.data nul.cfg $weights 2> /dev/null) <(valid $weights 2> /dev/null)'
if command -v valgrind > /dev/null; then
    printf '\0\n[xyzzy]\n' > nul-first.cfg
    valgrind "$darknet" classifier train small/tiny.data nul-first.cfg > nul.log 2>&1
    check "and_nothing_is_read_before_its_memory" eval 'says nul.log "nul-first.cfg: " && says nul.log "ERROR SUMMARY:" && ! says nul.log "Invalid read"'
else
    echo "SKIPPED and_nothing_is_read_before_its_memory: no valgrind"
fi
sed 's/$/\r/' quick.cfg > windows.cfg
check "a_file_with_the_line_ends_of_Windows_is_read_as_any_other" eval 'diff <("$darknet" classifier valid small/tiny.data windows.cfg $weights 2> /dev/null) <(valid $weights 2> /dev/null)'
sed 's/^pad_crop=1/pad_crop=0/; s/^height=4/height=6/; s/^width=4/width=6/' quick.cfg > large.cfg
check "images_too_small_to_crop_are_refused_by_name" refuses ".png is 4x4, too small to crop 6x6" train large.cfg
check "and_by_one_line_though_several_threads_load" test "$(grep -acE 'class[0-9]+\.png is 4x4, too small' refused.log)" = 1
sed 's|^lgg_log=.*|lgg_log=nowhere/log.csv|' quick.cfg > log.cfg
check "a_log_that_cannot_be_written_is_refused" refuses "lgg_log=nowhere/log.csv: cannot be written: No such file or directory" train log.cfg

sed 's/^max_batches=.*/max_batches=-5/' quick.cfg > negative.cfg
check "a_negative_number_of_iterations_is_refused" refuses "max_batches=-5: must be a whole number, 1 or more, or 0 for a training without an end" train negative.cfg
sed '/^max_batches/d; s/^momentum/policy=poly\n&/' quick.cfg > poly.cfg
check "a_policy_that_needs_their_number_does" refuses "policy=poly needs max_batches: the learning rate falls to 0 by then" train poly.cfg
if [ "$HOST" = alexeyab ]; then
    sed 's/=poly/=sgdr/' poly.cfg > sgdr.cfg
    check "so_does_one_whose_cycles_end_with_it" refuses "policy=sgdr needs max_batches, or sgdr_cycle" timeout -s KILL 60 "$darknet" classifier train small/tiny.data sgdr.cfg
fi
sed 's/^batch=.*/batch=4\nadversarial=fgsm/; s/^\[softmax\]/[label_variation]\nclasses=2/' quick.cfg > no-task.cfg
check "adversarial_training_without_a_loss_of_the_task_is_refused" refuses "[net]: adversarial: the network has no loss of its own" train no-task.cfg
sed 's/^batch=.*/&\ntime_steps=2\nadversarial=fgsm/' quick.cfg > sequence.cfg
check "and_of_a_sequence_of_images" refuses "[net]: adversarial: time_steps: adversarial training is for" train sequence.cfg
train short.cfg > short.out 2>&1; cp small/backup/short.backup alone.backup
check "momentum_that_is_gone_is_said" eval 'train short.cfg alone.backup 2>&1 | grep -q "alone.backup.state is not there: going on without its momentum"'
for i in 1 2 3; do sed "s/^max_batches=.*/max_batches=$i\nlgg_log=many.csv/" short.cfg > many.cfg; train many.cfg > many.out 2>&1; done
check "no_log_of_a_training_is_lost" test "$(wc -l < many.csv.old)-$(wc -l < many.csv.old.2)-$(wc -l < many.csv)" = 2-3-4

sed 's/^output=.*/output=1/' quick.cfg > narrow.cfg
check "a_network_narrower_than_the_classes_is_not_trained" refuses "small/tiny.data: classes=2, but the labels of this network are 1 wide" train narrow.cfg
sed 's/^output=.*/output=3/' quick.cfg > wide.cfg
check "nor_is_a_wider_one_whose_labels_would_be_read_across_images" refuses "small/tiny.data: classes=2, but the labels of this network are 3 wide" train wide.cfg

{ sed 's/^batch=.*/batch=1000000/' quick.cfg; printf '\n[rkd]\nlayers=1\nteacher_layers=1\nteacher_cfg=quick.cfg\nteacher_weights=%s\n' $weights; } > huge.cfg
check "a_batch_whose_graphs_fit_no_memory_is_refused_before_its_images_are_loaded" refuses "the graphs of batch=1000000 samples need" timeout -s KILL 60 "$darknet" classifier train small/tiny.data huge.cfg

if [ "$HOST" = alexeyab ]; then
    sed 's/^filters=.*/&\nxnor=1/; s/^max_batches=.*/max_batches=2/; /^lgg_log/d' quick.cfg > binary.cfg
    train binary.cfg > binary.out 2>&1
    "$darknet" classifier valid small/tiny.data binary.cfg small/backup/binary$final.weights > binary.out 2>&1
    check "binary_convolutions_are_judged_by_the_validation_that_packs_their_bits" eval 'says binary.out "TOP calculation" && says binary.out ": top 1: "'
fi

image=$(head -1 small/train.list)
sed '/^top=/d' small/tiny.data > top.data && echo 'top=9' >> top.data
check "of_a_picture_no_more_classes_are_named_than_there_are" eval '"$darknet" classifier predict top.data quick.cfg $weights "$image" > top.out 2> top.err && [ "$(grep -cE "(^|: )class[01]" top.out)" = 2 ]'
{ sed -e '/^\[softmax\]/,$d' -e 's/^output=.*/output=1/; s/^max_batches=.*/max_batches=1/; s/^batch=.*/batch=8/; /^subdivisions=/d' quick.cfg; printf '[label_variation]\nclasses=2\nsimilarity=rbf\n'; } > one.cfg
train one.cfg > one.out 2>&1
check "a_picture_is_judged_by_no_network_with_too_few_outputs" refuses "classes=2, but this network has 1 outputs" "$darknet" classifier predict small/tiny.data one.cfg small/backup/one$final.weights "$image"
if [ "$HOST" = pjreddie ]; then
    for section in '[yolo]\nmask=0,1\nnum=2\nclasses=3' '[region]\nnum=2\nclasses=3\ncoords=4'; do
        { sed '/^\[connected\]/,$d' quick.cfg; printf "$section\n"; } > filters.cfg
        check "${section%%\\*}_names_the_filters_that_it_needs" refuses "layer 1 ${section%%\\*}: the layer before it has filters=4; as many as its anchors (mask, num), coords and classes need are filters=16" train filters.cfg
    done
fi

### Losses that are no numbers
sed '/^seed/d; s/learning_rate=.*/learning_rate=1e30/; s/max_batches=.*/max_batches=410/' nolog.cfg > nan.cfg
cp quick-whole/quick.backup nan-start.backup
rm -f small/backup/nan*
check "a_loss_that_is_no_number_ends_the_training" refuses "the last good weights are nan-start.backup (iteration 0)" train nan.cfg nan-start.backup -clear
check "and_names_iteration_and_layer" grep -qaE "Training stops at iteration [0-9]+: the (loss of layer 2 \[softmax\] is no finite number \(the first output with such values is that of layer [0-9]+ |[a-z ]+ of layer [0-9]+ \[[a-z]+\] are no longer finite)" refused.log
sed 's/learning_rate=1e30/learning_rate=0/; s/^batch=.*/batch=4/' nan.cfg > nan-term.cfg
printf '\n[label_variation]\npower=900\nnormalize=1\nclasses=%s\n' "$(sed -n 's/^classes=//p' small/tiny.data)" >> nan-term.cfg
check "a_term_that_is_no_number_is_named_as_in_the_cfg" refuses "[label_variation] is no finite number" train nan-term.cfg
check "and_saves_nothing_of_it" eval '! ls small/backup/nan* 2> /dev/null'

# A loss without an end, of outputs that have one: [cost] squares them. The weights stay as they are.
if [ "$HOST" = alexeyab ]; then
    sed '/^max_batches/d; /^momentum/d; /^decay/d; s/^learning_rate=.*/learning_rate=1e22\nmomentum=0\ndecay=0\nmax_batches=1/; s/^\[softmax\]/[cost]/; s/^filters=.*/&\nstopbackward=1/' nolog.cfg > large-weights.cfg
    train large-weights.cfg > large.out 2>&1
    sed 's/^learning_rate=.*/learning_rate=0\ntry_fix_nan=1/; s/^max_batches=.*/max_batches=5/' large-weights.cfg > repaired.cfg
    large="train repaired.cfg small/backup/large-weights$final.weights -clear"
    check "losses_that_the_host_is_to_repair_do_not_end_a_training" eval "$large > repaired.out 2>&1"
    check "and_are_warned_of_once" test "$(grep -c 'is no finite number; Darknet repairs that' repaired.out)" = 1
    sed -i 's/^max_batches=.*/max_batches=20/' repaired.cfg
    check "but_ten_in_a_row_do" refuses "Training stops at iteration 10: the loss of layer 2 [cost] is no finite number" $large
    sed -i '/^try_fix_nan/d' repaired.cfg
    check "and_one_where_nothing_is_repaired" refuses "Training stops at iteration 1: the loss of layer 2 [cost] is no finite number" $large
fi

exit $((failures != 0))
