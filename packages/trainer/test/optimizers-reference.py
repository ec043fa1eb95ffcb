"""Writes optimizers-reference.json: sequences of weights as PyTorch's optimizers give them, in double precision.

    python3 packages/trainer/test/optimizers-reference.py > packages/trainer/test/optimizers-reference.json
"""

import json
import sys

import torch

STEPS = 12
torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
START = {"kernel": torch.randn(2, 3), "bias": torch.randn(3)}
GRADIENTS = [{name: torch.randn(value.shape) for name, value in START.items()} for _ in range(STEPS)]
RATES = [0.1 * 0.9**step for step in range(STEPS)]


def numbers(tensor):
    """More digits than single precision has."""
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2; PyTorch has none."""

    def __init__(self, params, lr, weight_decay):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                update = torch.sign(0.9 * m + 0.1 * p.grad) + group["weight_decay"] * p
                p -= group["lr"] * update
                m.mul_(0.99).add_(p.grad, alpha=0.01)


def run(make, decay=0.0, factors=None, clip=None, average=None):
    weights = {name: value.clone().requires_grad_() for name, value in START.items()}
    factors = factors or {}
    groups = [
        # As here: kernels decay, biases do not.
        {"params": [weight], "weight_decay": decay if weight.dim() > 1 else 0.0, "factor": factors.get(name, 1)}
        for name, weight in weights.items()
    ]
    optimizer = make(groups)
    averaged = (
        torch.optim.swa_utils.AveragedModel(
            torch.nn.ParameterList(weights.values()),
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(average),
        )
        if average
        else None
    )
    # PyTorch's average begins with the first weights that it is shown.
    if averaged:
        averaged.update_parameters(torch.nn.ParameterList(weights.values()))
    steps = []
    for gradients, rate in zip(GRADIENTS, RATES):
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        for name, weight in weights.items():
            weight.grad = gradients[name].clone()
        if clip:
            torch.nn.utils.clip_grad_norm_(weights.values(), clip)
        optimizer.step()
        if averaged:
            averaged.update_parameters(torch.nn.ParameterList(weights.values()))
        shown = dict(zip(weights, averaged.module)) if averaged else weights
        steps.append({name: numbers(shown[name].detach()) for name in weights})
    return steps


def sgd(**options):
    return lambda groups: torch.optim.SGD(groups, lr=0.1, **options)


def adam(groups):
    return torch.optim.Adam(groups, lr=0.1)


def adamw(groups):
    return torch.optim.AdamW(groups, lr=0.1)


def lion(groups):
    return Lion(groups, lr=0.1, weight_decay=0.0)


cases = {
    "sgd": run(sgd()),
    "sgd with momentum and decay": run(sgd(momentum=0.9), decay=0.1),
    "sgd with Nesterov's momentum": run(sgd(momentum=0.9, nesterov=True), decay=0.1),
    "adam": run(adam),
    "adamW": run(adamw, decay=0.3),
    "lion": run(lion, decay=0.3),
    "clipped": run(sgd(), clip=1.5),
    "rates by group": run(adamw, factors={"kernel": 0.1, "bias": 2}),
    "average": run(adamw, average=0.8),
}
json.dump(
    {
        "torch": torch.__version__,
        "rates": RATES,
        "start": {name: {"shape": list(v.shape), "values": numbers(v)} for name, v in START.items()},
        "gradients": [{name: numbers(g) for name, g in step.items()} for step in GRADIENTS],
        "cases": cases,
    },
    sys.stdout,

)
print()
