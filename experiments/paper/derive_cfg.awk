# derive_cfg.awk: a run's .cfg from one of cfg/, with the changes that a table file asks for.
#
#   awk -v changes="net.seed=2 lgg_gkd.edges=inter width=.25" -f derive_cfg.awk cfg/wrn28-0.5-gkd.cfg [sections to append]
#
# SECTION.OPTION=VALUE sets the option in every section of that name; width=F multiplies the filters of every convolution;
# drop=SECTION leaves out the sections of that name in the first file. A section that no file has is an error: exit status 1.

# What section lacks of the options asked for, before the blank lines that end it.
function add_missing(    i) {
    for (i = 1; i <= count; ++i)
        if (where[i] == section && !(i in done)) print option[i] "=" value[i]
    split("", done)
}
function flush_blank() { printf "%s", blank; blank = "" }

BEGIN {
    width = 1
    words = split(changes, word, " ")
    for (w = 1; w <= words; ++w) {
        equals = index(word[w], "="); dot = index(word[w], ".")
        if (word[w] ~ /^drop=/) { dropped[substr(word[w], equals + 1)] = 1; continue }
        if (word[w] ~ /^width=/) { width = substr(word[w], equals + 1); continue }
        ++count
        where[count] = substr(word[w], 1, dot - 1)
        option[count] = substr(word[w], dot + 1, equals - dot - 1)
        value[count] = substr(word[w], equals + 1)
    }
}
/^[[:space:]]*$/ || /^#/ { blank = blank $0 "\n"; next }
/^\[/ {
    add_missing(); flush_blank()
    section = substr($0, 2, index($0, "]") - 2)
    leaving_out = NR == FNR && section in dropped
    if (leaving_out) next
    seen[section] = 1
    print; next
}
leaving_out { next }
{
    flush_blank()
    name = $0; sub(/[[:space:]]*=.*/, "", name)
    for (i = 1; i <= count; ++i)
        if (where[i] == section && option[i] == name) { print name "=" value[i]; done[i] = 1; next }
    if (width != 1 && section == "convolutional" && name == "filters") {
        sub(/.*=/, ""); print "filters=" ($0 * width >= 1 ? int($0 * width) : 1); next
    }
    print
}
END {
    add_missing(); flush_blank()
    for (i = 1; i <= count; ++i)
        if (!(where[i] in seen)) {
            print FILENAME ": has no section [" where[i] "] to set " option[i] " in" > "/dev/stderr"
            exit 1
        }
}
