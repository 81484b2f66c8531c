#!/bin/bash
# The commands of ./darknet lgg from outside, on two colours of 4x4 images whose answers are known: results, files, and one clear
# line for what a user may get wrong.
#
# usage: test_commands.sh DARKNET FOLDER   (FOLDER holds linear.cfg and linear.weights of test_tool)
set -u
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
darknet=$(realpath "$1") folder=$(realpath "$2") here=$(realpath "$(dirname "$0")")
failed=0
cd "$folder" || exit 1
rm -rf images out && mkdir -p images out || exit 1

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failed=1; }
run() { "$darknet" lgg "$@" 2>err; }

# fails NAME TEXT COMMAND…: the command exits non-zero and its last line says TEXT.
fails() {
    local name=$1 text=$2 said
    shift 2
    if run "$@" >out/said; then fail "$name" "it succeeded"; return; fi
    said=$(tail -1 err)
    case $said in *"$text"*) pass "$name" ;; *) fail "$name" "it says '$said'" ;; esac
}

# colour NAME R G B: a 4x4 image of one colour
colour() {
    { printf 'P6\n4 4\n255\n'; for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do printf "\\$(printf %o "$2")\\$(printf %o "$3")\\$(printf %o "$4")"; done; } > "images/$1.ppm"
}
: > train.list; : > same.list
for i in 1 2 3 4 5; do
    colour "${i}_red" $((200 + i)) 0 0
    colour "${i}_blue" 0 0 $((200 + i))
    printf 'images/%s_red.ppm\nimages/%s_blue.ppm\n' "$i" "$i" >> train.list
done
colour 1_grey 90 90 90; colour 2_grey_blue 90 90 90; colour 3_grey_red 90 90 90; colour 4_grey_blue 90 90 90
printf 'images/2_grey_blue.ppm\nimages/3_grey_red.ppm\nimages/4_grey_blue.ppm\nimages/3_grey_red.ppm\n' > same.list
printf 'red\nblue\n' > labels.txt
printf 'red\nblue\ngreen\n' > labels3.txt
printf 'classes=2\ntrain=train.list\nvalid=train.list\nlabels=labels.txt\n' > two.data
printf 'classes=2\ntrain=train.list\nvalid=same.list\nlabels=labels.txt\n' > same.data
printf 'classes=3\ntrain=train.list\nvalid=train.list\nlabels=labels3.txt\n' > three.data
net="linear.cfg linear.weights"

# --- answers
run eval two.data $net -layer input -by knn,logistic -knn 3 -csv out/eval.csv > out/eval.txt
grep -q '^3-nn cosine,input,all,10,0,0.0000' out/eval.csv && grep -q '^logistic regression,input,all,10,0,0.0000' out/eval.csv \
    && pass "eval tells two colours apart" || fail "eval tells two colours apart" "$(tail -1 err)"
run variation two.data $net -layers input -batch 10 -csv out/apart.csv > out/said
run variation same.data $net -layers input -batch 4 -csv out/same.csv > out/said
grep -q '^input,0,0$' out/apart.csv && grep -Eq '^input,(1|0\.99999[0-9]*|1\.00000[0-9]*),' out/same.csv \
    && pass "label variation is 0 for orthogonal classes, 1 for equal ones" \
    || fail "label variation is 0 for orthogonal classes, 1 for equal ones" "$(tail -1 out/apart.csv) $(tail -1 out/same.csv)"
[ "$(head -1 out/same.csv)" = layer,mean,deviation ] && pass "variation's CSV columns" || fail "variation's CSV columns" "$(head -1 out/same.csv)"

# every pair of a red and a blue image, under rbf: exp(-.05 * 16 (r^2 + b^2)) of their values r and b
run variation two.data $net -layers input -batch 10 -similarity rbf -alpha .05 -csv out/rbf.csv > out/said
awk -F, 'BEGIN { for (i = 201; i <= 205; ++i) for (j = 201; j <= 205; ++j) s += exp(-.05 * 16 * (i * i + j * j) / 65025) / 25 }
    $1 == "input" { exit !($2 / s - 1 < 1e-5 && 1 - $2 / s < 1e-5) }' out/rbf.csv \
    && pass "label variation of two known clusters" || fail "label variation of two known clusters" "$(tail -1 out/rbf.csv)"
# the second layer's values have both signs
printf '[net]\nwidth=4\nheight=4\nchannels=3\n[connected]\noutput=2\nactivation=linear\n[softmax]\n[label_variation]\nlayers=0\nclasses=2\n' > section.cfg
run variation two.data $net -batch 5 > out/said; cosine=$(grep -c 'negative outputs' err)
run variation two.data $net -batch 5 -similarity exp > out/said; distance=$(grep -c 'negative outputs' err)
run graph two.data $net -per_class 3 -layers 0 -o out/signed.svg > out/said; drawn=$(grep -c 'negative outputs' err)
[ "$cosine$distance$drawn" = 101 ] && pass "negative outputs under cosine get a line" || fail "negative outputs under cosine get a line" "$cosine$distance$drawn"
run eval two.data section.cfg linear.weights -by argmax,knn -knn 1 -csv out/section.csv > out/said
run eval two.data $net -by argmax,knn -layer 0 -knn 1 -csv out/plain.csv > out/said
cmp -s out/section.csv out/plain.csv && pass "a section at the end changes nothing, and its tap is the embedding" \
    || fail "a section at the end changes nothing, and its tap is the embedding" "$(tail -1 err)"
