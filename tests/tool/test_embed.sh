#!/bin/bash
# lgg embed, lgg nearest, and what lgg eval says of embeddings and teachers, on the two colours of test_commands.sh, whose answers are known.
#
# usage: test_embed.sh DARKNET FOLDER   (FOLDER holds what test_commands.sh has left there)
set -u
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
darknet=$(realpath "$1") folder=$(realpath "$2")
failed=0
[ -n "$folder" ] && cd "$folder" || exit 1
rm -rf embed && mkdir embed || exit 1
net="linear.cfg linear.weights"

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failed=1; }
run() { "$darknet" lgg "$@" > embed/said 2> embed/err; }
# holds NAME CONDITION...
holds() { local name=$1; shift; if "$@"; then pass "$name"; else fail "$name" "$(tail -1 embed/err)"; fi; }
# fails NAME TEXT COMMAND...: the command exits non-zero and its last line says TEXT.
fails() {
    local name=$1 text=$2
    shift 2
    if run "$@"; then fail "$name" "it succeeded"; return; fi
    case $(tail -1 embed/err) in *"$text"*) pass "$name" ;; *) fail "$name" "it says '$(tail -1 embed/err)'" ;; esac
}
floats() { od -An -v -w4 -tf4 -j128 "$1" | tr -d ' '; } # the values of a .npy, a line each

# --- embed
run embed two.data $net -layer input -o embed/whole
holds "embed writes a row for each image" [ "$(stat -c %s embed/whole.npy)" = $((128 + 10 * 48 * 4)) ]
holds "embed says its shape as numpy does" env LC_ALL=C grep -aqE "^.NUMPY.*'descr': '<f4', 'fortran_order': False, 'shape': \( *10, *48\), \} *$" embed/whole.npy
holds "embed's values are the layer's" [ "$(floats embed/whole.npy | sed -n '1p;17p;49p;81p' | tr '\n' ' ')" = "0.7882353 0 0 0.7882353 " ]
holds "embed's labels and paths" [ "$(sed -n '1p;3p' embed/whole.csv | tr '\n' ' ')" = "row,label,path 1,blue,images/1_blue.ppm " ]
run embed two.data $net -layer input -pool -batch 3 -o embed/pooled
holds "embed -pool: a value for each channel" [ "$(floats embed/pooled.npy | head -6 | tr '\n' ' ')" = "0.7882353 0 0 0 0 0.7882353 " ]
run embed two.data $net -layer input -batch 3 -o embed/threes
holds "embed does not mind the batch" cmp embed/whole.npy embed/threes.npy
holds "embed leaves no part behind" [ -z "$(ls embed/*.part embed/*.lock 2> /dev/null)" ]

printf 'valid=train.list\n' > plain.data
run embed plain.data $net -layer input -o embed/plain
holds "embed needs no labels" cmp embed/whole.npy embed/plain.npy

cp train.list embed/photos.txt
fails "embed does not write over its list" "-o embed/photos: embed/photos.txt is read by this command" embed two.data $net -layer input -list embed/photos.txt -o embed/photos
holds "and its list is whole" cmp train.list embed/photos.txt
fails "nearest writes over nothing that it reads" "goes without -layer, -pool, -list, -set and -images" nearest two.data $net images/1_red.ppm -in embed/whole -images 3
# stopped after four images by one that is not there yet; then parts of rows more
mv images/3_red.ppm images/away.ppm
fails "embed names an image that is not there" "cannot read images/3_red.ppm" embed two.data $net -layer input -batch 2 -o embed/resumed
holds "embed leaves no half file under its name" [ -z "$(ls embed/resumed.npy embed/resumed.csv embed/resumed.txt 2> /dev/null)" ]
mv images/away.ppm images/3_red.ppm
printf '4,red,images/3_r' >> embed/resumed.csv.part
printf 'half' >> embed/resumed.npy.part
run embed two.data $net -layer input -batch 2 -o embed/resumed
holds "embed goes on where it was stopped" grep -q 'goes on after 4 of 10' embed/err
holds "embed, stopped and resumed: the same bytes" cmp embed/whole.npy embed/resumed.npy
holds "embed, stopped and resumed: the same table" cmp embed/whole.csv embed/resumed.csv
# a part of another list, and of another layer
head -c $((128 + 6 * 192)) embed/whole.npy > embed/other.npy.part; head -7 embed/whole.csv > embed/other.csv.part; cp embed/whole.txt embed/other.txt.part
{ head -2 train.list; tail -8 train.list | tac; } > embed/other.list
run embed two.data $net -layer input -list embed/other.list -o embed/other
holds "embed keeps of a part only what the list begins with" grep -q 'goes on after 2 of 10' embed/err
run embed two.data $net -layer input -list embed/other.list -o embed/fresh
holds "and the rest is that of the new list" cmp embed/other.npy embed/fresh.npy
cp embed/whole.npy embed/another.npy.part; cp embed/whole.csv embed/another.csv.part; cp embed/pooled.txt embed/another.txt
run embed two.data $net -layer input -o embed/another
holds "embed begins anew where the part is of something else" cmp embed/whole.npy embed/another.npy
printf 'images/1_grey.ppm\nimages/2_red.ppm\n' > embed/plain.list
run embed two.data $net -layer input -list embed/plain.list -o embed/plain
holds "embed takes images without a class" grep -qx '0,,images/1_grey.ppm' embed/plain.csv
fails "embed: a detection network's layer must be named" "-layer n names the layer" embed two.data yolo.cfg yolo.weights -o embed/yolo
run embed two.data yolo.cfg yolo.weights -layer 0 -pool -o embed/yolo
holds "embed: any layer of a detection network" [ "$(stat -c %s embed/yolo.npy)" = $((128 + 10 * 21 * 4)) ]
fails "embed: a place that cannot be written" "cannot write none/x" embed two.data $net -o none/x

