"""Writes golden cases from lgg_reference.py.   usage: make_cases.py OUTDIR SEED [REAL.npz]"""
import sys, os, numpy as np, torch
import lgg_reference as R
out, seed = sys.argv[1], int(sys.argv[2]); real = np.load(sys.argv[3]) if len(sys.argv) > 3 else None
os.makedirs(out, exist_ok=True); rng = np.random.RandomState(seed)

def rows(f, tag, name, a):
    f.write(f"{tag} {name} {a.shape[0]} {a.shape[1]}\n")
    for r in a: f.write(" ".join("%.9g" % v for v in r) + "\n")

def case(name, kind, B, C, dx, dt=(), signed=False, data=None, spoil=None, **o):
    labels = torch.tensor(rng.randint(0, C, B)); labels[:C] = torch.arange(C)
    draw = lambda d: torch.tensor((rng.randn(B, d) if signed else np.maximum(rng.randn(B, d) + .3, 0)).astype(np.float32))
    xs, ts = ([draw(d) for d in dx], [draw(d) for d in dt]) if data is None else data[:2]
    if data is not None: labels, B, C = data[2], len(data[2]), 10
    if spoil: spoil(xs, ts, labels)
    loss, grads = R.evaluate(kind, xs, ts, labels, C, o)
    assert np.isfinite(loss) and all(torch.isfinite(g).all() for g in grads), name
    assert max(g.abs().max() for g in grads) < 1e6, name
    with open(f"{out}/{name}.txt", "w") as f:
        f.write(f"kind {kind}\nbatch {B}\nclasses {C}\nlabels " + " ".join(map(str, labels.tolist())) + "\n")
        for a, b in o.items(): f.write(f"option {a} {b}\n")
        for i, x in enumerate(xs): rows(f, "student", i, x.numpy())
        for i, t in enumerate(ts): rows(f, "teacher", i, t.numpy())
        f.write("loss %.12g\n" % (loss if abs(loss) > 1e-12 else 0))
        for i, g in enumerate(grads): rows(f, "gradient", i, g.numpy())

B, C = (20, 4) if seed == 1 else (27, 5)
for sim, al, signed in (("cosine", 1, False), ("rbf", .02, True), ("exp", .3, True)):
    for k in (0, 5):
        for norm in (0, 1):
            case(f"label_variation-{sim}-k{k}-norm{norm}", "label_variation", B, C, [13], signed=signed,
                 similarity=sim, alpha=al, k=k, normalize=norm, reduction="sum" if norm else "mean")
for m in (1, 2, 3):
    for k in (0, 4):
        case(f"smooth-power{m}-k{k}", "smooth", B, C, [24, 12, 7], similarity="cosine", k=k, power=m,
             reduction="mean" if k else "sum", normalize=int(m == 3))
case("smooth-rbf", "smooth", B, C, [24, 12, 7, 5], signed=True, similarity="rbf", alpha=.05, k=6, power=2, reduction="mean")
for edges in ("all", "inter", "intra"):
    for p in (1, 2):
        case(f"gkd-{edges}-power{p}", "gkd", B, C, [16, 9], [30, 18], similarity="cosine", k=0, normalize=1, edges=edges, power=p)
for nb in ("own", "teacher"):
    for dist in ("squared", "frobenius"):
        case(f"gkd-k5-{nb}-{dist}", "gkd", B, C, [16, 9, 5], [30, 18, 10], similarity="cosine", k=5, normalize=1, neighbors=nb, distance=dist, reduction="sum")
case("gkd-rbf-k3", "gkd", B, C, [11], [21], signed=True, similarity="rbf", alpha=.05, k=3, normalize=1)
case("gkd-unnormalized", "gkd", B, C, [11], [21], similarity="cosine", k=0, normalize=0)
case("rkd_distance", "rkd_distance", B, C, [16, 9], [30, 18], signed=True, reduction="mean")
case("rkd_angle", "rkd_angle", B, C, [9], [18], signed=True, reduction="mean")
case("hkd", "hkd", B, C, [C], [C], signed=True, temperature=4)
for k in (0, 4):
    case(f"label_variation-unit-exp-k{k}", "label_variation", B, C, [10], signed=True, similarity="exp", alpha=2, unit=1, k=k, reduction="mean")