# [soft] is another name of [softmax], and a [cost] gives nothing
printf '[net]\nwidth=4\nheight=4\nchannels=3\n[convolutional]\nfilters=2\nsize=1\nstride=1\nactivation=linear\n[avgpool]\n[connected]\noutput=2\nactivation=linear\n[soft]\n[hkd]\nteacher_cfg=linear.cfg\nteacher_weights=linear.weights\n' > soft.cfg
head -c $((16 + 4 * 14)) /dev/zero > soft.weights
run embed two.data soft.cfg soft.weights -o out/soft > out/said; grep -qx 'layer=2' out/soft.txt && pass "what a [soft] takes in is the tap of an [hkd]" || fail "what a [soft] takes in is the tap of an [hkd]" "$(sed -n 2p out/soft.txt) $(tail -1 err)"
{ cat linear.cfg; printf '[cost]\n'; } > cost.cfg
run variation two.data cost.cfg linear.weights -batch 5 -csv out/cost.csv > out/said
[ "$(cut -d, -f1 out/cost.csv | tr '\n' ' ')" = "layer input 0 1 " ] && pass "variation leaves out a [cost]" || fail "variation leaves out a [cost]" "$(cut -d, -f1 out/cost.csv | tr '\n' ' ') $(tail -1 err)"
for command in "variation -layers 2 -batch 5" "embed -o out/of_cost -layer 2" "eval -by knn -layer 2" "graph -layers 2 -per_class 3"; do
    set -- $command; fails "$1 of what a [cost] gives" "layer 2: [cost] has no output of its own" "$1" two.data cost.cfg linear.weights "${@:2}"
done
run eval two.data $net -by logistic -layer input > out/said; iterations=$(sed -n 's/^iterations of the logistic regression: \([0-9]*\) in.*/\1/p' err)
[ "${iterations:-300}" -lt 300 ] && pass "the regression says how many iterations it took" || fail "the regression says how many iterations it took" "$(tail -1 err)"
# far from the origin: the images' means, and a thousand
printf '[net]\nwidth=4\nheight=4\nchannels=3\n[convolutional]\nfilters=3\nsize=1\nstride=1\nactivation=linear\n[avgpool]\n[softmax]\n' > far.cfg
perl -e 'print pack("l<3 q< f<*", 0, 2, 0, 0, (1000) x 3, 1, 0, 0, 0, 1, 0, 0, 0, 1)' > far.weights
run eval two.data far.cfg far.weights -by knn -knn 1 -layer 1 -metric euclidean -csv out/far.csv > out/said
grep -q '^1-nn euclidean,1,all,10,0,' out/far.csv && pass "distances far from the origin" || fail "distances far from the origin" "$(sed -n 2p out/far.csv) $(tail -1 err)"
run eval two.data $net -teacher "linear.cfg,linear.weights" -csv out/itself.csv > out/said
right=$(awk -F, '$3 == "all" { print $8 "," $9 }' out/itself.csv)
case $right in 100.0000,100.0000 | 100.0000, | ,100.0000) pass "agreement over no images is left empty" ;; *) fail "agreement over no images is left empty" "$right" ;; esac
printf 'red\nblue, "dark"\n' > labels-comma.txt; printf 'labels=labels-comma.txt\nvalid=red.list\n' > comma.data; grep red train.list > red.list
run eval comma.data $net -csv out/comma.csv > out/said && grep -q ',error,red,"blue, ""dark"""$' out/comma.csv && grep -q '^arg max,1,"blue, ""dark""",0,' out/comma.csv \
    && pass "class names with commas are quoted" || fail "class names with commas are quoted" "$(head -1 out/comma.csv)"

run graph two.data $net -layers input,0 -per_class 4 -k 2 -images -o out/figure.svg -csv out/graph.csv > out/said
grep -q '^input,0,8,' out/graph.csv && grep -q 'data:image/png;base64' out/figure.svg && grep -q '^8 8 ' out/figure-input.mtx \
    && pass "graph draws, and writes GraphML and Matrix Market" || fail "graph draws, and writes GraphML and Matrix Market" "$(tail -1 err)"
printf 'iteration,images,learning_rate,task_loss,lgg_smooth_9,lgg_smooth_9_scaled,lgg_smooth_9_sigma_3,lgg_smooth_9_sigma_6\n1,128,0.1,2.3,5,0.0005,40,30\n2,256,0.1,2.1,4,0.0004,39,28\n3,384,0.1,nan,4,0.0004,38,27\n' > log.csv
run plot log.csv -o out/plot.svg > out/said && grep -q 'layer 6' out/plot.svg && pass "plot draws what the header names" \
    || fail "plot draws what the header names" "$(tail -1 err)"
