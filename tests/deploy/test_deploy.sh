#!/bin/bash
# What other readers make of networks that `lgg deploy` and `lgg export` wrote, beside what ours made of them before: stock Darknet, OpenCV's
# DNN module and ONNX Runtime, where these are installed. On images of CIFAR-10 and the demo's teacher, and on small networks of every kind of
# layer with random weights.
#
# usage: test_deploy.sh DARKNET HOST FOLDER NODE_MODULES   FOLDER has make_images, make_weights, compare and the readers
set -u
darknet=$(realpath "$1") host=$2 folder=$(realpath "$3") here=$(cd "$(dirname "$0")" && pwd) root=$PWD
export NODE_PATH=$(realpath -m "$4") OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OPENCV_FOR_THREADS_NUM=1
failures=0
work=$folder/work
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 1

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failures=$((failures + 1)); }
skip() { echo "SKIPPED $1: $2"; }
run() { "$darknet" lgg "$@" > log 2>&1; }
last_line() { { grep -a "^lgg " log || tail -n 1 log; } | tail -n 1 | cut -c 1-200; }

have_opencv=0 have_ort=0
[ -x "$folder/read_opencv" ] && have_opencv=1
command -v node > /dev/null && node -e 'require("onnxruntime-node")' 2> /dev/null && have_ort=1
has_onnx() { ! "$darknet" lgg export -help 2>&1 | grep -q 'built without ONNX'; }

# agree NAME EXPECTED GOT BOUND
agree() {
    local said
    if said=$("$folder/compare" "$2" "$3" "$4"); then pass "$1: $said"; else fail "$1" "$said"; fi
}

