#!/bin/bash
# `lgg map` from outside: a detector of coloured squares on scenes whose average precision is known; what may be wrong with labels
# files; and where the host has one, its own `detector map`.
#
# usage: test_map.sh DARKNET FOLDER   (FOLDER holds what test_map has left there)
set -u
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
darknet=$(realpath "$1") folder=$(realpath "$2")
failed=0
cd "$folder" || exit 1

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failed=1; }
run() { timeout 60 "$darknet" lgg map "$@" > said 2> err; }

# is NAME EXPECTED VALUE
is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "'$3', '$2' expected; $(tail -1 err)"; fi; }

# fails NAME TEXT ARGUMENTS…: the command ends with status 1, and its last line says TEXT.
fails() {
    local name=$1 text=$2 status
    shift 2
    (ulimit -v 4000000; run "$@")
    status=$?
    if [ $status = 1 ] && tail -1 err | grep -qF "$text"; then pass "$name"; else fail "$name" "status $status, $(tail -1 err)"; fi
}

data() { printf 'classes=2\nvalid=%s\nnames=names\n' "$2" > "$1.data"; }
printf 'red\nblue, "dark"\n' > names
for set in known wide neighbours many; do data $set $set.list; done

# --- answers
# Red: 1, 1/2, 2/3 right of three truths at .5, which is (34 + 33 * 2/3) / 101; 1, 1/2, 1/3 above, 34 / 101. Blue: 1.
expected='all,4,4,67.9208,77.7228,66.8317,66.8317,66.8317,66.8317,66.8317,66.8317,66.8317,66.8317,66.8317
red,3,3,35.8416,55.4455,33.6634,33.6634,33.6634,33.6634,33.6634,33.6634,33.6634,33.6634,33.6634
"blue, ""dark""",1,1,100.0000,100.0000,100.0000,100.0000,100.0000,100.0000,100.0000,100.0000,100.0000,100.0000,100.0000'
run known.data squares.cfg squares.weights -csv known.csv
is "lgg map: average precision of known boxes" "$expected" "$(sed 1d known.csv)"
is "lgg map prints it" "mean (mAP) 4 4 77.72 66.83 67.92" "$(grep '^mean' said | tr -s ' ')"
is "lgg map's CSV says what is in it" class,boxes,found,AP,AP50,AP55,AP60,AP65,AP70,AP75,AP80,AP85,AP90,AP95 "$(head -1 known.csv)"
run known.data region.cfg region.weights -csv region.csv
is "lgg map: the same from [region]" "$(cat known.csv)" "$(cat region.csv)"
{ cat squares.cfg; printf '[rkd]\nlayers=1\nteacher_cfg=squares.cfg\nteacher_weights=squares.weights\n'; } > section.cfg
run known.data section.cfg squares.weights -csv section.csv
is "lgg map: the same with a section at the end" "$(cat known.csv)" "$(cat section.csv)"
run wide.data squares.cfg squares.weights -csv wide.csv
is "lgg map: boxes of an image that is wider than high" "all,2,2,100.0000" "$(sed -n 2p wide.csv | cut -d, -f1-4)"
run known.data squares.cfg squares.weights -test 1 -csv test.csv
is "lgg map -test" "all,2,2,100.0000" "$(sed -n 2p test.csv | cut -d, -f1-4)"

# found OPTIONS…: how many boxes of the two squares side by side, whose boxes of 16 x 16 overlap by an IoU of 1/3
found() { run neighbours.data large.cfg large.weights "$@" -csv /dev/stdout; grep '^all,' said | cut -d, -f3; }
is "lgg map -nms: a smaller overlap goes" 1 "$(found -nms .3)"
is "lgg map -nms: a larger one does not" 2 "$(found)"
is "lgg map -nms 0" 2 "$(found -nms 0)"
is "lgg map -threshold" 1 "$(found -threshold .95)" # of .98 and .92

# --- the host's own
if [ -n "$("$darknet" detector map many.data squares.cfg squares.weights -points 101 2> /dev/null | grep -a 'mean average precision')" ]; then
    for net in squares stretched; do
        theirs=$("$darknet" detector map many.data $net.cfg $net.weights -points 101 2> err | sed -n 's/.*mean average precision (mAP@0.50) = \([0-9.]*\).*/\1/p' | tail -1)
        run many.data $net.cfg $net.weights -csv many.csv
        ours=$(sed -n 2p many.csv | cut -d, -f5)
        awk -v theirs="$theirs" -v ours="$ours" 'BEGIN { d = ours / 100 - theirs; exit !(theirs > .1 && theirs < .9 && d < 2e-6 && d > -2e-6) }' \
            && pass "lgg map agrees with the host's detector map ($net.cfg)" || fail "lgg map agrees with the host's detector map ($net.cfg)" "$ours %, theirs $theirs"
    done
else
    echo "SKIPPED lgg map agrees with the host's detector map: this host has none"
fi