case("gkd-unit-rbf", "gkd", B, C, [11], [21], signed=True, similarity="rbf", alpha=.7, unit=1, k=6, normalize=1)
case("smooth-unit-exp", "smooth", B, C, [9, 6, 4], signed=True, similarity="exp", alpha=1.5, unit=1, k=0, power=1, reduction="sum")
# degenerate input: finite, and nothing from what is degenerate
def zero_rows(xs, ts, y):
    for x in xs + ts: x[3] = 0; x[7] = 0
def twins(xs, ts, y):
    for x in xs + ts: x[4] = x[2]; x[9] = x[2]
def one_class(xs, ts, y): y[:] = 1
def same_as_teacher(xs, ts, y):
    for x, t in zip(xs, ts): x[:] = t
def all_equal(xs, ts, y):
    for x in xs + ts: x[:] = x[0].clone()
cos, norm = dict(similarity="cosine", k=0), dict(similarity="cosine", k=0, normalize=1)
case("degenerate-zero-label_variation", "label_variation", B, C, [9], spoil=zero_rows, reduction="mean", **cos)
case("degenerate-zero-gkd", "gkd", B, C, [9], [14], spoil=zero_rows, **norm)
case("degenerate-zero-gkd-k4", "gkd", B, C, [9], [14], spoil=zero_rows, similarity="cosine", k=4, normalize=1)
case("degenerate-twins-exp", "label_variation", B, C, [9], signed=True, spoil=twins, similarity="exp", alpha=.3, k=0, reduction="mean")
case("degenerate-twins-rkd_distance", "rkd_distance", B, C, [9], [14], signed=True, spoil=twins, reduction="mean")
case("degenerate-twins-rkd_angle", "rkd_angle", B, C, [9], [14], signed=True, spoil=twins, reduction="mean")
case("degenerate-zero-unit-exp", "label_variation", B, C, [9], signed=True, spoil=zero_rows, similarity="exp", alpha=2, unit=1, k=0, reduction="mean")
case("degenerate-one-class", "label_variation", B, C, [9], spoil=one_class, reduction="mean", **cos)
case("degenerate-one-class-inter", "gkd", B, C, [9], [14], spoil=one_class, edges="inter", **norm)
case("degenerate-equal-frobenius", "gkd", B, C, [9], [9], spoil=same_as_teacher, distance="frobenius", **norm)
case("degenerate-all-equal-rkd_distance", "rkd_distance", B, C, [9], [14], signed=True, spoil=all_equal, reduction="mean")
case("degenerate-all-equal-smooth", "smooth", B, C, [9, 5], spoil=all_equal, similarity="cosine", k=0, power=2, reduction="mean")
case("label_variation-power2", "label_variation", B, C, [9], similarity="cosine", k=5, power=2, reduction="sum")
if real is not None:
    t = lambda n: torch.tensor(real[n]); y = torch.tensor(real["labels"])
    case("real-gkd", "gkd", 10, 10, (), data=([t("s3")], [t("t3")], y), similarity="cosine", k=0, normalize=1, edges="all", power=1)
    case("real-gkd-inter-k8", "gkd", 10, 10, (), data=([t("s3")], [t("t3")], y), similarity="cosine", k=8, normalize=1, edges="inter", power=1)
    case("real-label_variation", "label_variation", 10, 10, (), data=([t("s3")], [], y), similarity="cosine", k=5, normalize=0, reduction="mean")
    case("real-smooth", "smooth", 10, 10, (), data=([t("t3"), t("s3"), t("logits")], [], y), similarity="cosine", k=0, power=2, reduction="mean")
