"""The steps of engine-steps.ts in PyTorch, with TorchJD where told: a line of JSON in, a line of JSON out."""

import importlib.metadata
import os
import platform
import sys

import torch
import torch.nn.functional as F
from answer_lines import answer_lines
from torch import nn

torch.set_num_threads(len(os.sched_getaffinity(0)))
torch.manual_seed(1)


def adam(*modules):
    return torch.optim.Adam([p for m in modules for p in m.parameters()], lr=1e-3, eps=1e-7)


def stepper(optimizer, loss):
    def step():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        value.item()

    return step


def classifier(trunk, width, x):
    heads = nn.ModuleList(nn.Linear(width, 10) for _ in range(2))
    labels = [torch.randint(0, 10, (len(x),)) for _ in heads]

    def loss():
        features = trunk(x)
        return sum(F.cross_entropy(head(features), y) for head, y in zip(heads, labels))

    return stepper(adam(trunk, heads), loss)


def mlp():
    trunk = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU())
    return classifier(trunk, 512, torch.randn(128, 784))


def convolutions(filters, batch):
    layers, channels = [], 3
    for count in filters:
        layers += [
            nn.Conv2d(channels, count, 3, padding=1, bias=False),
            nn.BatchNorm2d(count),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        channels = count
    trunk = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return classifier(trunk, channels, torch.randn(batch, 3, 32, 32))


def lstm():
    embedding, recurrent, tags = nn.Embedding(1000, 64), nn.LSTM(64, 64, batch_first=True), nn.Linear(64, 17)
    words, labels = torch.randint(0, 1000, (32, 32)), torch.randint(0, 17, (32, 32)).flatten()

    def loss():
        hidden, _ = recurrent(embedding(words))
        return F.cross_entropy(tags(hidden).flatten(0, 1), labels)

    return stepper(adam(embedding, recurrent, tags), loss)


class EightTasks:
    def __init__(self):
        self.trunk = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(128, 1) for _ in range(8))
        self.x = torch.randn(256, 64)
        self.labels = [torch.randn(256, 1) for _ in self.heads]
        self.optimizer = adam(self.trunk, self.heads)

    def losses(self, features):
        return [F.mse_loss(head(features), y) for head, y in zip(self.heads, self.labels)]


def heads8_sum():
    tasks = EightTasks()
    return stepper(tasks.optimizer, lambda: sum(tasks.losses(tasks.trunk(tasks.x))))


def heads8_by_hand():
    """T backward passes, and weights by a softmax, which costs next to nothing."""
    tasks = EightTasks()
    shared = list(tasks.trunk.parameters())

    def step():
        tasks.optimizer.zero_grad()
        losses = tasks.losses(tasks.trunk(tasks.x))
        gradients = [torch.autograd.grad(loss, shared, retain_graph=True) for loss in losses]
        jacobian = torch.stack([torch.cat([g.flatten() for g in row]) for row in gradients])
        weights = torch.softmax(-(jacobian @ jacobian.T).sum(1), 0)
        for head, loss in zip(tasks.heads, losses):
            for p, g in zip(head.parameters(), torch.autograd.grad(loss, head.parameters(), retain_graph=True)):
                p.grad = g
        parts = (weights @ jacobian).split([p.numel() for p in shared])
        for p, part in zip(shared, parts):
            p.grad = part.view_as(p)
        tasks.optimizer.step()
        torch.stack(losses).tolist()

    return step


def heads8_torchjd():
    from torchjd.aggregation import UPGrad
    from torchjd.autojac import jac_to_grad, mtl_backward

    tasks, aggregator = EightTasks(), UPGrad()

    def step():
        tasks.optimizer.zero_grad()
        features = tasks.trunk(tasks.x)
        losses = tasks.losses(features)
        mtl_backward(losses, features=features)
        jac_to_grad(tasks.trunk.parameters(), aggregator)
        tasks.optimizer.step()
        torch.stack(losses).tolist()

    return step


STEPS = {
    "pytorch": {
        "mlp": mlp,
        "cnn": lambda: convolutions([32, 64, 128], 32),
        "lstm": lstm,
        "heads8-sum": heads8_sum,
        "heads8-pertask": heads8_by_hand,
        "small-cnn": lambda: convolutions([8, 16], 16),
    },
    "torchjd": {"heads8-pertask": heads8_torchjd},
}

versions = {name: importlib.metadata.version(name) for name in ["torchjd", "torch"]}
answer_lines({**versions, "Python": platform.python_version()}, STEPS[sys.argv[1]])
