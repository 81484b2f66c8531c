#!/bin/bash
# What a user meets seldom, and would take for an answer were it wrong: trees of classes, lists that name an image twice, classes without images,
# options that change nothing (which get a line: a loop may give them to all classifiers), files of another run that would be mixed with one's own.
#
# usage: test_details.sh DARKNET FOLDER   (after test_commands.sh, whose images and lists it takes)
set -u
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
darknet=$(realpath "$1") folder=$(realpath "$2")
failed=0
cd "$folder" || exit 1
rm -rf details && mkdir details || exit 1
net="linear.cfg linear.weights"

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failed=1; }
run() { "$darknet" lgg "$@" > details/said 2> details/err; }
# verdict NAME STATUS…: of the command before it
verdict() { if [ "$2" = 0 ]; then pass "$1"; else fail "$1" "$(tail -1 details/err) $(tail -1 details/said)"; fi; }
# fails NAME TEXT COMMAND…: the command exits non-zero and its last line says TEXT.
fails() {
    local name=$1 text=$2
    shift 2
    if run "$@"; then fail "$name" "it succeeded"; return; fi
    tail -1 details/err | grep -qF -- "$text"
    verdict "$name" $?
}
# floats COUNT VALUE: little-endian, 0 or 1
floats() { local i; for ((i = 0; i < $1; ++i)); do if [ "$2" = 1 ]; then printf '\0\0\200\77'; else printf '\0\0\0\0'; fi; done; }

# --- a tree of classes: red is the only kind of warm, blue of cold, so that each is certain where its kind is
printf 'warm -1\ncold -1\nred 0\nblue 1\n' > details/tree
printf 'warm\ncold\nred\nblue\n' > details/names
printf 'classes=4\nvalid=train.list\nlabels=details/names\n' > details/tree.data
printf '[net]\nwidth=4\nheight=4\nchannels=3\n[connected]\noutput=4\nactivation=linear\n[softmax]\ntree=details/tree\n' > details/tree.cfg
{ floats 4 0; floats 4 0; floats 16 1; floats 32 0; floats 32 0; floats 16 1; floats 96 0; } > details/tree.weights
tree="details/tree.data details/tree.cfg details/tree.weights"
# the last line of its words is that of the last image
error() { sed -n 's/^argmax.*\|^arg max.* \([0-9.]*\)$/\1/p' details/said; }
"$darknet" classifier valid $tree 2> details/err | tail -1 > details/host
grep -q 'top 1: 1\.0\|, 1\.0' details/host; verdict "the host's own validation of a tree of classes" $?
run eval $tree; [ "$(error)" = 0.00 ]; verdict "eval walks a tree of classes as the host does" $?
run stress $tree -snr 100 -draws 1 -csv details/stress.csv; [ "$(cut -d, -f1,5 details/stress.csv | tr '\n' ' ')" = "stress,mean clean,0.0000 snr,0.0000 " ]
verdict "so does stress" $?
run eval $tree -teacher details/tree.cfg,details/tree.weights; grep -q '^arg max  *100.00 ' details/said && grep -q 'error 0.00 %' details/said
verdict "so does a teacher" $?
printf 'leaves=details/names\n' >> details/tree.data
run eval $tree; grep -q 'leaves=details/names, which' details/err; verdict "leaves= that are not read get a line" $?

# --- a list that names an image twice
for i in 1 1 2 3 1 4 5; do echo "images/${i}_red.ppm"; done > details/twice.list
run nearest two.data $net images/1_red.ppm -list details/twice.list -layer input -k 4 -csv details/twice.csv
[ "$(cut -d, -f6 details/twice.csv | sed 1d | sort | tr '\n' ' ')" = "images/2_red.ppm images/3_red.ppm images/4_red.ppm images/5_red.ppm " ]
verdict "nearest finds k others of an image that the list has three times" $?

# --- classes without images
grep red train.list > details/red.list; printf 'classes=2\nvalid=details/red.list\nlabels=labels.txt\n' > details/red.data
run eval details/red.data $net -by argmax -confusion -csv details/red.csv
grep -q '^blue  *-' details/said && grep -q ',blue,0,0,,' details/red.csv; verdict "a class without images has no error" $?
head -1 train.list > details/two.list; tail -1 train.list >> details/two.list; printf 'classes=2\ntrain=train.list\nvalid=details/two.list\nlabels=labels.txt\n' > details/single.data
fails "retrieval where no image has another of its class" "no test image has another of its class" eval details/single.data $net -layer input -by knn -knn 1 -retrieval