# read_with NAME EXPECTED BOUND READER ARGUMENTS…: the reader's output, its last argument being the file, is the expected one.
read_with() {
    local name=$1 expected=$2 bound=$3 out=${!#}
    shift 3
    rm -f "$out"
    if "$@" > read.log 2>&1 && [ -f "$out" ]; then agree "$name" "$expected" "$out" "$bound"
    else fail "$name" "$(grep -v '^$' read.log | tail -n 1 | cut -c 1-200)"; fi
}

# check_onnx NAME MODEL IMAGES SHAPE EXPECTED: both readers, one image at a time and several.
check_onnx() {
    local name=$1 model=$2 images=$3 shape=$4 expected=$5 batch
    for batch in 1 7; do
        if [ $have_ort = 1 ]; then
            read_with "$name, ONNX Runtime, batches of $batch" "$expected" 1e-4 node "$here/read_onnx.js" "$model" "$images" $shape $batch got.ort
        else skip "$name, ONNX Runtime" "no npm or no onnxruntime-node"; fi
    done
    # batches of one size: its transposed convolutions are wrong in a smaller last one
    for batch in 1 5; do
        if [ $have_opencv = 1 ]; then
            read_with "$name, ONNX in OpenCV, batches of $batch" "$expected" 1e-4 "$folder/read_opencv" "$model" - "$images" $shape $batch got.opencv
        else skip "$name, ONNX in OpenCV" "libopencv-dnn-dev is not installed"; fi
    done
}

# --- the demo's teacher, with our sections in between, on a thousand test images
teacher_on_images() {
    local images=images.cifar fold
    (cd "$root" && "$folder/make_images" "$work/$images" 1000 data/cifar10/test.list) || { skip "deploy, the demo's teacher" "no CIFAR-10"; return; }
    awk '/^\[connected\]/ { print "[label_variation]\nlayers=2\nclasses=10\n" } { print } /^\[shortcut\]/ && !n++ { print "from=-3\nactivation=relu\n\n[lgg_smooth]\nlayers=0,1"; skip = 2 }' \
        "$root/cfg/demo-teacher.cfg" > teacher.full
    awk '/^\[lgg_smooth\]/ { print; getline; print; skipping = 2; next } skipping && /^(from|activation)=/ { --skipping; next } { print }' teacher.full > teacher.cfg
    sed "s|=data/|=$root/data/|" "$root/data/cifar10.data" > cifar.data
    sed "s|^|$root/|" "$root/data/cifar10/test.list" > test.list
    sed -i "s|^valid=.*|valid=$work/test.list|" cifar.data
    cp "$root/cfg/demo-teacher.weights" teacher.weights
    "$folder/read_ours" teacher.cfg teacher.weights $images expected.teacher > read.log 2>&1 || { fail "the demo's teacher" "$(tail -n 1 read.log)"; return; }
    for fold in "" -fold; do
        local name="deploy${fold:+ $fold}, the demo's teacher" bound=1e-5
        [ "$fold" ] || bound=1e-3 # their batch norms have other epsilons
        if ! run deploy cifar.data teacher.cfg teacher.weights -o "out$fold" $fold; then fail "$name" "$(last_line)"; continue; fi
        pass "$name: $(grep '^outputs of' log)"
        read_with "$name, stock $host" expected.teacher $bound "$folder/read_stock" "out$fold/teacher.cfg" "out$fold/teacher.weights" $images got.stock
        if [ $have_opencv = 1 ]; then
            read_with "$name, OpenCV" expected.teacher $bound "$folder/read_opencv" "out$fold/teacher.cfg" "out$fold/teacher.weights" $images 3 32 32 50 got.opencv
        else skip "$name, OpenCV" "libopencv-dnn-dev is not installed"; fi
    done
    if has_onnx; then
        run export cifar.data teacher.cfg teacher.weights -o teacher.onnx || { fail "export, the demo's teacher" "$(last_line)"; return; }
        check_onnx "export, the demo's teacher" teacher.onnx $images "3 32 32" expected.teacher
    fi
}

# --- small networks
# random NAME C H W [OPTION-OF-NET]…: cfg/NAME.cfg with random weights, images and what it gives for them.
random() {
    sed "s/^\[net\]/[net]\n${5:-}/" "$here/cfg/$1.cfg" > "$1.cfg"
    "$folder/make_images" "images.$1" 20 "$2" "$3" "$4"
    "$folder/make_weights" "$1.cfg" "$1.weights" > read.log 2>&1 && "$folder/read_ours" "$1.cfg" "$1.weights" "images.$1" "expected.$1" > read.log 2>&1 ||
        { fail "$1" "$(tail -n 1 read.log)"; return 1; }
}

# deployed NAME TITLE: as it is, and folded.
deployed() {
    local name=$1 title fold left bound
    for fold in "" -fold; do
        title="deploy${fold:+ $fold}, $2" bound=1e-4
        if [ $host = pjreddie ] && [ -z "$fold" ]; then bound=2e-3; fi # another epsilon
        rm -f "out$fold/$name".*
        if ! run deploy noise.data "$name.cfg" "$name.weights" -o "out$fold" $fold; then fail "$title" "$(last_line)"; continue; fi
        read_with "$title, stock $host" "expected.$name" $bound "$folder/read_stock" "out$fold/$name.cfg" "out$fold/$name.weights" "images.$name" got.stock
        left=$(grep -E -m 1 '^(\[lgg|\[label_variation|\[rkd|bn_momentum|parseval|pad_crop|lgg_log|seed)' "out$fold/$name.cfg") && fail "$title" "$left is left"
    done
}

# exported NAME TITLE C H W
exported() {
    has_onnx || return
    run export noise.data "$1.cfg" "$1.weights" -o "$1.onnx" || { fail "export, $2" "$(last_line)"; return; }
    check_onnx "export, $2" "$1.onnx" "images.$1" "$3 $4 $5" "expected.$1"
}

# network NAME C H W [OPTION-OF-NET]…
network() {
    local title="$1${5:+ with $5}"
    random "$@" || return
    deployed "$1" "$title"
    exported "$1" "$title" "$2" "$3" "$4"
}

# An embedding: the same numbers as in the middle of the whole network.
embedding() {
    local name="-layer 20, the classifier's embedding"
    "$folder/read_ours" classifier.cfg classifier.weights images.classifier expected.embedding 20 > read.log 2>&1
    if ! run deploy noise.data classifier.cfg classifier.weights -o embedding -layer 20; then fail "$name" "$(last_line)"; return; fi
    read_with "deploy $name, stock $host" expected.embedding 2e-3 "$folder/read_stock" embedding/classifier.cfg embedding/classifier.weights images.classifier got.stock
    has_onnx || return
    run export noise.data classifier.cfg classifier.weights -o embedding.onnx -layer 20 || { fail "export $name" "$(last_line)"; return; }
    check_onnx "export $name" embedding.onnx images.classifier "3 48 48" expected.embedding
}

# fails NAME TEXT COMMAND…: the command exits non-zero, says TEXT in its last line and leaves nothing.
fails() {
    local name=$1 text=$2
    shift 2
    if run "$@"; then fail "$name" "it succeeded"; return; fi
    case $(last_line) in *"$text"*) ;; *) fail "$name" "it says '$(last_line)'"; return ;; esac
    if [ -e nothing/tiny.cfg ] || [ -e nothing/tiny.weights ] || [ -e nothing.onnx ] || ls nothing/*.tmp > /dev/null 2>&1; then fail "$name" "it left a file"; else pass "$name"; fi
}

noise_list() {
    : > noise.list
    for i in 1 2 3; do
        { printf 'P6 40 40 255\n'; head -c 4800 < <(yes "$((i * i * 997)) $i"); } > "$i.ppm"
        echo "$work/$i.ppm" >> noise.list
    done
    printf 'one\n' > labels.txt
    printf 'classes=1\nvalid=%s\nnames=labels.txt\n' "$work/noise.list" > noise.data
}

# What stock Darknet computes otherwise is counted, and what it cannot read is refused.
stock_differs() {
    local net="[net]\nwidth=8\nheight=8\nchannels=3\n" conv="[convolutional]\nfilters=4\nsize=3\nstride=1\npad=1\n" name="deploy counts activations that stock Darknet computes otherwise"
    printf "$net${conv}activation=tanh\n${conv}activation=elu\n${conv}activation=selu\n${conv}activation=logistic\n$conv" > activations.cfg
    "$folder/make_weights" activations.cfg activations.weights > read.log 2>&1
    run deploy noise.data activations.cfg activations.weights -o activations
    if grep -q '^ *3 activations tanh, elu or selu, ' log && grep -q '^ *2 activations logistic, ' log; then pass "$name"; else fail "$name" "$(last_line)"; fi
    local expected
    name="deploy counts what the other Darknet does not know"
    if [ "$host" = pjreddie ]; then
        printf "$net${conv}activation=linear\n${conv}activation=linear\n[shortcut]\nfrom=-2\nalpha=.7\nactivation=linear\n[logistic]\n" > alone.cfg
        expected=$'1 [shortcut] with alpha or beta, which stock AlexeyAB\n1 layers that stock AlexeyAB'
    else
        printf "$net${conv}activation=mish\n[empty]\n${conv}activation=swish\n" > alone.cfg
        expected=$'2 activations that stock pjreddie\n1 layers that stock pjreddie'
    fi
    "$folder/make_weights" alone.cfg alone.weights > read.log 2>&1
    run deploy noise.data alone.cfg alone.weights -o alone
    if [ "$(sed -n 's/^ *\([12] .*\(AlexeyAB\|pjreddie\)\).*/\1/p' log)" = "$expected" ]; then pass "$name"; else fail "$name" "$(last_line)"; fi
    [ "$host" = pjreddie ] || return
    fails "deploy of a [deconvolutional]" "layer 0 [deconvolutional]: stock Darknet" deploy noise.data deconvolutional.cfg deconvolutional.weights -o nothing
}

