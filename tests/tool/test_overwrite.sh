#!/bin/bash
# No command of ./darknet lgg writes over a file that it reads, over another of its outputs, or over a file of another kind: it ends with
# status 1 and one line, and the file is what it was. On the two colours of test_commands.sh.
#
# usage: test_overwrite.sh DARKNET FOLDER   (FOLDER holds what test_commands.sh and test_embed.sh have left there)
set -u
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
darknet=$(realpath "$1") folder=$(realpath "$2")
failed=0
[ -n "$folder" ] && cd "$folder" || exit 1
rm -rf over && mkdir over || exit 1
net="linear.cfg linear.weights"

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failed=1; }
run() { "$darknet" lgg "$@" > over/said 2> over/err; }

# keeps NAME FILE TEXT COMMAND...: the command ends with status 1, its last line says TEXT, and FILE is what it was.
keeps() {
    local name=$1 file=$2 text=$3 before status
    shift 3
    before=$(cksum < "$file")
    run "$@"
    status=$?
    if [ "$before" != "$(cksum < "$file")" ]; then fail "$name" "$file has changed"
    elif [ $status = 1 ] && tail -1 over/err | grep -qF -- "$text"; then pass "$name"
    else fail "$name" "status $status, $(tail -1 over/err)"; fi
}
read="this command reads it"

# --- what the data file, the lists and the options name
cp images/1_red.ppm over/a,1_red.ppm
for key in train valid names; do
    { if [ $key = names ]; then printf 'red,dark\nblue\n'; else echo over/a,1_red.ppm; cat train.list; fi; } > over/$key.csv
    { grep -v "^$key=" two.data; echo "$key=over/$key.csv"; } > over/$key.data
    keeps "a table over the file that $key= names" over/$key.csv "$read" eval over/$key.data $net -csv over/$key.csv
done
printf 'a,b\n' > over/image_red.csv; { head -3 train.list; echo ./over/image_red.csv; } > over/image.list
sed 's|^train=.*|train=over/image.list|' two.data > over/image.data
keeps "a table over an image of the training list" over/image_red.csv "$read" variation over/image.data $net -batch 5 -csv over/image_red.csv
for key in tree map teacher_cfg teacher_weights; do
    printf 'a,b\n' > over/$key.csv
    if [ $key = tree ]; then printf 'red,dark -1\nblue -1\n' > over/$key.csv; fi
    { cat linear.cfg; case $key in teacher_*) printf '[lgg_gkd]\nteacher_cfg=x\nteacher_weights=x\n' | sed "s|^$key=.*|$key=over/$key.csv|" ;; *) echo "$key=over/$key.csv" ;; esac; } > over/$key.cfg
    keeps "a table over the file that a cfg's $key= names" over/$key.csv "$read" eval two.data over/$key.cfg linear.weights -csv over/$key.csv
done
cp linear.cfg over/teacher.cfg; cp linear.weights over/teacher.weights; printf '# a,b\n' | cat - linear.cfg > over/teacher.csv
keeps "a table over the teacher's cfg" over/teacher.csv "$read" eval two.data $net -teacher over/teacher.csv,over/teacher.weights -csv over/teacher.csv
keeps "a table over the teacher's weights" over/teacher.weights "is no table" eval two.data $net -teacher over/teacher.cfg,over/teacher.weights -csv over/teacher.weights
run embed two.data $net -layer input -o over/kept
keeps "a table over what embed has written" over/kept.csv "$read" nearest two.data $net images/1_red.ppm -in over/kept -csv over/kept.csv
keeps "a table over embed's array" over/kept.npy "is no table" nearest two.data $net images/1_red.ppm -in over/kept -csv over/kept.npy
cp over/train.csv over/list.csv
keeps "embed over its list" over/list.csv "is read by this command" embed two.data $net -list over/list.csv -o over/list

# --- two outputs of one name
cp out/figure.svg over/both.svg
keeps "a picture and a table of one name" over/both.svg "two outputs" graph two.data $net -per_class 3 -o over/both.svg -csv over/../over/both.svg
run graph two.data $net -per_class 3 -o over/new.svg -csv over/./new.svg
if [ $? = 1 ] && [ ! -e over/new.svg ]; then pass "the same of one that is not there yet"; else fail "the same of one that is not there yet" "$(tail -1 over/err)"; fi
printf 'a,b\n' > over/graph-0.mtx
keeps "a table over a graph's matrix" over/graph-0.mtx "two outputs" graph two.data $net -per_class 3 -layers 0 -o over/graph.svg -csv over/graph-0.mtx