# --- mistakes
fails "lgg map: a list that is not there" "cannot open none.list" <(printf 'valid=none.list\n') squares.cfg squares.weights
fails "lgg map: a data file without a list" "names no test list" <(printf 'names=names\n') squares.cfg squares.weights
fails "lgg map: a network without boxes" "has no layer that finds boxes" known.data ../linear.cfg ../linear.weights
printf 'a\nb\nc\n' > three.names
fails "lgg map: names of other classes" "names 3 classes, but squares.cfg finds 2" <(printf 'valid=known.list\nnames=three.names\n') squares.cfg squares.weights
sed 's/^filters=7/filters=8/; s/^classes=2/classes=3/' squares.cfg > three.cfg
{ cat three.cfg; printf '[route]\nlayers=0\n[convolutional]\nfilters=7\nsize=1\nactivation=linear\n[yolo]\nmask=0\nanchors=8,8\nclasses=2\nnum=1\n'; } > two.cfg
{ head -c 52 squares.weights; head -c 208 /dev/zero; } > two.weights
fails "lgg map: layers of other classes" "layer 5 yolo has 2 classes, layer 2 yolo 3" known.data two.cfg two.weights
{ cat squares.cfg; printf '[route]\nlayers=1\n'; } > behind.cfg
fails "lgg map: a layer behind the boxes" "layer 3 route comes after the last that finds boxes" known.data behind.cfg squares.weights
fails "lgg map: a CSV that cannot be written, before the work" "cannot write none/x.csv" missing.data squares.cfg squares.weights -csv none/x.csv
fails "lgg map: a threshold that is none" "should be a number from" known.data squares.cfg squares.weights -threshold 2

# labelled TEXT: judges the first scene with these labels
for name in one two three; do cp $name.png labelled-$name.png; cp $name.txt labelled-$name.txt; done
printf 'labelled-%s.png\n' two one three > labelled.list
data labelled labelled.list
bad() { # bad NAME LINE TEXT
    printf '%b' "$2" > labelled-one.txt
    fails "lgg map: $1" "labelled-one.txt, line $3: should be class x y w h" labelled.data squares.cfg squares.weights
}
bad "a label of no class" '2 .1 .1 .1 .1\n' 1
bad "a negative class" '-1 .1 .1 .1 .1\n' 1
bad "a class that is no whole number" '0.5 .1 .1 .1 .1\n' 1
bad "a label cut short" '0 .1 .1 .1 .1\n\n1 .2 .2' 3
bad "a label of six numbers" '0 .1 .1 .1 .1 .1\n' 1
bad "a label that is no number" '0 nan .1 .1 .1\n' 1
bad "a box in pixels" '0 5 5 2 2\n' 1
bad "a label out of any range" '0 .1 .1 1e999 .1\n' 1
bad "a box without a width" '0 .1 .1 0 .1\n' 1
bad "a label of letters" '0 .1 .1 .1 .1 \nred .1 .1 .1 .1\n' 2
bad "a class out of any range" '99999999999999999999 .1 .1 .1 .1\n' 1
bad "a label that is no text" '\0001\0377\0000' 1
rm labelled-one.txt && mkdir labelled-one.txt
fails "lgg map: a folder for a labels file" "labelled-one.txt: is a folder" labelled.data squares.cfg squares.weights
rmdir labelled-one.txt && ln -s /dev/zero labelled-one.txt
fails "lgg map: a labels file without an end" "labelled-one.txt: is a device" labelled.data squares.cfg squares.weights
rm labelled-one.txt
run labelled.data squares.cfg squares.weights -csv labelled.csv
is "lgg map: an image without a labels file has no objects" "all,2,4" "$(sed -n 2p labelled.csv | cut -d, -f1-3)"
is "lgg map says so" "lgg map: 1 of the images have no labels file, the first labelled-one.txt: taken as without objects" "$(grep 'no labels file' err)"
is "lgg map: a class without truths has no figure" '"blue, ""dark""",0,1,,,,,,,,,,,' "$(tail -1 labelled.csv)"
printf '\r\n0 .125 .125 .25 .25\r\n \t\n1 0.625 0.375 .25 .25' > labelled-one.txt
run labelled.data squares.cfg squares.weights -csv labelled.csv
is "lgg map: blank lines, and line ends of either kind" "$(sort known.csv)" "$(sort labelled.csv)"
mv labelled-one.txt labelled-kept.txt && : > labelled-one.txt
fails "lgg map: a table over the labels of an image" "this command reads it" labelled.data squares.cfg squares.weights -csv labelled-one.txt
for name in one two three; do : > labelled-$name.txt; done
fails "lgg map: labels files without a box" "no labels file has a box in it" labelled.data squares.cfg squares.weights
rm labelled-*.txt
fails "lgg map: no labels file at all" "no image has a labels file; that of the first would be labelled-two.txt" labelled.data squares.cfg squares.weights
cp one.png one.ppm && cp one.txt one.other && printf 'one.other\n' > other.list
fails "lgg map: an image by a name that gives no labels" "no image has a labels file" <(printf 'valid=other.list\n') squares.cfg squares.weights
rm -f none_here.png && cp one.txt none_here.txt && printf 'one.png\nnone_here.png\n' > hole.list
fails "lgg map: an image that is not there" "none_here.png" <(printf 'valid=hole.list\n') squares.cfg squares.weights
printf '%04090d.png\n' 0 > long.list
fails "lgg map: a path longer than Darknet's" "is too long a path for Darknet" <(printf 'valid=long.list\n') squares.cfg squares.weights
exit $failed