# The options of their section that what reads boxes needs.
box_options() {
    has_onnx || return
    local net="[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=7\nsize=1\nstride=1\nactivation=linear\n" name="export notes how boxes are to be read"
    printf "$net[region]\nclasses=2\nnum=1\ncoords=4\nanchors=1,1\nsoftmax=1\nbackground=1\n" > region.cfg
    printf "$net[connected]\noutput=28\nactivation=linear\n[detection]\nclasses=2\ncoords=4\nnum=1\nside=2\nsqrt=1\n" > boxes.cfg
    for one in region boxes; do
        "$folder/make_weights" $one.cfg $one.weights > read.log 2>&1
        run export noise.data $one.cfg $one.weights -o $one.onnx || { fail "$name" "$(last_line)"; return; }
    done
    if grep -aq 'softmax=1 background=1' region.onnx && grep -aq 'side=2 sqrt=1' boxes.onnx; then pass "$name"; else fail "$name" "$(grep -ao 'classes=2[ -~]*' region.onnx boxes.onnx | tr '\n' ' ')"; fi
}

mistakes() {
    local net="[net]\nwidth=8\nheight=8\nchannels=3\n" conv="[convolutional]\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=linear\n" net_weights="tiny.cfg tiny.weights"
    printf "$net$conv[local]\nfilters=2\nsize=3\nstride=1\npad=0\nactivation=linear\n[convolutional]\nfilters=2\nsize=1\nactivation=stair\n" > tiny.cfg
    "$folder/make_weights" tiny.cfg tiny.weights > read.log 2>&1
    printf 'valid=none.list\n' > none.data
    fails "deploy without -o" "-o folder" deploy noise.data $net_weights
    fails "deploy of two layers" "should be one layer" deploy noise.data $net_weights -o nothing -layer 0,1
    fails "deploy of a layer that is not there" "7" deploy noise.data $net_weights -o nothing -layer 7
    fails "deploy without images" "none.list" deploy none.data $net_weights -o nothing
    fails "deploy over its own file" "would be written over" deploy noise.data $net_weights -o .
    printf 'not a folder\n' > file
    fails "deploy into a file" "no directory" deploy noise.data $net_weights -o file
    # the first of three outputs overflows in both networks
    printf "$net[connected]\noutput=3\nactivation=linear\n" > huge.cfg
    perl -e 'print pack("l<3 q< f<*", 0, 2, 0, 0, (0) x 3, (3e38) x 192, (.01) x 384)' > huge.weights
    fails "deploy of what overflows" "up to nan away" deploy noise.data huge.cfg huge.weights -o nothing
    # folded, what is left of a mean far away is its rounding
    printf "$net[convolutional]\nbatch_normalize=1\nfilters=2\nsize=1\nactivation=linear\n" > far.cfg
    perl -e 'print pack("l<3 q< f<*", 0, 2, 0, 0, (99995) x 2, (1) x 2, (1e4) x 2, (1e-2) x 2, (.01) x 6)' > far.weights
    fails "deploy of what folding changes" "at most 1e-05 of it is allowed" deploy noise.data far.cfg far.weights -o nothing -fold
    if [ -n "$(ls nothing 2> /dev/null)" ]; then fail "deploy that fails writes nothing" "$(ls nothing)"; else pass "deploy that fails writes nothing"; fi
    has_onnx || { fails "export without ONNX says what to install" "libonnx-dev" export noise.data $net_weights -o nothing.onnx; return; }
    fails "export names the layer that it cannot" "layer 1 [local]" export noise.data $net_weights -o nothing.onnx
    sed -i '/^\[local\]/,/^activation/d' tiny.cfg
    "$folder/make_weights" tiny.cfg tiny.weights > read.log 2>&1
    fails "export names the activation that it cannot" "layer 1 [convolutional]: activation=stair" export noise.data $net_weights -o nothing.onnx
    fails "export into a folder that is not there" "cannot write" export noise.data $net_weights -o no/where.onnx
    if [ "$host" = alexeyab ]; then
        for activation in swish mish hard_mish; do
            printf "$net[connected]\noutput=4\nactivation=$activation\n" > zero.cfg
            "$folder/make_weights" zero.cfg zero.weights > read.log 2>&1
            fails "export of $activation where Darknet takes it for 0" "layer 0 [connected]: activation=$activation, which this Darknet" export noise.data zero.cfg zero.weights -o nothing.onnx
        done
        printf "$net${conv}activation=linear\n${conv}activation=linear\n[shortcut]\nfrom=-2\nactivation=hard_mish\n" > zero.cfg
        "$folder/make_weights" zero.cfg zero.weights > read.log 2>&1
        fails "export of hard_mish in a sum" "layer 2 [shortcut]: activation=hard_mish" export noise.data zero.cfg zero.weights -o nothing.onnx
    fi
    # AlexeyAB's host has lines of its own
    "$darknet" lgg export noise.data $net_weights -o /dev/stdout -layer 0 2> /dev/null | cat > screen.onnx
    if [ -s screen.onnx ] && ! grep -aq '/dev/stdout: ' screen.onnx; then pass "export to the screen adds no line"; else fail "export to the screen adds no line" "$(tail -n 1 screen.onnx)"; fi
    if run export noise.data $net_weights -o first.onnx -layer 0 && [ -s first.onnx ]; then pass "export of what is before such a layer"; else fail "export of what is before such a layer" "$(last_line)"; fi
}

noise_list
teacher_on_images
network classifier 3 48 48
embedding
network classifier 3 48 48 parseval=0.01
network detector 3 48 64
network "$host" 3 32 32
# what the stock host gets wrong
alone=relu6
if [ "$host" = pjreddie ]; then alone=deconvolutional; fi
random $alone 3 12 16 && exported $alone $alone 3 12 16
random flat 3 12 16 && exported flat flat 3 12 16
random flat_maps 3 12 16 && exported flat_maps "what a [connected] gives as maps" 3 12 16
if [ "$host" = alexeyab ]; then random flat_scale 3 12 16 && exported flat_scale "what a [connected] gives, scaled" 3 12 16; fi
stock_differs
box_options
mistakes
has_onnx || skip "export" "built without ONNX: libprotobuf-c-dev, protobuf-c-compiler or libonnx-dev is not installed"
[ $failures -eq 0 ]
