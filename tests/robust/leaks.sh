#!/bin/bash
# Valgrind over two trainings with every section of ours, one four times as long: no error, and nothing more lost or held at the end.
#
# usage: leaks.sh DARKNET MAKE_IMAGES FOLDER
. "$(dirname "$0")/every_section.sh"
darknet=$(realpath "$1")
every_section "$1" "$2" "$3"
for n in 04 16; do
    sed "s/max_batches=.*/max_batches=$((10#$n))/" all.cfg > run$n.cfg
    rm -rf images/backup log.csv
    if ! valgrind --leak-check=full --log-file=valgrind$n.log "$darknet" classifier train images/tiny.data run$n.cfg > run$n.out 2>&1 ||
        [ "$(wc -l < log.csv)" != $((10#$n + 1)) ]; then
        echo "FAIL a_training_under_valgrind_comes_to_its_end: $(tail -1 run$n.out)"
        exit 1
    fi
    sed -n 's/^==[0-9]*== *\(definitely lost\|in use at exit\): \(.*\)/\1: \2/p' valgrind$n.log > summary$n
    grep -acE "Invalid (read|write)|uninitialised|unaddressable|Invalid free|Mismatched free" valgrind$n.log > errors$n
done
sed 's/^/4 iterations: /' summary04
sed 's/^/16 iterations: /' summary16
if cmp -s summary04 summary16; then echo "PASS leaks_do_not_grow_with_iterations"; else
    echo "FAIL leaks_do_not_grow_with_iterations: they do"
    exit 1
fi
if [ "$(cat errors04 errors16 | sort -u)" = 0 ]; then echo "PASS valgrind_sees_no_wrong_access"; else
    echo "FAIL valgrind_sees_no_wrong_access: see $PWD/valgrind16.log"
    exit 1
fi