if command -v xmllint > /dev/null; then
    xmllint --noout out/*.svg out/*.graphml 2> err && pass "figures and GraphML are valid XML" || fail "figures and GraphML are valid XML" "$(head -1 err)"
else
    echo "SKIPPED figures and GraphML are valid XML: no xmllint"
fi

run graph two.data $net -per_class 3 -o out/default.svg > out/said; [ "$(grep -c 'layer 0 connected' out/default.svg)" = 1 ] \
    && pass "no panel is there twice" || fail "no panel is there twice" "$(grep -c 'layer 0' out/default.svg)"
run graph two.data $net -per_class 3 -layers input,0,1,0,1,0 -o out/rows.svg > out/said
eval "$(sed -n 's/^<svg.* width="\([0-9]*\)[^"]*" height="\([0-9]*\)[^"]*".*/width=\1 height=\2/p' out/rows.svg)"
[ "$width" -lt 1000 ] && [ "$height" -gt 650 ] && pass "many panels stand in rows" || fail "many panels stand in rows" "$width x $height"
awk 'BEGIN { print "iteration,images,learning_rate,task_loss,lgg_gkd_9,lgg_gkd_9_scaled"; for (i = 10000; i <= 50000; i += 1000) print i",1,.1,"i","10 ^ (-i / 7000)","25 * 10 ^ (-i / 7000) }' > long.csv
run plot long.csv -o out/long.svg > out/said; ! grep -q '>[0-9.]*e+0' out/long.svg && grep -q '>20000<' out/long.svg && grep -q '>1e-0[0-9]<' out/long.svg && ! grep -q '>[0-9]*[2-9][0-9.]*e-' out/long.svg \
    && pass "axes have plain numbers and whole powers of ten" || fail "axes have plain numbers and whole powers of ten" "$(grep -o '>[0-9.]*e[-+][0-9]*<' out/long.svg | tr '\n' ' ')"

run attack two.data $net -epsilon 0 -csv out/clean.csv > out/said
clean=$(sed -n 2p out/clean.csv | cut -d, -f5)
run attack two.data $net -epsilon 1 -save out/saved -csv out/attack.csv > out/said
attacked=$(sed -n 3p out/attack.csv | cut -d, -f5)
[ "$(sed -n 3p out/clean.csv | cut -d, -f5)" = "$clean" ] && awk "BEGIN { exit !($attacked >= $clean) }" && [ "$(wc -l < out/saved/images.list)" = 10 ] \
    && pass "attack: none at epsilon 0, never helps at 1, saves the images" || fail "attack: none at epsilon 0, never helps at 1, saves the images" "$clean $attacked"
run attack two.data $net -method pgd -norm 2 -snr 20 -steps 3 > out/said && pass "attack by projected gradient, 2-norm" || fail "attack by projected gradient, 2-norm" "$(tail -1 err)"

# classes that are folders
printf '/red/\n/blue/\n' > labels-folders.txt; mkdir -p images/red images/blue; : > folders.list
for i in 1 2; do for class in red blue; do cp "images/${i}_$class.ppm" "images/$class/$i.ppm"; echo "images/$class/$i.ppm" >> folders.list; done; done
printf 'classes=2\nvalid=folders.list\nlabels=labels-folders.txt\n' > folders.data; printf 'classes=2\nvalid=out/folders/images.list\nlabels=labels-folders.txt\n' > attacked.data
run attack folders.data $net -epsilon .1 -save out/folders > out/said && run eval attacked.data $net > out/said && [ "$(find out/folders -name '*.png' | wc -l)" = 4 ] \
    && pass "attack saves images of classes that are folders, to be read again" || fail "attack saves images of classes that are folders, to be read again" "$(tail -1 err)"

# three colours, so that there is a difference of logits ratio
for i in 1 2 3 4 5; do colour "${i}_green" 90 $((100 + i)) 110; printf 'images/%s_green.ppm\nimages/%s_red.ppm\nimages/%s_blue.ppm\n' "$i" "$i" "$i"; done > three.list
printf 'classes=3\nvalid=three.list\nlabels=labels3.txt\n' > rgb.data
run attack rgb.data known3.cfg known3.weights -method apgd-ce,apgd-dlr,fgsm,pgd,random,deepfool -epsilon 12/255 -steps 20 -batch 4 -save out/worst -csv out/worst.csv > out/said
awk -F, 'NR > 1 && $1 != "worst" { if ($5 > most) most = $5; ++rows } $1 == "worst" { worst = $5 } END { exit !(rows == 7 && worst != "" && worst >= most && worst <= 100) }' out/worst.csv \
    && [ "$(wc -l < out/worst/images.list)" = 15 ] && pass "the worst case of several attacks is below none of them" || fail "the worst case of several attacks is below none of them" "$(tail -1 err) $(tail -1 out/worst.csv)"
awk -F, '$1 == "clean" { clean = $5 } NR > 2 { exit !($7 > .04705 && $7 < .04706 && $5 >= clean) }' out/worst.csv && pass "a bound may be a fraction" || fail "a bound may be a fraction" "$(sed -n 3p out/worst.csv)"
cp out/worst.csv out/worst1.csv; run attack rgb.data known3.cfg known3.weights -method apgd-ce,apgd-dlr,fgsm,pgd,random,deepfool -epsilon 12/255 -steps 20 -batch 7 -csv out/worst.csv > out/said
cmp -s out/worst.csv out/worst1.csv && pass "attacks repeat with their seed, whatever the batch" || fail "attacks repeat with their seed, whatever the batch" "$(diff out/worst.csv out/worst1.csv | head -2 | tr '\n' ' ')"
run attack rgb.data known3.cfg known3.weights -method apgd -norm 2 > out/said && grep -q '^apgd-ce, 100 steps, 2 norm, epsilon 0.5 ' out/said && grep -q '^check: fgsm fools' out/said && ! grep -q warning err \
    && pass "apgd takes the field's bounds, and a network without a masked gradient gets no warning" || fail "apgd takes the field's bounds, and a network without a masked gradient gets no warning" "$(tail -1 err)"
