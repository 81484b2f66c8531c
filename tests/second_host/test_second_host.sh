#!/bin/bash
# AlexeyAB/darknet as a user has it: install, make, train, validate, uninstall; beside the first host's program.
#
# usage: test_second_host.sh PRISTINE-TREE FIRST-HOST'S-DARKNET
set -u

pristine=$1 first=$2
work=${BUILD:-build}/tests/second-host
tree=$work/tree
second=$tree/darknet
failures=0

pass() { echo "PASS second host, $1"; }
fail() { echo "FAIL second host, $1: $2"; failures=$((failures + 1)); }
manifest() { (cd "$1" && find . -type f ! -name '*.o' -printf '%m %P ' -exec sha256sum {} \; | sort -k2); }

# cfg FILE NET-OPTIONS...: the network of all.cfg with these options.
cfg() {
    local file=$1
    shift
    { printf '[net]\nwidth=32\nheight=32\nchannels=3\nmomentum=0.9\ndecay=0.0005\nbn_momentum=0.9\nmin_crop=32\nmax_crop=32\n'
      printf '%s\n' pad_crop=4 flip=1 shuffle=1 seed=3 decay_all=1 "$@"
      sed 1d tests/second_host/all.cfg; } > "$file"
}

# train DARKNET CFG [WEIGHTS...]: its output in $work/log.
train() {
    local darknet=$1 net=$2
    shift 2
    "$darknet" classifier train "$work/data" "$net" "$@" > "$work/log" 2>&1
}

# first_losses LOG.csv: task loss and the terms (not the scaled ones, nor the rates) of the first iteration.
first_losses() { awk -F, 'NR == 2 { for (i = 4; i <= NF; ++i) print $i }' "$1"; }

install_and_make() {
    rm -rf "$work"
    mkdir -p "$work/backup" && cp -R "$pristine" "$tree" || exit 1
    sed "s|^backup=.*|backup=$work/backup|" data/cifar10.data > "$work/data"
    manifest "$tree" > "$work/before"
    ${MAKE:-make} --no-print-directory -s install DARKNET="$tree" > "$work/log" 2>&1 || { fail "install" "$(tail -1 "$work/log")"; exit 1; }
    if ${MAKE:-make} -s -C "$tree" USE_CPP=1 2>&1 | grep -q 'USE_CPP=1: the latent geometry sources are C11'; then
        pass "a C++ compiler for C is refused in one line"
    else
        fail "a C++ compiler for C is refused in one line" "it is not"
    fi
    if ${MAKE:-make} -s -C "$tree" OPENMP=1 BLAS=1 -j"$(nproc)" > "$work/log" 2>&1; then
        pass "a clean tree takes the layers and builds with its own make"
    else
        fail "a clean tree takes the layers and builds with its own make" "$(grep -m 1 error "$work/log")"
        exit 1
    fi
}

# worst_difference FILE: of losses from the first host's, "good" or "bad" and in words.
worst_difference() {
    paste "$work/first.losses" "$1" | awk '
        { d = $1 - $2; d = d < 0 ? -d : d; s = $1 < 0 ? -$1 : $1; e = d / (s > 1e-12 ? s : 1); if (NF < 2) e = 1; if (e > worst) worst = e; ++n }
        END { print (n > 8 && worst <= 1e-4 ? "good" : "bad"), n " numbers, the worst differs by " worst }'
}

same_losses() {
    cfg "$work/start.cfg" batch=32 learning_rate=0 max_batches=1 policy=constant
    train "$first" "$work/start.cfg"
    cfg "$work/one.cfg" batch=32 learning_rate=0.05 max_batches=1 policy=constant lgg_log="$work/one.csv"
    for host in first second; do
        rm -f "$work/one.csv"
        train "${!host}" "$work/one.cfg" "$work/backup/start.weights" -clear || { fail "the first host's losses" "$(tail -1 "$work/log")"; return; }
        first_losses "$work/one.csv" > "$work/$host.losses"
    done
    local worst
    worst=$(worst_difference "$work/second.losses")
    case $worst in
        good*) pass "the first iteration has the first host's losses (${worst#good })" ;;
        *) fail "the first iteration has the first host's losses" "${worst#bad }" ;;
    esac
}

# libraries PROGRAM: those that the layers and `lgg` use, and where it finds them.
libraries() { ldd "$1" | awk '$1 ~ /^lib(lbfgs|jpeg|opencv_[a-z]*|dnnl|protobuf-c|openblas)\.so/ { print $1, $3 }' | sort; }