# --- files of another kind
for ending in svg csv; do cp linear.weights over/other.$ending; cp linear.cfg over/text.$ending; done
keeps "a plot over weights" over/other.svg "is no SVG" plot log.csv -o over/other.svg
keeps "a graph over a text" over/text.svg "is no SVG" graph two.data $net -per_class 3 -o over/text.svg
keeps "a table over other weights" over/other.csv "is no table" variation two.data $net -batch 5 -csv over/other.csv
keeps "a table over a text" over/text.csv "is no table" eval two.data $net -csv over/text.csv
cp out/figure.svg over/page.html
keeps "a page over a picture" over/text.svg "is no SVG" nearest two.data $net images/1_red.ppm -o over/text.svg
keeps "a picture under the ending of a page" over/page.html "a name that ends in .svg" graph two.data $net -per_class 3 -o over/page.html
keeps "a contact sheet under the ending of a text" labels.txt "a name that ends in .svg" nearest two.data $net images/1_red.ppm -o over/sheet.txt
[ ! -e over/sheet.txt ] || fail "a contact sheet under the ending of a text" "it is there"
: > over/empty.csv; : > over/empty.svg
run variation two.data $net -batch 5 -csv over/empty.csv && run plot log.csv -o over/empty.svg && run variation two.data $net -batch 5 -csv over/empty.csv && run plot log.csv -o over/empty.svg \
    && pass "what is empty, or of its own kind, is replaced" || fail "what is empty, or of its own kind, is replaced" "$(tail -1 over/err)"

echo 'a line of another program' > over/screen.txt
"$darknet" lgg variation two.data $net -batch 5 -csv /dev/stdout >> over/screen.txt 2> over/err && grep -q '^layer,mean,deviation$' over/screen.txt \
    && [ "$(head -1 over/screen.txt)" = 'a line of another program' ] && grep -q '^0 ' over/screen.txt \
    && pass "a table to where all is printed" || fail "a table to where all is printed" "$(tail -1 over/err)"

# --- what embed names itself
for end in txt csv lock; do
    echo notes > over/notes.$end
    keeps "embed over a .$end of another kind" over/notes.$end "over/notes.$end is there, and is no" embed two.data $net -layer input -o over/notes
    rm over/notes.$end
done
cp over/kept.npy over/notes.npy
keeps "embed over an array of another program" over/notes.npy "is there without its CSV" embed two.data $net -layer input -o over/notes
mkdir over/folder.csv; cp over/kept.txt over/folder.txt
keeps "embed where one of its names is a folder's, before the work" over/folder.txt "cannot write over/folder.csv: is a directory" embed two.data $net -layer input -o over/folder
[ ! -e over/folder.npy ] && run embed two.data $net -layer input -o over/kept && pass "embed replaces what it made" || fail "embed replaces what it made" "$(tail -1 over/err)"

# --- models
cp linear.weights over/model.weights; cp linear.cfg over/model.onnx
run export two.data $net -o over/exported.onnx
if grep -q 'without ONNX' over/err; then echo "SKIPPED models over other files: this build is without ONNX"; else
    keeps "a model over weights" over/model.weights "a name that ends in .onnx" export two.data $net -o over/model.weights
    keeps "a model over a text" over/model.onnx "is no ONNX model" export two.data $net -o over/model.onnx
    run export two.data $net -o over/exported.onnx && pass "a model over a model" || fail "a model over a model" "$(tail -1 over/err)"
fi

# --- folders
mkdir over/mine; echo mine > over/mine/README.txt
run corrupt two.data $net -only contrast -write over/mine
if grep -q 'this build lacks' over/err; then echo "SKIPPED corruptions over a text: this build makes none"; else
    keeps "corruptions over a text" over/mine/README.txt "which was not made here" corrupt two.data $net -only contrast -write over/mine
fi
rm -rf over/saved; run attack two.data $net -epsilon .1 -save over/saved
cp over/saved/images.list over/saved.list; rm over/saved/images.list; printf 'classes=2\nvalid=over/saved.list\nlabels=labels.txt\n' > over/saved.data
image=over/saved/00000_$(head -1 train.list | sed 's|.*_\(.*\)\..*|\1|').png
keeps "an attack over the images that it attacks" "$image" "$read" attack over/saved.data $net -epsilon .5 -save over/saved -test 9
keeps "an attack over those of another" "$image" "is there already" attack two.data $net -epsilon .5 -save over/saved
mkdir over/deploy; cp section.cfg over/net.cfg; cp linear.weights over/net.weights
run deploy two.data over/net.cfg over/net.weights -o over/deploy || fail "deploy" "$(tail -1 over/err)"
run deploy two.data over/net.cfg over/net.weights -o over/deploy && pass "deploy replaces what it made of the same network" || fail "deploy replaces what it made of the same network" "$(tail -1 over/err)"
cp over/deploy/net.weights over/net.weights.once; mkdir over/other; sed 's/lambda=.*//; $a # another' section.cfg > over/other/net.cfg
keeps "deploy over what it made of another network" over/deploy/net.cfg "was not made of this network" deploy two.data over/other/net.cfg over/net.weights -o over/deploy
rm over/deploy/net.cfg
keeps "deploy over weights alone" over/deploy/net.weights "was not made of this network" deploy two.data over/net.cfg over/net.weights -o over/deploy
[ -z "$(ls over/*.tmp over/*/*.tmp 2> /dev/null)" ] && pass "no half-written file is left" || fail "no half-written file is left" "$(ls over/*.tmp over/*/*.tmp)"
exit $failed
