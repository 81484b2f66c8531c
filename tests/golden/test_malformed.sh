#!/bin/bash
# Malformed golden cases get one line that names the file, a line in it and what was expected, and exit status 1; never a crash.
#
# usage: tests/golden/test_malformed.sh GOLDEN
set -u
golden=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

cat > "$work/good.txt" <<'CASE'
kind gkd
batch 2
classes 2
labels 0 1
option similarity cosine
student 0 2 2
1 0
0 1
teacher 0 2 2
1 0
0 1
loss 0
gradient 0 2 2
0 0
0 0
CASE

# refused NAME FILE WORDS: the runner must fail on FILE with one line that has WORDS in it.
refused() {
    local output code
    output=$("$golden" "$2" 2>&1)
    code=$?
    if [ $code -eq 1 ] && [ "$(wc -l <<< "$output")" -eq 2 ] && grep -q "^FAIL .*$2.*$3" <<< "$output"; then
        return
    fi
    echo "FAIL malformed case, $1: exit status $code, $output"
    status=1
}

# edited NAME SCRIPT WORDS: as refused, for the good case changed by a sed script.
edited() {
    sed "$2" "$work/good.txt" > "$work/bad.txt"
    refused "$1" "$work/bad.txt" "$3"
}

if ! "$golden" "$work/good.txt" > /dev/null; then
    echo "FAIL the good case is refused"
    status=1
fi
# Well formed, and wrong.
wrong() {
    local output
    output=$(sed "$2" "$work/good.txt" > "$work/bad.txt"; "$golden" "$work/bad.txt" 2>&1) || ! grep -q "^FAIL bad: .*$3" <<< "$output" || return
    echo "FAIL golden case with $1: $output"
    status=1
}
wrong 'another loss'     's/^loss .*/loss 0.123/'         'the loss 9.2e-01'
wrong 'another gradient' '/^gradient 0/{n;s/.*/0.5 0.5/}' 'the gradient 9.9e-01'
edited 'unknown statement'    's/^batch/bunch/'           ':2: expected kind, batch'
edited 'unknown kind'         's/gkd/kgd/'                ':1: expected label_variation|smooth|gkd'
edited 'unknown option'       's/similarity cosine/size 3/' ':5: expected similarity|alpha'
edited 'unknown value'        's/cosine/sine/'            ":5: expected cosine|rbf|exp, got 'sine'"
edited 'batch 0'              's/^batch 2/batch 0/'       ':2: expected batch, an integer from 1'
edited 'batch not a number'   's/^batch 2/batch 2x/'      ':2: expected batch, an integer from 1'
edited 'batch out of range'   's/^batch 2/batch 99999999999999999999/' ':2: expected batch, an integer'
edited 'label out of range'   's/^labels 0 1/labels 0 2/' ':4: expected a label, an integer from 0 to 1'
edited 'too few labels'       's/^labels 0 1/labels 0/'   ":5: expected a label.*got 'option'"
edited 'labels before batch'  '/^batch/d'                 ':3: expected batch and classes before labels'
edited 'not finite'           's/^1 0/nan 0/'             ":7: expected a value, a finite number, got 'nan'"
edited 'beyond float32'       's/^1 0/1e39 0/'            ':7: expected a value, a finite number'
edited 'too few values'       '8d'                        ":8: expected a value.*got 'teacher'"
edited 'too many values'      's/^0 1/0 1 7/'             ":8: expected kind.*got '7'"
edited 'columns of a gradient' 's/^gradient 0 2 2/gradient 0 2 1/' ':15: expected kind'
edited 'rows that do not fit' 's/^student 0 2 2/student 0 1 4/' 'expected 2 rows in student 0'
edited 'huge matrix'          's/^student 0 2 2/student 0 60000 2000000000/' ":9: expected a value.*got 'teacher'"
edited 'index out of range'   's/^student 0/student 5000/' ':6: expected an index'
edited 'negative index'       's/^student 0/student -1/'  ':6: expected an index'
edited 'index left out'       's/^student 0/student 1/'   'expected student 0'
edited 'the same twice'       's/^teacher/student/'       ':9: expected student 0 only once'
edited 'no teacher'           '/^teacher/,+2d'            'expected teacher 0, got the end of the file'
edited 'no gradient'          '/^gradient/,$d'            'expected gradient 0'
edited 'no loss'              '/^loss/d'                  'expected loss'
edited 'no kind'              '/^kind/d'                  'expected kind'
edited 'k below 0'            's/^option.*/option k -3/'  ':5: expected k, an integer'
edited 'alpha 0'              's/^option.*/option alpha 0/' ':5: expected alpha, a number above 0'
edited 'teacher of smooth'    's/gkd/smooth/'             'expected student 1, smooth compares layers'
edited 'teacher of label_variation' 's/gkd/label_variation/' 'expected no teacher for label_variation'
edited 'columns of hkd'       's/gkd/hkd/; s/^teacher 0 2 2/teacher 0 2 1/; 11d' 'expected'
: > "$work/bad.txt"
refused 'empty file' "$work/bad.txt" ':1: expected kind, got the end of the file'
head -c 3000 /dev/urandom > "$work/bad.txt"
refused 'random bytes' "$work/bad.txt" ': expected '
printf 'kind %0500d' 7 > "$work/bad.txt"
refused 'an endless token' "$work/bad.txt" ':1: expected label_variation'
refused 'a folder' "$work" 'expected'
refused 'a file that is not there' "$work/none.txt" 'cannot open'

# Cut anywhere, and with any byte changed: some line, some exit status, no crash.
size=$(wc -c < "$work/good.txt")
for ((cut = 0; cut < size; cut += 5)); do
    head -c $cut "$work/good.txt" > "$work/cut-$cut.txt"
    { head -c $cut "$work/good.txt"; printf '\377'; tail -c +$((cut + 2)) "$work/good.txt"; } > "$work/byte-$cut.txt"
done
"$golden" "$work"/cut-*.txt "$work"/byte-*.txt > "$work/log" 2>&1
if [ $? -ne 1 ] || grep -vqE '^(PASS|FAIL) [a-z0-9-]+: .|golden cases hold' "$work/log"; then
    echo "FAIL malformed cases, cut or changed: $(grep -vE '^(PASS|FAIL)' "$work/log" | head -3)"
    status=1
fi
[ $status -eq 0 ] && echo "PASS malformed cases"
exit $status
