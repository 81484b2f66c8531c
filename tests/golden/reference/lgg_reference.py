"""Float64 reference of every LGG loss, with gradients by automatic differentiation (needs python3-torch).

Follows the paper; agrees with the authors' published PyTorch functions to 5e-6 in float32 wherever those cover a case. make_cases.py writes golden
cases from it. A development check: nothing that is built or tested runs it.
"""
import torch

def safe_norm(v, dim):
    """Euclidean norm whose gradient at zero is zero (autograd alone gives NaN)."""
    q = (v ** 2).sum(dim)
    zero = q == 0
    return torch.where(zero, torch.zeros_like(q), torch.sqrt(torch.where(zero, torch.ones_like(q), q)))

def unit_rows(x):
    """x_i / |x_i|; a zero row stays zero, with gradient zero."""
    r = safe_norm(x, 1)[:, None]
    return torch.where(r == 0, torch.zeros_like(x), x / torch.where(r == 0, torch.ones_like(r), r))

def scale(x, alpha):
    """A number; auto_size: 1/sqrt(d); auto_deviation: 1/(3 s), s the standard deviation of the squared distances of all pairs (None: it is 0)."""
    if alpha == "auto_size":
        return x.shape[1] ** -0.5
    if alpha == "auto_deviation":
        i, j = torch.triu_indices(x.shape[0], x.shape[0], 1)
        d2 = ((x[i] - x[j]) ** 2).sum(1)
        variance = ((d2 - d2.mean()) ** 2).mean()
        return None if variance.sqrt() <= 1e-6 * d2.mean() else 1 / (3 * variance.sqrt())
    return alpha

def similarity(x, kind, alpha):
    """x (B,d) -> S (B,B), zero diagonal, and D2 (B,B), what neighbours are ranked by (smaller = nearer)."""
    B = x.shape[0]
    if kind != "cosine":
        alpha = scale(x, alpha)
        if alpha is None:           # no edges
            return x.sum() * torch.zeros(B, B, dtype=x.dtype), torch.zeros(B, B, dtype=x.dtype)
    off = 1 - torch.eye(B, dtype=x.dtype)
    if kind == "cosine":            # a zero vector has similarity 0 and gradient 0
        n = unit_rows(x)
        S = n @ n.t()
        return S * off, -S.detach()
    e = x[:, None, :] - x[None, :, :]
    if kind == "rbf":               # Gaussian kernel of the Euclidean distance
        d2 = (e ** 2).sum(-1)
        return torch.exp(-alpha * d2) * off, d2.detach()
    if kind == "exp":               # exponential of the (unsquared) distance; coincident points have gradient 0
        d = safe_norm(e, 2)
        return torch.exp(-alpha * d) * off, d.detach()
    raise ValueError(kind)

def knn_mask(D2, k):
    """1 where i is among the k nearest of j, or j of i (self never counts; ties to the lower index). k=0: all pairs."""
    B = D2.shape[0]
    off = 1 - torch.eye(B, dtype=D2.dtype)
    if k <= 0 or k >= B - 1:
        return off
    far = D2.clone(); far.fill_diagonal_(float("inf"))
    ranked = far.sort(dim=1, stable=True)[1][:, :k]
    M = torch.zeros_like(D2)
    M.scatter_(1, ranked, 1.0)
    return torch.maximum(M, M.t())

def normalized(A):
    d = A.sum(1)
    r = torch.where(d > 0, torch.where(d > 0, d, torch.ones_like(d)) ** -0.5, torch.zeros_like(d))
    return r[:, None] * A * r[None, :]

def graph(x, o, mask=None):
    """Steps 1-4 of the paper's Section 3.3. Returns (A, mask)."""
    if o.get("unit", 0):
        x = unit_rows(x)
    S, D2 = similarity(x, o["similarity"], o.get("alpha", 1.0))
    M = knn_mask(D2, o.get("k", 0)) if mask is None else mask
    A = S * M
    if o.get("normalize", 0):
        A = normalized(A)
    return A, M

def edge_filter(labels, edges):
    same = (labels[:, None] == labels[None, :]).double()
    return {"all": torch.ones_like(same), "intra": same, "inter": 1 - same}[edges]

def variation(A, V, m=1):
    """tr(V^T L^m V), L = D - A."""
    L = torch.diag(A.sum(1)) - A
    P = L
    for _ in range(m - 1):
        P = P @ L
    return torch.trace(V.t() @ P @ V)

def onehot(labels, C):
    V = torch.zeros(len(labels), C, dtype=torch.float64)
    V[torch.arange(len(labels)), labels] = 1
    return V

def label_variation(xs, labels, C, o):
    A, M = graph(xs[0], o)
    s = variation(A, onehot(labels, C), o.get("power", 1))
    inter, reduction = edge_filter(labels, "inter"), o.get("reduction", "sum")
    if reduction == "sum":
        return s
    if reduction == "mean_kept":                      # only of the edges that the k nearest neighbours leave
        return s / max((inter * M).sum().item(), 1)
    if reduction == "log_rows":                       # mean over i of log(sigma_i / W_i), where both are above 0
        row, weight = (A * inter).sum(1), inter.sum(1)
        counts = (row > 0) & (weight > 0)
        return torch.log(row[counts] / weight[counts]).mean() if counts.any() else 0 * s
    s = s / max(inter.sum().item(), 1)                # 1 = every inter-class pair linked with weight 1
    if reduction == "log":                            # nothing where no edge between classes is left
        return torch.log(s) if s > 0 else 0 * s
    return s

