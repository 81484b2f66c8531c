#!/bin/bash
# The recipe of [net] in trainings of a detector: on sixteen generated images with a box each. And weights files with long names.
#
# usage: detector.sh DARKNET HOST WORK
set -u

darknet=$(realpath "$1") host=$2 work=$3
failures=0
rm -rf "$work" && mkdir -p "$work" && work=$(realpath "$work") || exit 1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
dont_show=
if [ "$host" = alexeyab ]; then dont_show=-dont_show; fi

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failures=$((failures + 1)); }

# boxes: the images, their boxes, and what trainings read of them.
# Called .jpg, of which both hosts find the boxes; what they are, the reader sees.
boxes() {
    : > "$work/list"
    for i in $(seq 16); do
        { printf 'P6 40 40 255\n'; head -c 4800 < <(yes "$((i * i * 997)) $i"); } > "$work/$i.jpg"
        printf '%s .3 .5 .4 .4\n' $((i % 2)) > "$work/$i.txt"
        echo "$work/$i.jpg" >> "$work/list"
    done
    printf 'a\nb\n' > "$work/names"
}

# data FOLDER: the data file of trainings that save in FOLDER.
data() {
    mkdir -p "$1"
    printf '%s\n' classes=2 "train=$work/list" "valid=$work/list" "names=$work/names" "labels=$work/names" "backup=$1" > "$1/data"
}

# cfg FILE OPTIONS...: a small detector with these options in [net].
cfg() {
    local file=$1
    shift
    { printf '[net]\nwidth=32\nheight=32\nchannels=3\nbatch=8\nsubdivisions=2\nlearning_rate=0.001\nmomentum=0.9\npolicy=constant\n'
      printf 'saturation=1.5\nexposure=1.5\nhue=.1\n'
      printf '%s\n' "$@"
      printf '[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=8\npad=1\nactivation=leaky\n'
      printf '[convolutional]\nfilters=14\nsize=1\nactivation=linear\n'
      printf '[yolo]\nmask=0,1\nanchors=10,10,30,30\nclasses=2\nnum=2\njitter=.2\nignore_thresh=.7\ntruth_thresh=1\nrandom=0\n'
      printf '[convolutional]\nfilters=14\nsize=1\nactivation=linear\n'
      printf '[yolo]\nmask=0,1\nanchors=10,10,30,30\nclasses=2\nnum=2\njitter=.2\nignore_thresh=.7\ntruth_thresh=1\nrandom=0\n'
    } > "$file"
}

# train FOLDER CFG [WEIGHTS]: its output in FOLDER/log.
train() {
    local folder=$1
    data "$folder"
    shift
    (cd "$folder" && "$darknet" detector train "$folder/data" "$@" $dont_show > "$folder/log" 2>&1)
}

# final NAME OPTIONS...: trains NAME with these options and leaves its weights in NAME/d_final.weights.
final() {
    local name=$1
    shift
    mkdir -p "$work/$name"
    cfg "$work/$name/d.cfg" "$@"
    train "$work/$name" "$work/$name/d.cfg" && [ -f "$work/$name/d_final.weights" ] || fail "training $name" "$(tail -1 "$work/$name/log")"
}

# same NAME NAME: whether both trainings ended with the same weights.
same() { cmp -s "$work/$1/d_final.weights" "$work/$2/d_final.weights"; }

seed_repeats() {
    local name="a detector's training repeats to the bit with seed"
    final one max_batches=8 seed=3 shuffle=1
    final two max_batches=8 seed=3 shuffle=1
    final other max_batches=8 seed=4 shuffle=1
    if ! same one two; then fail "$name" "two trainings differ"
    elif same one other; then fail "$name" "another seed gives the same"
    else pass "$name"; fi
}

options_reach_the_loader() {
    final drawn max_batches=8 seed=3
    final unflipped max_batches=8 seed=3 shuffle=1 flip=0
    for option in shuffle:drawn flip:unflipped; do
        local name="${option%:*} reaches a detector's loader"
        if ! same one two; then fail "$name" "nothing repeats"
        elif same one "${option#*:}"; then fail "$name" "it changes nothing"
        else pass "$name"; fi
    done
}

going_on() {
    local name="a detector's training that was stopped goes on to the same bits"
    final half max_batches=4 seed=3 shuffle=1
    mkdir -p "$work/whole" && cp "$work/half/d.backup" "$work/half/d.backup.state" "$work/whole/"
    cp "$work/one/d.cfg" "$work/whole/"
    train "$work/whole" "$work/whole/d.cfg" "$work/whole/d.backup"
    if same one whole; then pass "$name"; else fail "$name" "$(tail -1 "$work/whole/log")"; fi
}