run attack rgb.data known3.cfg saturated.weights -method apgd-ce,apgd-dlr -epsilon .5 -csv out/masked.csv > out/said
grep -q 'warning: random directions, which need no gradient, fool [0-9]* images that apgd-ce does not' err && grep -q 'images apgd-ce meets a gradient of 0' err && ! grep -q 'that apgd-dlr does not' err \
    && awk -F, '{ e[$1] = $5 } END { exit !(e["apgd-dlr"] > e["apgd-ce"] && e["worst"] == e["apgd-dlr"]) }' out/masked.csv \
    && pass "a gradient that is masked is told, and the ratio of logits is not fooled by it" || fail "a gradient that is masked is told, and the ratio of logits is not fooled by it" "$(tail -1 err) $(tr '\n' ' ' < out/masked.csv)"
run attack rgb.data known3.cfg saturated.weights -method fgsm -epsilon .5 > out/said
grep -q 'images fgsm meets a gradient of 0' err && pass "a gradient of 0 is told of one step, too" || fail "a gradient of 0 is told of one step, too" "$(tail -1 err)"
# layers whose gradient Darknet does not have
no_gradient() { fails "an attack through $1" "no exact input gradient through $1" attack two.data inner.cfg inner.weights; }
softmax='[connected]\noutput=2\nactivation=linear\n[softmax]\n' size='[net]\nwidth=4\nheight=4\nchannels=3\n'
{ cat linear.weights; head -c 24 /dev/zero; } > inner.weights
printf "$size$softmax$softmax" > inner.cfg; no_gradient "a [softmax] that is not the network's output"
sed -i '0,/softmax/s//soft/' inner.cfg; no_gradient "a [softmax] that is not the network's output"
cp linear.weights inner.weights
if [ "$HOST" = alexeyab ]; then
    printf "$size[connected]\noutput=2\nactivation=gelu\n[softmax]\n" > inner.cfg; no_gradient "activation=gelu"
    printf "$size[local_avgpool]\nsize=2\nstride=2\n$softmax" > inner.cfg; head -c $((16 + 4 * (2 + 2 * 12))) /dev/zero > inner.weights; no_gradient "[local_avgpool]"
    for kind in '' _softmax _softmax_maxval; do
        printf "$size[convolutional]\nfilters=2\nsize=1\nstride=1\nactivation=normalize_channels$kind\n[avgpool]\n[softmax]\n" > inner.cfg
        head -c $((16 + 4 * (2 + 2 * 3))) /dev/zero > inner.weights; no_gradient "activation=normalize_channels"
    done
else
    printf "$size[connected]\noutput=2\nactivation=linear\n[logistic]\n[softmax]\n" > inner.cfg; no_gradient "[logistic]"
fi
# a layer that takes no part in training has a gradient nevertheless
for name in known3 forward; do run attack rgb.data $name.cfg known3.weights -method fgsm,pgd -epsilon 40/255 -csv out/$name.csv > out/said; sed '0,/^\[connected\]/s//&\nonlyforward=1/' known3.cfg > forward.cfg; done
cmp -s out/known3.csv out/forward.csv && [ "$(sed -n '2p' out/known3.csv | cut -d, -f5)" != "$(sed -n '3p' out/known3.csv | cut -d, -f5)" ] \
    && pass "onlyforward hides no gradient" || fail "onlyforward hides no gradient" "$(diff out/known3.csv out/forward.csv | head -2 | tr '\n' ' ')"
if [ "$HOST" = alexeyab ]; then
    printf '[net]\nwidth=4\nheight=4\nchannels=3\n[convolutional]\nfilters=3\nsize=1\nactivation=linear\n[convolutional]\nfilters=3\nsize=1\nactivation=linear\n[shortcut]\nfrom=-2\nweights_type=per_channel\nweights_normalization=softmax\nactivation=linear\n[avgpool]\n[softmax]\n' > weighted.cfg
    { head -c 20 known3.weights; tail -c 120 known3.weights; } > weighted.weights
    run attack rgb.data weighted.cfg weighted.weights -method fgsm,apgd-dlr -epsilon 12/255 > out/said && pass "attacks on weighted shortcuts" || fail "attacks on weighted shortcuts" "status $?: $(tail -1 err)"
fi
colour black 0 0 0; { cat three.list; echo images/black.ppm; } > black.list; cp images/black.ppm images/black_red.ppm; sed -i 's/black.ppm/black_red.ppm/' black.list
printf 'classes=3\nvalid=black.list\nlabels=labels3.txt\n' > black.data
run attack black.data known3.cfg known3.weights -method fgsm -epsilon 12/255 -csv out/black.csv > out/said
grep -q '^fgsm,' out/black.csv && ! grep -q -e ',-inf,' out/black.csv && pass "a black image leaves the mean SNR finite" || fail "a black image leaves the mean SNR finite" "$(tail -1 out/black.csv) $(tail -1 err)"
rm -f images/black*.ppm
fails "an attack that does not exist" "no attack 'cw'; there are fgsm" attack two.data $net -method fgsm,cw
fails "an attack given twice" "has apgd-ce twice" attack two.data $net -method apgd,apgd-ce
fails "a ratio of three logits where there are two" "takes three classes or more" attack two.data $net -method apgd -loss dlr
fails "a fraction that is none" "should be a number" attack two.data $net -epsilon 8/
fails "a fraction of nothing" "should be a number" attack two.data $net -epsilon /255