# The other way to build it, outside the tree.
cmake_builds() {
    local name="its CMakeLists.txt builds the layers, too" built=$work/cmake launcher='' worst
    if ! command -v cmake > /dev/null; then
        echo "SKIPPED second host, $name: cmake is not installed"
        return
    fi
    if command -v ccache > /dev/null; then launcher="-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache"; fi
    # shellcheck disable=SC2086 # options are words
    if ! { cmake -S "$tree" -B "$built" -DCMAKE_BUILD_TYPE=Release -DENABLE_CUDA=OFF -DENABLE_OPENCV=OFF $launcher &&
        cmake --build "$built" --target darknet -j "$(nproc)"; } > "$work/log" 2>&1; then
        fail "$name" "$(grep -m 1 -E 'error:|undefined reference' "$work/log")"
        return
    fi
    if ! diff <(libraries "$second") <(libraries "$built/darknet") > "$work/log"; then
        fail "$name, with the same libraries" "$(grep '[<>]' "$work/log" | tr '\n' ' ')"
    else
        pass "$name, with the same libraries"
    fi
    rm -f "$work/one.csv"
    if train "$built/darknet" "$work/one.cfg" "$work/backup/start.weights" -clear; then first_losses "$work/one.csv" > "$work/cmake.losses"; fi
    worst=$(worst_difference "$work/cmake.losses")
    case $worst in
        good*) pass "$name, with the first host's losses (${worst#good })" ;;
        *) fail "$name" "${worst#bad }; $(tail -1 "$work/log")" ;;
    esac
}

losses_fall() {
    cfg "$work/long.cfg" batch=32 learning_rate=0.05 max_batches=300 policy=poly power=1 lgg_log="$work/long.csv"
    train "$second" "$work/long.cfg" || { fail "a training with every section" "$(tail -1 "$work/log")"; return; }
    awk -F, '
        NR == 1 { for (i = 4; i <= NF; ++i) if ($i !~ /sigma|_scaled/) name[i] = $i; next }
        NR <= 51 { for (i in name) early[i] += $i }
        { row[NR] = $0 }
        END {
            for (r = NR - 49; r <= NR; ++r) { split(row[r], value, ","); for (i in name) late[i] += value[i] }
            for (i in name) printf "%s %s: %.6g over the first 50 iterations, %.6g over the last 50\n", \
                late[i] < early[i] ? "PASS" : "FAIL", "second host, " name[i], early[i] / 50, late[i] / 50
        }' "$work/long.csv" | tee "$work/falls"
    failures=$((failures + $(grep -c ^FAIL "$work/falls")))
}

published_accuracy() {
    local weights=../shared/weights name="the published teacher's accuracy" last
    if [ ! -f $weights/wrn28-1.weights ]; then
        echo "SKIPPED second host, $name: no $weights/wrn28-1.weights"
        return
    fi
    "$second" classifier valid "$work/data" $weights/wrn28-1.cfg $weights/wrn28-1.weights > "$work/log" 2>&1
    last=$(grep 'top 1' "$work/log" | tail -n 1)
    case $last in
        *"top 1: 0.932700,"*) pass "$name: top 1 = 0.9327 of 10,000" ;;
        *) fail "$name" "expected top 1: 0.932700, got $last" ;;
    esac
}

# detector FILE RANDOM: a small detector's cfg file, whose images change their size from time to time where RANDOM is 1.
detector() {
    printf '[net]\nwidth=64\nheight=64\nchannels=3\nbatch=8\nsubdivisions=2\nlearning_rate=0.0001\nmomentum=0.9\nseed=3\nmax_batches=130\n'
    printf 'burn_in=1\npolicy=constant\nresize_step=32\n%s\n' "dynamic_minibatch=$2"
    for _ in 1 2; do printf '[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=4\npad=1\nactivation=relu\n'; done
    printf '[convolutional]\nfilters=14\nsize=1\nactivation=linear\n'
    printf '[yolo]\nmask=0,1\nanchors=10,10,30,30\nclasses=2\nnum=2\njitter=.1\nrandom=%s\n' "$2"
} > "$1"

# boxes FOLDER: sixteen images of one box each, and what a detector's training reads of them.
boxes() {
    mkdir -p "$1" && : > "$1/list"
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
        printf 'P6 8 8 255\n%0192d' "$((i * i * 997))" > "$1/$i.ppm"
        printf '%s .5 .5 .4 .4\n' $((i % 2)) > "$1/$i.txt"
        echo "$1/$i.ppm" >> "$1/list"
    done
    printf 'a\nb\n' > "$1/names"
    printf '%s\n' classes=2 "train=$1/list" "valid=$1/list" "names=$1/names" "backup=$work/backup" > "$1/data"
}