pad_crop_is_said() {
    local name="a detector says that pad_crop is not for it"
    final padded max_batches=1 seed=3 pad_crop=4
    if [ "$(grep -ac 'pad_crop=4 is for classifiers' "$work/padded/log")" = 1 ]; then pass "$name"; else fail "$name" "no line says so"; fi
}

# What this host alone has.
order_of_its_own_is_said() {
    local name="a detector says that shuffle does not reach images drawn as a track"
    final track max_batches=1 seed=3 shuffle=1 track=1
    if [ "$(grep -ac 'track=1 draws images in an order of its own, and shuffle=1 does not' "$work/track/log")" = 1 ]; then pass "$name"
    else fail "$name" "$(tail -1 "$work/track/log")"; fi
}

# long_names: backup folders and .cfg files with names as long as the system takes.
long_names() {
    local long folder base name="weights are saved under long names" mode
    long=$(printf '%0120d' 0)
    folder=$work/$long/$long/$long base=$(printf 'b%0200d' 0)
    mkdir -p "$folder"
    cfg "$folder/$base.cfg" max_batches=1 seed=3
    printf '[net]\nwidth=32\nheight=32\nchannels=3\nbatch=8\nmax_batches=1\nlearning_rate=.1\n[convolutional]\nfilters=2\nsize=1\nactivation=linear\n[avgpool]\n[softmax]\n' \
        > "$folder/c$base.cfg"
    for i in $(seq 16); do cp "$work/$i.jpg" "$folder/${i}_a.jpg"; echo "$folder/${i}_a.jpg"; done > "$folder/list"
    data "$folder"
    sed "s|^train=.*|train=$folder/list|" "$folder/data" > "$folder/class.data"
    if (cd "$folder" && "$darknet" detector train "$folder/data" "$folder/$base.cfg" $dont_show > "$work/log" 2>&1 &&
        "$darknet" classifier train "$folder/class.data" "$folder/c$base.cfg" $dont_show >> "$work/log" 2>&1) &&
        [ -f "$folder/${base}_final.weights" ] && ls "$folder/c$base"*.weights > /dev/null 2>&1; then pass "$name"
    else fail "$name" "$(tail -1 "$work/log")"; fi

    name="a detector without max_batches, which would train nothing, is refused"
    cfg "$work/endless.cfg" max_batches=0
    if train "$work/one" "$work/endless.cfg"; then fail "$name" "it trained"
    elif grep -aq 'max_batches=0: a detector is trained until max_batches' "$work/one/log"; then pass "$name"
    else fail "$name" "$(tail -1 "$work/one/log")"; fi

    name="a name too long for its weights is refused before training"
    base=$(printf '%0240d' 0)
    cp "$work/one/d.cfg" "$work/$base.cfg"
    if train "$work/one" "$work/$base.cfg"; then fail "$name" "it trained"
    elif grep -aq 'its name must have' "$work/one/log"; then pass "$name"
    else fail "$name" "$(tail -1 "$work/one/log")"; fi
}

# A label that is no box, or of no class of the network, ends the training with its file. AlexeyAB/darknet has lines of its own for that.
wrong_boxes() {
    local name line text
    for line in 'two .3 .5 .4 .4:should be class x y w h' '0 .3 .5 .4:should be class x y w h' '2 .3 .5 .4 .4:there is no class 2: this network has 2, 0 to 1' '-1 .3 .5 .4 .4:there is no class -1'; do
        text=${line#*:} line=${line%%:*}
        name="a label '$line' is refused"
        mkdir -p "$work/wrong" && cp "$work/one/d.cfg" "$work/wrong/d.cfg"
        echo "$line" >> "$work/9.txt"
        if train "$work/wrong" "$work/wrong/d.cfg"; then fail "$name" "it trained"
        elif grep -aq "9.txt: .*$text" "$work/wrong/log"; then pass "$name"
        else fail "$name" "$(tail -1 "$work/wrong/log")"; fi
        sed -i '$d' "$work/9.txt"
    done
}

boxes
seed_repeats
options_reach_the_loader
going_on
pad_crop_is_said
if [ "$host" = alexeyab ]; then order_of_its_own_is_said; fi
if [ "$host" = pjreddie ]; then wrong_boxes; fi
long_names
[ $failures -eq 0 ]
