#!/bin/bash
# Runs the unit tests, the golden cases and the malformed cases on both builds of `make test-math`, and prints the coverage of
# src/lgg.
#
# usage: BUILD=folder tests/unit/test-math.sh
set -u -o pipefail
export ASAN_OPTIONS=allocator_may_return_null=1 OMP_WAIT_POLICY=passive
status=0

# golden_cases PROGRAM WHICH: the golden cases hold.
golden_cases() {
    if "$1" tests/golden/cases/*.txt > "$1.log"; then
        echo "PASS golden cases, $2: $(tail -1 "$1.log")"
    else
        grep '^FAIL' "$1.log"
        status=1
    fi
}

for flavour in threads single; do
    folder=$BUILD/test/$flavour
    find "$folder" -name '*.gcda' -delete
    "$folder/unit" || status=1
    golden_cases "$folder/golden" "$flavour build"
    tests/golden/test_malformed.sh "$folder/golden" || status=1
done

golden_cases "$BUILD/test/threads/golden-rounded" "Gram matrix rounded otherwise"

# What other processors multiply with: with 1, 2 and 5 threads.
for tiles in avx512 avx2 plain; do
    export LGG_TILES=$tiles
    "$BUILD/test/fast/unit" '*_threads' > "$BUILD/test/fast/$tiles.log" 2>&1
    case $? in
        0)
            if [ "$(grep -c '^\[       OK \]' "$BUILD/test/fast/$tiles.log")" -lt 4 ]; then
                echo "FAIL unit tests, $tiles tiles: fewer than four ran"
                status=1
            else
                echo "PASS unit tests, $tiles tiles"
            fi
            ;;
        77) echo "SKIPPED $tiles tiles: the processor lacks them" && continue ;;
        *)
            grep -E '^\[  (ERROR|FAILED)' "$BUILD/test/fast/$tiles.log"
            echo "FAIL unit tests, $tiles tiles"
            status=1
            ;;
    esac
    golden_cases "$BUILD/test/fast/golden" "$tiles tiles"
done
unset LGG_TILES

# Whoever chooses a library's kernels or threads (OPENBLAS_CORETYPE, OPENBLAS_NUM_THREADS) must not choose our sums.
if nm -u "$BUILD/test/threads/liblgg.a" | grep -E ' (cblas_|[sd](gemm|syrk|dot|axpy)_)'; then
    echo "FAIL the library takes products from another library"
    status=1
else
    echo "PASS the library takes no products from another library"
fi

# coverage FOLDER: lines of src/lgg that ran, from gcc's own gcov.
coverage() {
    gcov -n "$1"/lgg/*.o 2>/dev/null | awk '
        /^File .*src\/lgg\// { file = $2; gsub("\047", "", file) }
        /^Lines executed/ && file {
            split($2, part, /[:%]/); lines = $NF
            printf "%7.2f %% of %4d lines  %s\n", part[2], lines, file
            run += part[2] / 100 * lines; all += lines; file = ""
        }
        END { if (all) printf "coverage of src/lgg: %.1f %% of %d lines\n", 100 * run / all, all }'
}
coverage "$BUILD/test/single"
exit $status