run stress two.data $net -layers 0 -draws 3 -csv out/stress.csv -o out/stress.svg > out/said
[ "$(cut -d, -f1,2 out/stress.csv | tr '\n' ' ')" = "stress,value clean,0 snr,15 dropout,0.25 bits,5 radius,0.5 radius,1 radius,2 radius,4 " ] && grep -q 'robustness curve' out/stress.svg \
    && awk -F, '$1 == "clean" { clean = $5 } $1 == "radius" { if ($7 > $5) bad = 1 } END { exit bad || clean == "" }' out/stress.csv && grep -q '^images: 200 in' err \
    && pass "stress: noise, dropout, bits and the robustness curve" || fail "stress: noise, dropout, bits and the robustness curve" "$(tail -1 err)"
run stress two.data $net -snr 200 -radii 0 -draws 2 -csv out/stress0.csv > out/said
awk -F, '$1 == "clean" { clean = $5 } $1 == "snr" { snr = $5 } $1 == "radius" { kept = $7 } END { exit !(clean == snr && kept == 100) }' out/stress0.csv \
    && pass "no noise is no stress" || fail "no noise is no stress" "$(tr '\n' ' ' < out/stress0.csv)"
fails "stress: bits that are none" "'x' should be a whole number from 2 to 16" stress two.data $net -bits 5,x
fails "stress: one bit" "should be a whole number from 2 to 16" stress two.data $net -bits 1
fails "stress: dropout without blocks" "has no blocks; name -layers" stress two.data $net -dropout .25
fails "stress: dropout of class scores" "layer 1 softmax: its output cannot be dropped" stress two.data $net -dropout .25 -layers 1
fails "stress: a network of other classes" "2 outputs" stress three.data $net -snr 5

# official-like files, written by numpy: 5 severities of 2 images of 4x4
run corrupt two.data $net -npy "$here/npy" -only jpeg_compression,motion_blur -by knn -layer input -knn 1 -csv out/order.csv > out/said
[ "$(awk -F, 'NR > 2 { printf "%d ", $4 }' out/order.csv)" = "0 0 0 100 50 0 0 0 100 50 " ] && pass "numpy's files, versions 1 and 2, give their images in order" \
    || fail "numpy's files, versions 1 and 2, give their images in order" "$(awk -F, 'NR > 2 { printf "%d ", $4 }' out/order.csv) $(tail -1 err)"
run corrupt two.data $net -npy "$here/npy" -only fog -test 2 -csv out/npy.csv > out/said
[ "$(grep -c '^fog,[1-5],2,.*,official,' out/npy.csv)" = 5 ] && pass "corrupt reads numpy's files" || fail "corrupt reads numpy's files" "$(tail -1 err)"
if run corrupt two.data $net -write out/made -csv out/made.csv > out/said; then
    grep -q 'not the official' out/said && grep -q 'made (not official' out/made.csv && grep -qi 'not the official' out/made/README.txt \
        && pass "made corruptions say so everywhere" || fail "made corruptions say so everywhere" "$(head -1 out/said)"
    run corrupt two.data $net -npy out/made -csv out/reread.csv > out/said
    cut -d, -f1-4 out/made.csv > out/a; cut -d, -f1-4 out/reread.csv > out/b
    cmp -s out/a out/b && pass "what -write saves, -npy reads" || fail "what -write saves, -npy reads" "$(tail -1 err)"
    grep -q 'not the official' out/said && ! grep -q ',official,' out/reread.csv && pass "made files stay made when they are read again" \
        || fail "made files stay made when they are read again" "$(head -1 out/said)"
    grep -q '^images: 760 in' err && pass "corrupt's progress is over all of it" || fail "corrupt's progress is over all of it" "$(tail -1 err)"
    seq -f 'class%g' 300 > many.txt; printf 'images/1_class1.ppm\n' > many.list; printf 'classes=300\nvalid=many.list\nlabels=many.txt\n' > many.data; cp images/1_red.ppm images/1_class1.ppm
    fails "-write of more classes than a byte tells" "there are 300 classes" corrupt many.data $net -by knn -layer 0 -only fog -write out/many
    mkdir -p out/theirs; cp "$here/npy/fog.npy" out/theirs
    fails "-write over files of others" "which was not made here" corrupt two.data $net -only fog -write out/theirs
    cmp -s out/theirs/fog.npy "$here/npy/fog.npy" && run corrupt two.data $net -only fog -write out/made > out/said && pass "-write replaces only what it made" \
        || fail "-write replaces only what it made" "$(tail -1 err)"
    # a baseline with every excess halved, and one where nothing changes
    awk -F, 'NR == 1 { print; next } $1 == "clean" { $4 = 10; print $1","$2","$3","$4","$5","; next } { print $1","$2","$3","20","$5"," }' out/made.csv > out/base.csv
    awk -F, 'NR == 1 { print; next } { e = $1 == "clean" ? 0 : 20; print $1","$2","$3","e","$5"," }' out/made.csv > out/base0.csv
    run corrupt two.data $net -baseline out/base0.csv -csv out/relative.csv > out/said
    awk -F, '$1 == "clean" { c = $4 } NR > 2 { s += $4 - c } END { printf "%.2f\n", 100 * s / (75 * 20) }' out/relative.csv > out/a
    sed -n 's/^relative MCE \([-0-9.]*\) .*/\1/p' out/said > out/b
    cmp -s out/a out/b && pass "relative MCE" || fail "relative MCE" "$(cat out/b), $(cat out/a) expected"
    # a baseline that errs by half a point more under fog and by 20 under the others: fog is named and left out of the second mean
    awk -F, 'NR == 1 { print; next } { e = $1 == "clean" ? 0 : $1 == "fog" ? .5 : 20; print $1","$2","$3","e","$5"," }' out/made.csv > out/hardly.csv
    run corrupt two.data $net -baseline out/hardly.csv -csv out/relative.csv > out/said
    awk -F, '$1 == "clean" { c = $4 } NR > 2 { s += $4 - c } NR > 2 && $1 != "fog" { r += $4 - c } END { printf "without %.2f over 14 excess %.2f of %.2f\n", 100 * r / (70 * 20), s / 75, 100 * s / (70 * 20 + 5 * .5) }' out/relative.csv > out/a
    sed -n 's/^relative corruption error without them \([-0-9.]*\), over 14/without \1 over 14/p; s/^mean excess over the clean error \([-0-9.]*\) points, \([-0-9.]*\) %.*/excess \1 of \2/p' out/said | tr '\n' ' ' | sed 's/ $/\n/' > out/b
    cmp -s out/a out/b && grep -q '^the baseline hardly errs more (points): fog (0.50); ' out/said && grep -q '^fog,1,.*,0.5000$' out/relative.csv \
        && pass "corruptions under which the baseline hardly errs are named" || fail "corruptions under which the baseline hardly errs are named" "$(cat out/b), $(cat out/a) expected"
    run corrupt two.data $net -baseline <(sed 's/^fog,\([1-5]\),\([0-9]*\),20,/fog,\1,\2,0,/' out/base0.csv) -csv out/relative.csv > out/said
    grep -q '^relative corruption error .* over 14 of the 15' out/said && grep -q '^fog,1,.*,,0.0000$' out/relative.csv && grep -q 'hardly errs more (points): fog (0.00)' out/said \
        && pass "a corruption that raises no error is left out of the mean" || fail "a corruption that raises no error is left out of the mean" "$(tail -1 err)"
    fails "a baseline without excess" "nothing is relative to it" corrupt two.data $net -only fog -baseline <(sed 's/,20,/,10,/' out/base.csv)
    fails "a baseline that errs less where it is corrupted" "nothing is relative to it" corrupt two.data $net -only fog -baseline <(sed 's/,20,/,5,/' out/base.csv)
    fails "a baseline without one of the corruptions" "has no snow at all 5 severities" corrupt two.data $net -only fog,snow -baseline <(grep -v '^snow,3' out/base.csv)
    grep -q '^images' err && fail "baselines are looked at first" "$(tail -2 err)" || pass "baselines are looked at first"
    fails "a baseline of official files" "has official corruptions, this table made ones" corrupt two.data $net -only fog -baseline out/npy.csv
