"""The same figures in PyTorch, where it is installed: the losses as the authors compute them, and the same network's step.

Prints lines "name value unit"; with the argument "cuda", those of the losses on a GPU. On the CPU first with as many threads as PyTorch
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


def now():
    """Seconds, when all that was enqueued is done."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def median_ms(run):
    run()
    times = []
    for _ in range(RUNS):
        start = now()
        run()
        times.append(now() - start)
    return 1e3 * statistics.median(times)


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


def step():
    net = wide_resnet28(.5)
    images, labels = torch.rand(128, 3, 32, 32), torch.arange(128) % 10
    optimizer = torch.optim.SGD(net.parameters(), lr=.1, momentum=.9, weight_decay=5e-4)

    def run():
        optimizer.zero_grad()
        F.cross_entropy(net(images), labels).backward()
        optimizer.step()

    return median_ms(run)


def losses(prefix):
    print(f"{prefix}torch_gkd_wrn28 {gkd():.4g} ms", flush=True)
    print(f"{prefix}torch_smooth_preact18 {smoothness():.4g} ms", flush=True)


if DEVICE == "cuda":
    losses("gpu_")
else:
    print(f"default_torch_threads {torch.get_num_threads()} threads", flush=True)
    losses("default_")
    # On some machines it takes one core by itself and leaves the others idle.
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    print(f"torch_threads {torch.get_num_threads()} threads", flush=True)
    losses("")
    print(f"torch_step_wrn28-0.5 {step():.4g} ms", flush=True)
