#!/bin/bash
# The program itself: what it says before a training begins, and that what it advises works.
#
# usage: test_commands.sh DARKNET FOLDER     from the repository's root; FOLDER is emptied
set -u
darknet=$(realpath "$1") folder=$2 reference=$(realpath cfg/README.md)
rm -rf "$folder" && mkdir -p "$folder" && cd "$folder" || exit 1
export OMP_NUM_THREADS=1
final=$([ "${HOST:-pjreddie}" = alexeyab ] && echo _final)
failures=0

# check NAME COMMAND...: a test that passes if the command succeeds.
check() {
    local name=$1
    shift
    if "$@"; then echo "PASS layers, $name"; else
        echo "FAIL layers, $name: $(tail -n 1 log)"
        failures=$((failures + 1))
    fi
}

# images CLASSES: two images of each class, and what a training reads of them.
images() {
    local i
    : > list
    : > labels
    for ((i = 0; i < $1; ++i)); do
        echo "class$i" >> labels
        for copy in 1 2; do
            printf 'P6 8 8 255\n%0192d' "$((i * copy * 997))" > "${copy}_class$i.ppm"
            echo "${copy}_class$i.ppm" >> list
        done
    done
    printf '%s\n' "classes=$1" train=list valid=list labels=labels names=labels backup=backup > data
}

# network OUTPUTS: a classifier's .cfg file.
network() {
    printf '[net]\nbatch=4\nheight=8\nwidth=8\nchannels=3\nlearning_rate=.01\nmax_batches=1\nseed=1\n'
    printf '[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\npad=1\nactivation=relu\n'
    printf '[connected]\noutput=6\nactivation=relu\n[connected]\noutput=%d\nactivation=linear\n[softmax]\n' "$1"
}

train() { "$darknet" classifier train data "$@" > log 2>&1; }
says() { grep -qaF -- "$1" log; }

# A wrong teacher ends the program before it has looked for a single image.
images 2
echo nowhere.ppm > list
{ network 2; printf '[hkd]\nteacher_cfg=plain.cfg\nteacher_weights=nowhere.weights\n'; } > teacher.cfg
network 2 > plain.cfg
check "a wrong teacher is found before images are loaded" eval \
    '! train teacher.cfg && says "teacher_weights=nowhere.weights: No such file" && ! says nowhere.ppm'

# Fine-tuning: the line that refuses the weights of another number of classes has the command that makes them fit.
for classes in 5 2; do
    images $classes
    network $classes > old.cfg
    train old.cfg
    mv "backup/old$final.weights" old.weights
    images 3
    network 3 > new.cfg
    name="weights of $classes classes for 3"
    check "$name: the line that refuses them says what to do" eval '! train new.cfg old.weights && says "it fits a network with $classes outputs in layer 2, where this one has 3"'
    remedy=$(grep -ao '\./darknet partial .* [0-9]*,' log | sed 's/,$//; s/ITS\.cfg/old.cfg/')
    check "$name: the command that it gives works" eval '[ -n "$remedy" ] && "$darknet" ${remedy#./darknet } > log 2>&1 && [ -s PART.weights ]'
    check "$name: and the training begins" eval 'train new.cfg PART.weights && says "PART.weights ends after layer 1 [connected]" && says "1, "'
    rm -f PART.weights
done

# A prediction has no use for the advice.
check "weights of other classes are refused in prediction without it" eval \
    '! "$darknet" classifier valid data new.cfg old.weights > log 2>&1 && says "old.weights: ends inside layer 2" && ! says partial'

# The table of options: one source for the reader, the help and cfg/README.md.
# The second host begins with lines of its own.
"$darknet" lgg sections -markdown | sed -n '/^| section/,$p' > tables
check "cfg/README.md has the tables of sections and options that the program prints" \
    diff tables <(sed -n '/^<!-- .*lgg sections -markdown -->$/,/^<!-- end -->$/p' "$reference" | sed '1d;$d')
help_of() { "$darknet" lgg sections "$1" > log 2>&1 && says "$2"; }
check "the help of a section has its own defaults" eval 'help_of lgg_smooth "whole number, 1 to 1000; default: 2" && help_of [lgg_gkd] "0 or 1; default: 1"'
check "the help of a section has none of another's options" eval 'help_of rkd "distance, angle, similarity or probability; default: distance" && ! says normalize && ! says temperature'
check "a section that is none is refused" eval '! help_of xyzzy xyzzy && says "no section '"'xyzzy'"'"'

exit $((failures != 0))