# another cfg with the same weights, and what an older one has written
sed 's/^activation=.*/activation=relu/' linear.cfg > embed/other.cfg
fails "nearest refuses what another cfg made" "was made with another cfg than embed/other.cfg" nearest two.data embed/other.cfg linear.weights images/1_red.ppm -in embed/whole
for file in npy csv; do cp embed/whole.$file embed/older.$file; cp embed/whole.$file embed/older.$file.part; done
grep -v '^cfg=' embed/whole.txt | tee embed/older.txt > embed/older.txt.part
fails "nearest refuses what does not say its cfg" "embed/older.txt: does not say with which cfg it was made" nearest two.data $net images/1_red.ppm -in embed/older
run embed two.data $net -layer input -o embed/older
holds "embed begins anew where a part does not say its cfg" grep -q 'older.npy.part is not of this cfg, these weights and this layer: begins anew' embed/err
for file in npy csv txt; do cp embed/whole.$file embed/changed.$file.part; done
run embed two.data embed/other.cfg linear.weights -layer input -o embed/changed
holds "embed begins anew where the cfg has changed" grep -q 'begins anew' embed/err
fails "embed without a NAME" "should be a name" embed two.data $net -o ''
fails "embed with the ending of its array" "should be the name without its ending, embed/x" embed two.data $net -o embed/x.npy
fails "nearest with the ending of embed's array" "give NAME without its ending, embed/whole" nearest two.data $net images/1_red.ppm -in embed/whole.npy
for file in csv txt; do cp embed/whole.$file embed/disk.$file.part; done; head -c 2000 embed/whole.npy > embed/disk.npy.part
LD_PRELOAD=$folder/fail_sync.so fails "embed, resumed on a disk that fails at the end" "cannot write embed/disk.npy.part: Input/output error" embed two.data $net -layer input -o embed/disk
holds "and what it could not keep has no name" [ ! -e embed/disk.npy ]

# --- nearest: 1_red is 1/255, 2/255 and 3/255 from the next ones in 16 pixels
run nearest two.data $net images/1_red.ppm -layer input -metric euclidean -k 3 -csv embed/list.csv -o embed/sheet.svg
holds "nearest finds the nearest, but not the image itself" [ "$(sed -n '2,4p' embed/list.csv | cut -d, -f1,2,4,5,6 | tr '\n' ' ')" = \
    "images/1_red.ppm,1,2,red,images/2_red.ppm images/1_red.ppm,2,4,red,images/3_red.ppm images/1_red.ppm,3,6,red,images/4_red.ppm " ]