def smooth(xs, labels, C, o):
    V = onehot(labels, C)
    s = [variation(graph(x, o)[0], V, o.get("power", 1)) for x in xs]
    t = sum((b - a).abs() for a, b in zip(s, s[1:]))
    return t / (len(xs) - 1) if o.get("reduction", "mean") == "mean" else t

def gkd(xs, ts, labels, C, o):
    F = edge_filter(labels, o.get("edges", "all"))
    total = 0
    for x, t in zip(xs, ts):
        At, Mt = graph(t.detach(), o)
        As, _ = graph(x, o, mask=Mt if o.get("neighbors", "own") == "teacher" else None)
        At, As = At * F, As * F
        Pt, Ps = At, As
        for _ in range(o.get("power", 1) - 1):
            Pt, Ps = Pt @ At, Ps @ As
        q = ((Pt - Ps) ** 2).sum()
        total = total + (q if o.get("distance", "squared") == "squared" else safe_norm((Pt - Ps).reshape(1, -1), 1).sum())
    return total / len(xs) if o.get("reduction", "mean") == "mean" else total

def huber(a, b):
    d = (a - b).abs()
    return torch.where(d < 1, 0.5 * d * d, d - 0.5)

def rkd_distance(xs, ts, labels, C, o):
    total = 0
    for x, t in zip(xs, ts):
        B = x.shape[0]
        i, j = torch.triu_indices(B, B, 1)
        ds = safe_norm(x[i] - x[j], 1); dt = safe_norm(t[i] - t[j], 1).detach()
        if ds.mean() == 0 or dt.mean() == 0: continue          # nothing to compare
        total = total + huber(ds / ds.mean(), dt / dt.mean()).mean()
    return total / len(xs) if o.get("reduction", "mean") == "mean" else total

def rkd_angle(xs, ts, labels, C, o):
    def angles(z):
        e = z[None, :, :] - z[:, None, :]
        r = safe_norm(e, 2)
        e = torch.where((r == 0)[..., None], torch.zeros_like(e), e / torch.where(r == 0, torch.ones_like(r), r)[..., None])
        return torch.bmm(e, e.transpose(1, 2)).reshape(-1)
    total = 0
    for x, t in zip(xs, ts):
        total = total + huber(angles(x), angles(t).detach()).mean()
    return total / len(xs) if o.get("reduction", "mean") == "mean" else total

def rkd_similarity(xs, ts, labels, C, o):
    """Similarity-preserving distillation (Tung and Mori, 2019): |G_S - G_T|^2 / B^2, G the Gram matrix with rows of length 1."""
    total = 0
    for x, t in zip(xs, ts):
        total = total + ((unit_rows(x @ x.t()) - unit_rows(t @ t.t()).detach()) ** 2).mean()
    return total / len(xs) if o.get("reduction", "mean") == "mean" else total

def rkd_probability(xs, ts, labels, C, o):
    """Probabilistic knowledge transfer (Passalis and Tefas, 2018) with the cosine affinity K = (cos + 1) / 2: p_ij = K_ij / sum_(k != i) K_ik,
    mean over i of sum_(j != i) p_T log((p_T + eps) / (p_S + eps)), eps = 1e-7 as in its authors' program."""
    def probabilities(z):
        n = unit_rows(z)
        K = (n @ n.t() + 1) / 2 * (1 - torch.eye(len(z), dtype=z.dtype))
        r = K.sum(1, keepdim=True)
        return torch.where(r > 0, K / torch.where(r > 0, r, torch.ones_like(r)), torch.zeros_like(K))
    total = 0
    for x, t in zip(xs, ts):
        p, q = probabilities(t).detach(), probabilities(x)
        total = total + (p * torch.log((p + 1e-7) / (q + 1e-7))).sum(1).mean()
    return total / len(xs) if o.get("reduction", "mean") == "mean" else total

def hkd(xs, ts, labels, C, o):
    T = o["temperature"]
    lq = torch.log_softmax(xs[0] / T, 1); lp = torch.log_softmax(ts[0].detach() / T, 1)
    return (lp.exp() * (lp - lq)).sum(1).mean()

KINDS = dict(label_variation=label_variation, smooth=smooth, gkd=gkd,
             rkd_distance=rkd_distance, rkd_angle=rkd_angle, rkd_similarity=rkd_similarity,
             rkd_probability=rkd_probability, hkd=hkd)

def evaluate(kind, xs, ts, labels, C, o):
    xs = [x.double().clone().requires_grad_() for x in xs]
    ts = [t.double() for t in ts]
    f = KINDS[kind]
    loss = f(xs, ts, labels, C, o) if ts else f(xs, labels, C, o)
    if not torch.is_tensor(loss) or not loss.requires_grad:
        return float(loss), [torch.zeros_like(x) for x in xs]
    grads = torch.autograd.grad(loss, xs, allow_unused=True)
    return loss.item(), [g if g is not None else torch.zeros_like(x) for g, x in zip(grads, xs)]