# --- layers whose outputs are not what they seem
printf '[net]\nwidth=4\nheight=4\nchannels=3\n[gru]\noutput=2\n[softmax]\n' > details/gru.cfg
floats 316 0 > details/gru.weights
run eval two.data details/gru.cfg details/gru.weights -by argmax; grep -q 'layer 0 is \[gru\], which remembers the images before' details/err
verdict "a layer that remembers images gets a line" $?
if [ "${HOST:-pjreddie}" = alexeyab ]; then
    printf '[net]\nwidth=4\nheight=4\nchannels=3\n[convolutional]\nfilters=2\nsize=3\npad=1\nstride=2\nantialiasing=1\nactivation=linear\n[avgpool]\n[connected]\noutput=2\nactivation=linear\n[softmax]\n' > details/blur.cfg
    floats 66 0 > details/blur.weights
    fails "the output of an antialiased layer" "layer 0: is antialiased" variation two.data details/blur.cfg details/blur.weights -layers 0 -batch 5
    run variation two.data details/blur.cfg details/blur.weights -batch 5 -csv details/blur.csv
    [ "$(cut -d, -f1 details/blur.csv | tr '\n' ' ')" = "layer input 1 2 3 " ]; verdict "all layers but that one" $?
fi

# --- options that change nothing
# idle NAME TEXT OPTIONS...: eval does what it is asked, and says TEXT.
idle() { run eval two.data $net "${@:3}" && grep -qF -- "$2" details/err; verdict "$1" $?; }
idle "eval: neighbours that do not judge" "-knn and -metric change nothing by argmax" -by argmax -knn 3
idle "eval: a weight decay that is not there" "-l2 and -iterations change nothing by knn" -by knn -l2 .1
idle "eval: a layer that is not looked at" "-layer changes nothing by argmax" -by argmax -layer 0
run eval two.data $net -by argmax -layer input -retrieval && ! grep -q 'changes nothing' details/err; verdict "eval: the layer that -retrieval looks at" $?
run stress two.data $net -bits 5 -draws 3 && grep -q 'draws and -seed change nothing' details/err; verdict "stress: draws of what is not drawn" $?
run variation two.data $net -layers input -batch 10 -alpha 3; grep -q 'alpha 3 changes nothing under cosine' details/err; verdict "-alpha under cosine gets a line" $?

# --- files of others
echo mine > details/figure-input.mtx
fails "a file of another kind where graph would write a matrix" "details/figure-input.mtx is there, and is no Matrix Market file" \
    graph two.data $net -per_class 3 -layers input -o details/figure.SVG
[ "$(cat details/figure-input.mtx)" = mine ]; verdict "and it stays" $?
rm details/figure-input.mtx
for _ in once again; do run graph two.data $net -per_class 3 -layers input -o details/figure.SVG || break; done
[ -s details/figure-input.mtx ] && [ -s details/figure-input.graphml ]; verdict "graph replaces its own files" $?
if run corrupt two.data $net -only fog -write details/made; then
    run corrupt two.data $net -only snow -write details/made && run corrupt two.data $net -only fog,snow -npy details/made
    verdict "corrupt adds to what it has written" $?
    cp details/made/labels.npy details/labels.npy
    fails "corruptions of another seed in the same folder" "of another seed or build" corrupt two.data $net -only fog -write details/made -seed 2
    fails "corruptions of other images in the same folder" "of other images by its labels.npy" corrupt two.data $net -only fog -write details/made -test 4
    cmp -s details/made/labels.npy details/labels.npy; verdict "and the folder stays as it was" $?
else
    tail -1 details/err | grep -q 'needs .* which this build lacks'
    verdict "corruptions cannot be made without their libraries" $?
fi

# --- a picture of what has no logarithm
awk 'BEGIN { print "iteration,loss,learning_rate"; for (i = 1; i <= 960; ++i) print i "," 10 ^ (i / 240 - 2) * (i % 2 ? 3 : -1) ",0.1" }' > details/log.csv
run plot details/log.csv -o details/log.svg
# the band goes there along its upper edge and back along its lower one, whose first value is negative: deeper on the page
grep -o 'fill-opacity="[^"]*" d="[^"]*"' details/log.svg | head -1 | tr -c '0-9.ML' ' ' | sed 's/.*M//' \
    | awk '{ exit !(NF > 900 && $NF > $2) }'
verdict "the band of a logarithmic panel ends at its bottom where values are negative" $?

exit $failed