else
    case $(tail -1 err) in *"this build lacks"*) echo "SKIPPED made corruptions: $(tail -1 err)" ;; *) fail "made corruptions" "$(tail -1 err)" ;; esac
fi

# --- mistakes
fails "an unknown option" "did you mean -knn?" eval two.data $net -kn 3
fails "a classifier that does not exist, before the work" "-by knn,svm: 'svm' should be argmax, knn or logistic" eval missing.data $net -by knn,svm
fails "an empty classifier, before the work" "-by knn,: '' should be" eval missing.data $net -by knn,
fails "corrupt's classifier, before the work" "'svm' should be argmax" corrupt missing.data $net -by svm -npy none
fails "a misspelt command" "no command 'evla'; did you mean eval?" evla two.data $net
fails "a value out of its range" "should be a whole number from 1" eval two.data $net -knn 0
fails "a value past its range" "should be a whole number from 1 to 10000" eval two.data $net -knn 3000000000
fails "a value past a range that hardly ends" "should be a whole number from 0 to 1000000000" eval two.data $net -test 2000000000
fails "all choices as one" "should be one of cosine|euclidean" eval two.data $net -metric 'cosine|euclidean'
fails "a value that is none of the choices" "should be one of cosine|euclidean" eval two.data $net -metric l1
fails "an option without its value" "needs a value" eval two.data $net -knn
fails "a layer out of range" "the network has layers 0 to 1" variation two.data $net -layers 7 -batch 5
fails "a batch larger than the list" "not one batch of 100" variation two.data $net
fails "an empty class" "class green has 0 images" graph three.data $net -per_class 1 -classes red,green
fails "an unknown class" "no such class" graph two.data $net -classes red,pink
fails "arg max of another number of outputs" "2 outputs for 3 classes" eval three.data $net -by argmax
fails "both ways to bound the noise" "give one" attack two.data $net -snr 3 -epsilon 1
fails "a missing file" "cannot open none.data" eval none.data $net
fails "a log without iterations" "is no training log" plot two.data
fails "columns first" "columns first" corrupt two.data $net -npy "$here/npy" -only snow
fails "another dtype" "should be bytes" corrupt two.data $net -npy "$here/npy" -only frost
fails "another shape" "has shape" corrupt two.data $net -npy "$here/npy" -only contrast
fails "a file cut short" "is cut short" corrupt two.data $net -npy "$here/npy" -only brightness
fails "no .npy file at all" "is no .npy file" corrupt two.data $net -npy "$here/npy" -only pixelate
fails "a corruption that is not there" "cannot open" corrupt two.data $net -npy "$here/npy" -only zoom_blur
fails "a CSV that cannot be written" "cannot write" eval two.data $net -layer input -by knn -knn 1 -csv none/x.csv
fails "a CSV that cannot be written, before the work" "cannot write none/x.csv" eval missing.data $net -csv none/x.csv
fails "a figure that is a directory" "is a directory" graph two.data $net -per_class 3 -o out
fails "a full disk" "cannot write /dev/full" variation two.data $net -batch 5 -csv /dev/full
[ -c /dev/full ] && pass "a device stays one" || fail "a device stays one" "$(ls -l /dev/full)"
run plot log.csv -o /dev/stdout | cat > out/screen.svg; [ "$(tail -1 out/screen.svg)" = '</svg>' ] && pass "a plot to the screen, and nothing else" || fail "a plot to the screen, and nothing else" "$(tail -1 out/screen.svg)"
run variation two.data $net -batch 5 -layers input -csv /dev/stdout | grep -q '^layer,mean,deviation$' && pass "a CSV to the screen" || fail "a CSV to the screen" "$(tail -1 err)"
: > out/linked.csv; ln -sf linked.csv out/link.csv; run variation two.data $net -batch 5 -csv out/link.csv > out/said
[ -L out/link.csv ] && grep -q '^layer,mean' out/linked.csv && pass "a link stays, its file is written" || fail "a link stays, its file is written" "$(ls -l out/link.csv)"
for i in $(seq 3000); do cat train.list; done > endless.list; printf 'labels=labels.txt\nvalid=endless.list\n' > endless.data
"$darknet" lgg attack endless.data $net -epsilon .1 -save out/stopped > out/said 2>&1 & stopped=$!
for i in $(seq 200); do [ -n "$(ls out/stopped/images.list*.tmp 2> /dev/null)" ] && break; sleep .05; done
kill -TERM $stopped; wait $stopped 2> /dev/null; ended=$?
[ $ended = 143 ] && [ -z "$(ls out/stopped/*.tmp out/stopped/images.list 2> /dev/null)" ] && pass "a command that is stopped leaves no half-written file" \
    || fail "a command that is stopped leaves no half-written file" "status $ended, $(ls out/stopped | grep -v png)"
