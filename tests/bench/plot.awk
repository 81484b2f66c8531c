# plot.awk: losses.csv (loss,B,d,ms,gflops,floor_ms,over_floor) as an SVG of two log-log panels: time over d at B = 128, and over B
# at d = 4096; dashed, the floor of GKD.
BEGIN {
    FS = ","
    colour["label_variation"] = "#1b9e77"; colour["lgg_smooth"] = "#d95f02"; colour["lgg_gkd"] = "#7570b3"
    colour["rkd_distance"] = "#e7298a"; colour["rkd_angle"] = "#666666"; colour["floor of lgg_gkd"] = "#7570b3"
    low = 1e9
}
function log10(x) { return log(x) / log(10) }
function add(panel, name, x, y) {
    if (!((panel, name) in n)) names[panel, ++count[panel]] = name
    i = ++n[panel, name]; xs[panel, name, i] = x; ys[panel, name, i] = y
    if (y < low) low = y
    if (y > high) high = y
    if (!(panel in first) || x < first[panel]) first[panel] = x
    if (x > last[panel]) last[panel] = x
}
NR > 1 {
    if ($2 == 128) { add(1, $1, $3, $4); if ($1 == "lgg_gkd") add(1, "floor of lgg_gkd", $3, $6) }
    if ($3 == 4096) { add(2, $1, $2, $4); if ($1 == "lgg_gkd") add(2, "floor of lgg_gkd", $2, $6) }
}
function px(panel, x) { return left + 340 * (log10(x) - log10(first[panel])) / (log10(last[panel]) - log10(first[panel])) }
function py(y) { return 360 - 310 * (log10(y) - bottom) / (top - bottom) }
END {
    if (!count[1] || !count[2]) exit 1
    bottom = int(log10(low)) - 1; top = int(log10(high)) + 1
    print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\" height=\"430\" font-family=\"sans-serif\" font-size=\"12\">"
    print "<rect width=\"900\" height=\"430\" fill=\"white\"/>"
    split("B = 128,d = 4096", title, ","); split("d,B", axis, ",")
    for (p = 1; p <= 2; ++p) {
        left = p == 1 ? 75 : 490
        printf "<text x=\"%d\" y=\"30\" font-size=\"14\">Time of a loss, forward and backward, %s</text>\n", left, title[p]
        for (e = bottom; e <= top; ++e) {
            y = py(10 ^ e)
            printf "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", left, left + 340, y, y
            printf "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g ms</text>\n", left - 4, y + 4, 10 ^ e
        }
        main = names[p, 1]
        for (i = 1; i <= n[p, main]; ++i)
            printf "<text x=\"%.1f\" y=\"378\" text-anchor=\"middle\">%d</text>\n", px(p, xs[p, main, i]), xs[p, main, i]
        printf "<text x=\"%d\" y=\"395\" text-anchor=\"middle\">%s</text>\n", left + 170, axis[p]
        for (k = 1; k <= count[p]; ++k) {
            name = names[p, k]; points = ""
            for (i = 1; i <= n[p, name]; ++i) points = points sprintf("%.1f,%.1f ", px(p, xs[p, name, i]), py(ys[p, name, i]))
            dash = name ~ /^floor/ ? " stroke-dasharray=\"5 4\"" : ""
            printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", points, colour[name], dash
            if (p == 1) {
                x = 60 + (k - 1) * 135
                printf "<line x1=\"%d\" x2=\"%d\" y1=\"414\" y2=\"414\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", x, x + 20, colour[name], dash
                printf "<text x=\"%d\" y=\"418\">%s</text>\n", x + 25, name
            }
        }
    }
    print "</svg>"
}