# the other reductions of label variation, and where alpha comes from
for reduction in ("mean_kept", "log", "log_rows"):
    for k in (0, 5):
        case(f"label_variation-{reduction}-exp-k{k}", "label_variation", B, C, [13], signed=True, similarity="exp", alpha=.3, k=k, reduction=reduction)
    case(f"label_variation-{reduction}-unit-rbf-norm1", "label_variation", B, C, [9], signed=True, similarity="rbf", alpha=3, unit=1, k=6, normalize=1, reduction=reduction)
    case(f"label_variation-{reduction}-cosine", "label_variation", B, C, [13], similarity="cosine", k=0, reduction=reduction)
    case(f"degenerate-one-class-{reduction}", "label_variation", B, C, [9], spoil=one_class, similarity="exp", alpha=.3, k=4, reduction=reduction)
    case(f"degenerate-zero-unit-{reduction}", "label_variation", B, C, [9], signed=True, spoil=zero_rows, similarity="exp", alpha=2, unit=1, k=0, reduction=reduction)
case("label_variation-log-power2", "label_variation", B, C, [9], signed=True, similarity="exp", alpha=.4, k=5, power=2, reduction="log")
case("label_variation-mean_kept-power2", "label_variation", B, C, [9], signed=True, similarity="exp", alpha=.4, k=5, power=2, reduction="mean_kept")
case("label_variation-wide-cosine-log", "label_variation", 9, 2, [1024], similarity="cosine", k=0, reduction="log")
for alpha in ("auto_size", "auto_deviation"):
    for sim in ("exp", "rbf"):
        case(f"label_variation-{alpha}-{sim}", "label_variation", B, C, [13], signed=True, similarity=sim, alpha=alpha, k=0, reduction="mean")
        case(f"label_variation-{alpha}-{sim}-k5-norm1", "label_variation", B, C, [13], signed=True, similarity=sim, alpha=alpha, k=5, normalize=1, reduction="log")
        case(f"label_variation-{alpha}-unit-{sim}", "label_variation", B, C, [7], signed=True, similarity=sim, alpha=alpha, unit=1, k=0, reduction="log_rows")
    case(f"smooth-{alpha}", "smooth", B, C, [24, 12, 7], signed=True, similarity="rbf", alpha=alpha, k=6, power=2, reduction="mean")
    case(f"gkd-{alpha}", "gkd", B, C, [16, 9], [30, 18], signed=True, similarity="rbf", alpha=alpha, k=5, normalize=1)
    case(f"gkd-{alpha}-power2-frobenius", "gkd", B, C, [16, 9], [30, 18], signed=True, similarity="exp", alpha=alpha, k=0, normalize=1, power=2, distance="frobenius")
    case(f"degenerate-twins-{alpha}", "label_variation", B, C, [9], signed=True, spoil=twins, similarity="exp", alpha=alpha, k=0, reduction="mean")
    case(f"degenerate-all-equal-{alpha}", "label_variation", B, C, [9], signed=True, spoil=all_equal, similarity="exp", alpha=alpha, k=0, reduction="mean")
# SP and PKT
def opposite(xs, ts, y):
    for x in xs + ts: x[5] = -x[2]; x[6] = -2 * x[2]
for kind in ("rkd_angle", "rkd_distance"):
    case(f"degenerate-equal-{kind}", kind, B, C, [9], [9], signed=True, spoil=same_as_teacher, reduction="mean")
for kind in ("rkd_similarity", "rkd_probability"):
    case(f"{kind}", kind, B, C, [16, 9], [30, 18], signed=True, reduction="mean")
    case(f"{kind}-sum", kind, B, C, [16, 9, 5], [30, 18, 12], reduction="sum")
    case(f"degenerate-zero-{kind}", kind, B, C, [9], [14], signed=True, spoil=zero_rows, reduction="mean")
    case(f"degenerate-twins-{kind}", kind, B, C, [9], [14], signed=True, spoil=twins, reduction="mean")
    case(f"degenerate-all-equal-{kind}", kind, B, C, [9], [14], signed=True, spoil=all_equal, reduction="mean")
    case(f"degenerate-opposite-{kind}", kind, B, C, [9], [14], signed=True, spoil=opposite, reduction="mean")
    case(f"degenerate-equal-{kind}", kind, B, C, [9], [9], signed=True, spoil=same_as_teacher, reduction="mean")
print(len(os.listdir(out)), "cases")