cp linear.weights out/kept.weights; cp linear.cfg out/kept.cfg
fails "a table over the weights" "cannot write out/kept.weights: this command reads it" eval two.data out/kept.cfg out/kept.weights -csv out/kept.weights
fails "a picture over the network" "cannot write out/../out/kept.cfg: this command reads it" graph two.data out/kept.cfg out/kept.weights -per_class 3 -o out/../out/kept.cfg
cp long.csv out/log.csv; fails "a picture over its log" "cannot write out/log.csv: this command reads it" plot out/log.csv -o out/log.csv
printf 'red,dark\nblue\n' > out/kept.txt; sed 's/labels.txt/out\/kept.txt/' two.data > out/kept.data
fails "a table over the labels" "cannot write out/kept.txt: this command reads it" eval out/kept.data $net -csv out/kept.txt
[ "$(cat out/kept.txt)" = "$(printf 'red,dark\nblue')" ] && cmp -s linear.weights out/kept.weights && cmp -s linear.cfg out/kept.cfg && cmp -s long.csv out/log.csv && pass "no command writes over what it reads" || fail "no command writes over what it reads" "changed"
fails "a picture of another format" "what is written is SVG" plot long.csv -o out/long.png
fails "a loss for an attack that has none" "-loss dlr: is for -method apgd alone" attack two.data $net -loss dlr
fails "restarts of an attack that has none" "-restarts 3: apgd alone has restarts" attack two.data $net -restarts 3
fails "steps of an attack that takes none" "-steps 5: pgd, apgd and deepfool take steps" attack two.data $net -steps 5
fails "an epsilon in grey levels" "-epsilon 8: pixels are 0 to 1" attack two.data $net -epsilon 8
{ grep red train.list; grep blue train.list; } > sorted.list; printf 'labels=labels.txt\nvalid=sorted.list\n' > sorted.data
run variation sorted.data $net -batch 5 > out/said; grep -q 'warning: 2 of 2 batches hold images of one class alone' err && pass "batches of one class are told" || fail "batches of one class are told" "$(tail -1 err)"
run variation sorted.data $net -batch 4 > out/said; grep -q 'the last 2 images fill no batch' err && pass "images that fill no batch are told" || fail "images that fill no batch are told" "$(tail -1 err)"
fails "a list and classes" "-classes, -per_class, -from and -seed go without it" graph two.data $net -list train.list -classes red
fails "a list and what would draw from it" "-seed go without it" graph two.data $net -list train.list -per_class 3
printf 'valid=train.list\nlabels=labels.txt\n' > valid.data; fails "a list that the data file does not name" "-from train: the data file names no such list" graph valid.data $net -from train
fails "a list and a set" "-list and -set both name the images" embed two.data $net -list train.list -set train
fails "a random start of an attack that has none" "pgd and apgd alone start at random" attack two.data $net -epsilon .1 -random_start 0
fails "an overshoot of an attack that has none" "deepfool alone has one" attack two.data $net -epsilon .1 -overshoot .1
fails "draws of an attack that has none" "-draws 5: are of -method random" attack two.data $net -epsilon .1 -draws 5
fails "stress: layers without dropout" "-layers 0: is of -dropout" stress two.data $net -snr 5 -layers 0
fails "stress: a norm without radii" "-norm inf: is of -radii" stress two.data $net -snr 5 -norm inf
fails "corrupt: neighbours that do not judge" "change nothing by argmax; -by knn" corrupt two.data $net -npy "$here/npy" -only fog -knn 3
sed '/^\[softmax\]/,$d' linear.cfg > embedding.cfg
fails "corrupt: an embedding" "one classifier judges an embedding: -by knn" corrupt three.data embedding.cfg linear.weights -npy "$here/npy" -only fog
fails "corrupt: a seed of what is there" "-seed: is of corruptions made here" corrupt two.data $net -npy "$here/npy" -only fog -seed 3
sed 's/classes=2/classes=2x/' two.data > odd.data; fails "a number of classes that is none" "classes=2x, but labels.txt has 2 labels" eval odd.data $net
{ head -3 train.list; echo images/none_red.ppm; } > hole.list; printf 'labels=labels.txt\nvalid=hole.list\n' > hole.data
fails "an image that is not there" "cannot read images/none_red.ppm" attack hole.data $net -epsilon .1 -batch 2 -save out/hole
[ -z "$(ls out/hole/*.tmp out/hole/images.list 2> /dev/null)" ] && pass "an attack cut short leaves no list" || fail "an attack cut short leaves no list" "$(ls out/hole)"
printf '[net]\nwidth=4\nheight=4\nchannels=3\n[convolutional]\nfilters=21\nsize=1\nstride=1\nactivation=linear\n[yolo]\nmask=0,1,2\nanchors=1,1, 2,2, 3,3\nclasses=2\nnum=3\n' > yolo.cfg
head -c 352 /dev/zero > yolo.weights
for command in eval "eval -by argmax" attack "corrupt -only fog" "variation -batch 5" "graph -per_class 3"; do
    set -- $command
    fails "a detection network: lgg $command" "this is a detection network" "$1" two.data yolo.cfg yolo.weights "${@:2}"