holds "nearest's distances" awk -F, 'NR > 1 { e = (NR - 1) * 4 / 255; if ($3 / e - 1 > 1e-5 || 1 - $3 / e > 1e-5) bad = 1 } END { exit bad || NR != 4 }' embed/list.csv
run nearest two.data $net images/1_red.ppm -in embed/whole -metric euclidean -k 3 -csv embed/file.csv -o embed/sheet.html
holds "nearest finds the same in what embed has written" cmp embed/list.csv embed/file.csv
run nearest two.data $net images/3_red.ppm images/1_grey.ppm -in embed/whole -k 9 -csv embed/two.csv -o embed/two.svg
holds "nearest by cosine: one colour before the other" [ "$(awk -F, '$1 ~ /3_red/ { printf "%s%d ", $5, $3 + .5 }' embed/two.csv)" = "red1 red1 red1 red1 blue0 blue0 blue0 blue0 blue0 " ]
run nearest two.data $net ./images/1_red.ppm -in embed/whole -k 9 -csv embed/dotted.csv
holds "nearest knows the image itself by another path" [ "$(grep -c 'images/1_red.ppm$' embed/dotted.csv)$(wc -l < embed/dotted.csv)" = 010 ]
run nearest two.data $net $(for i in $(seq 70); do echo images/1_red.ppm; done) -in embed/whole -k 1 -csv embed/seventy.csv
holds "nearest takes any number of images" [ "$(wc -l < embed/seventy.csv)" = 71 ]
holds "nearest takes several images" [ "$(grep -c 1_grey embed/two.csv)" = 9 ]
holds "the contact sheet shows them" [ "$(grep -c 'data:image/png;base64' embed/two.svg)" = 20 ]
holds "the contact sheet is also a page" grep -q '<!DOCTYPE html>' embed/sheet.html
if command -v xmllint > /dev/null; then
    holds "contact sheets are valid XML" xmllint --noout embed/sheet.svg embed/two.svg embed/sheet.html
else
    echo "SKIPPED contact sheets are valid XML: no xmllint"
fi
head -c 100 /dev/zero > embed/more; cat linear.weights embed/more > embed/longer.weights
fails "nearest refuses what other weights made" "was made with other weights" nearest two.data linear.cfg embed/longer.weights images/3_red.ppm -in embed/whole
fails "nearest refuses a layer beside -in" "goes without -layer" nearest two.data $net images/3_red.ppm -in embed/whole -layer 0
fails "nearest without an image" "IMAGE..." nearest two.data $net
cp embed/whole.txt embed/bad.txt; cp embed/pooled.npy embed/bad.npy; cp embed/whole.csv embed/bad.csv
fails "nearest refuses rows of another length" "should hold rows of 48 floats" nearest two.data $net images/3_red.ppm -in embed/bad
head -4 embed/whole.csv > embed/bad.csv; cp embed/whole.npy embed/bad.npy
fails "nearest refuses a table that is too short" "has no row" nearest two.data $net images/3_red.ppm -in embed/bad

# --- eval
run eval two.data $net -layer input -by knn -knn 1 -retrieval -csv embed/eval.csv
holds "eval -retrieval names its columns" [ "$(head -1 embed/eval.csv)" = "classifier,layer,class,images,wrong,error,precision@1,R-precision,MAP@R,NMI,AMI,red,blue" ]
if grep -q 'need OpenCV' embed/said; then
    echo "SKIPPED eval -retrieval of two colours: no OpenCV"
else
    holds "eval -retrieval of two colours" grep -qx 'retrieval cosine,input,all,10,0,0.0000,1.000000,1.000000,1.000000,1.000000,1.000000,5,5' embed/eval.csv
fi
holds "each row has as many columns" [ "$(awk -F, '{ print NF }' embed/eval.csv | sort -u)" = 13 ]
# a teacher that says red to everything: right on the red images
head -c $((20 + 4 * (2 + 2 * 48))) /dev/zero > embed/red.weights
head -c 20 linear.weights | cat - <(tail -c +21 embed/red.weights) > embed/red2.weights
run eval two.data $net -teacher linear.cfg,embed/red2.weights -confusion -csv embed/teacher.csv
awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i }
    $3 == "all" { all = $at["agreement"]; right = $at["agreement_teacher_right"]; wrong = $at["agreement_teacher_wrong"] }
    $3 == "red" { red = $at["red"] } $3 == "blue" { blue = $at["red"] }
    END { exit !(right == 20 * red && wrong == 20 * blue && all == 10 * (red + blue) && red + blue > 0) }' embed/teacher.csv \
    && pass "eval -teacher: agreement where it is right, and where it is wrong" || fail "eval -teacher: agreement where it is right, and where it is wrong" "$(sed -n 2p embed/teacher.csv) $(tail -1 embed/err)"
run eval two.data $net -teacher linear.cfg,linear.weights -csv embed/self.csv
holds "a network agrees with itself" grep -q '^arg max,1,all,10,[0-9]*,[0-9.]*,100.0000,' embed/self.csv
fails "a teacher without weights" "should be its cfg and weights" eval two.data $net -teacher linear.cfg
fails "a teacher of other classes" "has 2 outputs for 3 classes" eval three.data $net -by knn -knn 1 -layer input -teacher linear.cfg,linear.weights
exit $failed