# A mini-batch that changes with the size of the images: teachers and graphs must follow it.
dynamic_mini_batches() {
    local name="a detector trains with sections while its mini-batches change" sizes
    boxes "$work/boxes"
    detector "$work/detector.cfg" 0
    "$second" detector train "$work/boxes/data" "$work/detector.cfg" -dont_show > "$work/log" 2>&1 ||
        { fail "$name" "without them: $(tail -1 "$work/log")"; return; }
    detector "$work/dynamic.cfg" 1
    printf '%s\n' '[lgg_gkd]' "teacher_cfg=$work/detector.cfg" "teacher_weights=$work/backup/detector_final.weights" layers=0,1 teacher_layers=0,1 lambda=1 \
        '[rkd]' "teacher_cfg=$work/detector.cfg" "teacher_weights=$work/backup/detector_final.weights" layers=1 teacher_layers=1 lambda=1 >> "$work/dynamic.cfg"
    "$second" detector train "$work/boxes/data" "$work/dynamic.cfg" -dont_show > "$work/log" 2>&1 ||
        { fail "$name" "$(tail -1 "$work/log")"; return; }
    sizes=$(grep -ao '(batch = [0-9]*)' "$work/log" | sort -u | wc -l)
    if [ "$sizes" -gt 1 ] && [ "$(grep -ac '^lgg: lgg_gkd 4: [0-9.e-]* x .*rkd 5: [0-9.e-]* x' "$work/log")" = 130 ]; then
        pass "$name"
    else
        fail "$name" "$sizes sizes of batches; $(grep -am 1 '^lgg:' "$work/log")"
    fi
}

# The host's contrastive loss, beside one of ours.
contrastive_trains() {
    local name="[contrastive] trains with a section beside it"
    { printf '[net]\nwidth=32\nheight=32\nchannels=3\nbatch=16\nlearning_rate=0.01\nmomentum=0.9\ncontrastive=1\nmax_batches=20\npolicy=constant\n'
      printf '[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=2\npad=1\nactivation=relu\n[avgpool]\n'
      printf '[convolutional]\nfilters=16\nsize=1\nactivation=linear\n[contrastive]\nclasses=10\ntemperature=1.0\n'
      printf '[label_variation]\nlayers=1\nclasses=10\n'; } > "$work/contrastive.cfg"
    if train "$second" "$work/contrastive.cfg" && [ "$(grep -ac '^20, .*: [0-9.]*, [0-9.]* avg' "$work/log")" = 1 ]; then
        pass "$name"
    else
        fail "$name" "$(tail -1 "$work/log")"
    fi
}

# is_refused NAME CFG TEXT: the training of CFG ends, and says a line that matches.
is_refused() {
    if ! train "$second" "$2" && grep -qa "$3" "$work/log"; then
        pass "$1"
    else
        fail "$1" "$(tail -1 "$work/log")"
    fi
}

# A section behind the last layer must not hide how wide that is.
classes_are_checked() {
    cfg "$work/narrow.cfg" batch=8 max_batches=1
    sed -i 's/^output=10/output=7/; /^\[hkd\]/,$d' "$work/narrow.cfg"
    is_refused "a wrong number of classes is refused where a section is the last layer" "$work/narrow.cfg" \
        "classes=10, but the labels of this network are 7 wide"
}

# [connected] has no mish in this host: its outputs would be zeros.
zeros_are_refused() {
    cfg "$work/mish.cfg" batch=8 max_batches=1
    sed -i '/^\[connected\]/,/^activation=/s/^activation=.*/activation=mish/' "$work/mish.cfg"
    is_refused "an activation that gives zeros is refused in training" "$work/mish.cfg" '^\[connected\]: activation=mish: gives zeros here'
}

back_to_the_byte() {
    ${MAKE:-make} -s -C "$tree" clean > /dev/null 2>&1
    ${MAKE:-make} --no-print-directory -s uninstall DARKNET="$tree" > "$work/log" 2>&1
    manifest "$tree" > "$work/after"
    if cmp -s "$work/before" "$work/after"; then
        pass "uninstall restores every byte"
    else
        fail "uninstall restores every byte" "$(diff "$work/before" "$work/after" | head -1)"
    fi
}

install_and_make
same_losses
cmake_builds
losses_fall
dynamic_mini_batches
contrastive_trains
classes_are_checked
zeros_are_refused
published_accuracy
back_to_the_byte
[ $failures -eq 0 ]