done
run variation two.data yolo.cfg yolo.weights -batch 5 -layers input,0 > out/said && run eval two.data yolo.cfg yolo.weights -layer 0 -by knn -knn 1 > out/said \
    && pass "a detection network's layers can be looked at" || fail "a detection network's layers can be looked at" "$(tail -1 err)"
printf '[net]\ninputs=48\n[connected]\noutput=2\nactivation=linear\n[softmax]\n' > flat.cfg
fails "a network that takes no images" "should have width, height and channels" eval two.data flat.cfg linear.weights
fails "a section beside all of them" "leave out 'lgg_gkd'" sections lgg_gkd -markdown
commands=$("$darknet" lgg help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
[ "$(echo "$commands" | wc -l)" = 13 ] && pass "lgg help names every command" || fail "lgg help names every command" "$(echo $commands)"
missing=$(for command in $commands; do grep -q "^| .*\`$command\`.* |" "$here/../../README.md" || echo "$command"; done)
[ -z "$missing" ] && pass "README's table has every command" || fail "README's table has every command" "not $missing"
# Each option that a command takes, by its own complaint that a value is missing or by doing without: those that its -help lists, and no other.
for command in $commands; do
    [ "$command" != sections ] || continue
    if ! "$darknet" lgg $command -help > out/help 2>&1; then
        case $(cat out/help) in *"built without ONNX"*) continue ;; esac
    fi
    grep -m1 '^usage' out/help | grep -q "^usage: ./darknet lgg $command .*\[options\]" && pass "lgg $command -help begins with its usage" || fail "lgg $command -help begins with its usage" "$(head -1 out/help)"
    wrong=''
    for option in $(sed -n 's/^  -\([a-z_0-9]*\) .*/\1/p' out/help); do
        "$darknet" lgg $command -$option > out/said 2>&1
        ! grep -q 'no option' out/said || wrong+=" -$option"
    done
    grep -q '^  -' out/help && [ -z "$wrong" ] && pass "lgg $command -help lists options that it takes" || fail "lgg $command -help lists options that it takes" "$wrong"
    # README's
    for option in $(sed -n "s/^| .*\`$command\`[^|]*|\(.*\)|\$/\1/p" "$here/../../README.md" | grep -oE '[`( ]-[a-z][a-z_0-9]*' | tr -d '`( -'); do
        grep -q "^  -$option " out/help || fail "lgg $command -help lists what README names" "no -$option"
    done
done
for size in "7 3 3" "4 4 1" "2 9 4"; do
    set -- $size
    printf '[net]\nwidth=%d\nheight=%d\nchannels=%d\n[connected]\noutput=2\nactivation=linear\n[softmax]\n' "$1" "$2" "$3" > size.cfg
    head -c $((16 + 4 * (2 + 2 * $1 * $2 * $3))) /dev/zero > size.weights
    run eval two.data size.cfg size.weights > out/said && run attack two.data size.cfg size.weights -save "out/size$1" > out/said && run graph two.data size.cfg size.weights -per_class 3 -images -o out/size.svg > out/said \
        && pass "images of $1x$2 with $3 channels" || fail "images of $1x$2 with $3 channels" "$(tail -1 err)"
done
[ -z "$(ls out/*.tmp 2> /dev/null)" ] && pass "no half-written file stays" || fail "no half-written file stays" "$(ls out/*.tmp)"
exit $failed
