"""The same figures in PyTorch, where it is installed: the losses as the authors compute them, and the same network's step.

Prints lines "name value unit"; with the argument "cuda", those on a GPU, by its own events, in float32. On the CPU first with as many threads as PyTorch
takes by itself, then on every core. A check of the benchmark, no part of the product."""
import os
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

RUNS = 9
DEVICE = sys.argv[1] if len(sys.argv) > 1 else "cpu"


def ms_on_device(run):
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    run()
    end.record()
    end.synchronize()
    return start.elapsed_time(end)


def ms_on_cpu(run):
    start = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - start)


def median_ms(run):
    for _ in range(3 if DEVICE == "cuda" else 1):
        run()
    measure = ms_on_device if DEVICE == "cuda" else ms_on_cpu
    return statistics.median(measure(run) for _ in range(RUNS))


def adjacency(x, normalize):
    """Cosine graph of a batch, without self-loops; D^-1/2 A D^-1/2 where asked for."""
    directions = F.normalize(x.flatten(1), dim=1)
    similarity = directions @ directions.t()
    graph = similarity * (1 - torch.eye(len(x), device=x.device))
    if normalize:
        scale = graph.sum(1).pow(-0.5)
        graph = torch.diag(scale) @ graph @ torch.diag(scale)
    return graph


def gkd():
    student = [torch.rand(128, d, device=DEVICE, requires_grad=True) for d in (8192, 4096, 32)]
    teacher = [torch.rand(128, d, device=DEVICE) for d in (16384, 8192, 64)]

    def run():
        loss = sum((adjacency(t, True) - adjacency(s, True)).pow(2).sum() for s, t in zip(student, teacher)) / 3
        loss.backward()

    return median_ms(run)


def smoothness():
    sizes = 5 * [65536] + 4 * [32768] + 4 * [16384] + 4 * [8192]
    layers = [torch.rand(100, d, device=DEVICE, requires_grad=True) for d in sizes]
    labels = F.one_hot(torch.arange(100, device=DEVICE) % 10).float()

    def variation(x):
        graph = adjacency(x, False)
        laplacian = torch.diag(graph.sum(1)) - graph
        return torch.trace(labels.t() @ laplacian.matrix_power(2) @ labels)

    def run():
        sigma = [variation(x) for x in layers]
        loss = sum((b - a).abs() for a, b in zip(sigma, sigma[1:])) / (len(sigma) - 1)
        loss.backward()

    return median_ms(run)


class Block(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))
        same = inputs == width and stride == 1
        self.shortcut = nn.Identity() if same else nn.Sequential(
            nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def wide_resnet28(width):
    layers, inputs = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for group in range(3):
        for block in range(4):
            outputs = int(16 * 2 ** group * width)
            layers.append(Block(inputs, outputs, 2 if group and not block else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 10))


class PreActivated(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.first = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU())
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False))
        same = inputs == width and stride == 1
        self.shortcut = None if same else nn.Conv2d(inputs, width, 1, stride, bias=False)

    def forward(self, x):
        y = self.first(x)
        return self.body(y) + (self.shortcut(y) if self.shortcut else x)


def resnet18(block):
    first = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    layers, inputs = [first] if block is PreActivated else [first, nn.BatchNorm2d(64), nn.ReLU()], 64
    for group in range(4):
        for number in range(2):
            layers.append(block(inputs, 64 * 2 ** group, 2 if group and not number else 1))
            inputs = 64 * 2 ** group
    last = [nn.BatchNorm2d(inputs), nn.ReLU()] if block is PreActivated else []
    return nn.Sequential(*layers, *last, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 10))


def train(net, batch, loss):
    """One step after another; loss(images, labels) runs the network."""
    images, labels = torch.rand(batch, 3, 32, 32, device=DEVICE), torch.arange(batch, device=DEVICE) % 10
    optimizer = torch.optim.SGD(net.parameters(), lr=.1, momentum=.9, weight_decay=5e-4)

    def run():
        optimizer.zero_grad()
        loss(images, labels).backward()
        optimizer.step()

    return median_ms(run)


def step(net, batch):
    net = net.to(DEVICE)
    return train(net, batch, lambda images, labels: F.cross_entropy(net(images), labels))


def representations(net, x):
    """The outputs at the ends of groups 1 and 2 and of the pooling, and the logits."""
    taps = []
    for number, layer in enumerate(net):
        x = layer(x)
        if number in (6, 10, 15):
            taps.append(x)
    return taps, x


def gkd_step():
    student, teacher = wide_resnet28(.5).to(DEVICE), wide_resnet28(1).to(DEVICE).eval()

    def loss(images, labels):
        with torch.no_grad():
            taught, _ = representations(teacher, images)
        taps, logits = representations(student, images)
        pairs = [(adjacency(t, True) - adjacency(s, True)).pow(2).sum() for s, t in zip(taps, taught)]
        return F.cross_entropy(logits, labels) + 25 * sum(pairs) / 3

    return train(student, 128, loss)


def losses(prefix):
    print(f"{prefix}torch_gkd_wrn28 {gkd():.4g} ms", flush=True)
    print(f"{prefix}torch_smooth_preact18 {smoothness():.4g} ms", flush=True)


def steps(prefix, suffix=""):
    print(f"{prefix}torch_step_wrn28-0.5{suffix} {step(wide_resnet28(.5), 128):.4g} ms", flush=True)
    print(f"{prefix}torch_step_wrn28-0.5-gkd{suffix} {gkd_step():.4g} ms", flush=True)
    print(f"{prefix}torch_step_resnet18{suffix} {step(resnet18(Block), 128):.4g} ms", flush=True)
    print(f"{prefix}torch_step_preact_resnet18{suffix} {step(resnet18(PreActivated), 100):.4g} ms", flush=True)


if DEVICE == "cuda":
    losses("gpu_")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
    steps("gpu_")
    # what it does by itself
    torch.backends.cudnn.allow_tf32 = True
    steps("gpu_", "_tf32")
else:
    print(f"torch_version {torch.__version__} version", flush=True)
    print(f"default_torch_threads {torch.get_num_threads()} threads", flush=True)
    losses("default_")
    # On some machines it takes one core by itself and leaves the others idle.
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    print(f"torch_threads {torch.get_num_threads()} threads", flush=True)
    losses("")
    steps("")
