"""Weights from Gramians with TorchJD, one thread: a line of JSON in, a line of JSON out."""

import importlib.metadata
import json
import platform
import sys
import warnings

import torch
from answer_lines import answer, median_ms
from torchjd import aggregation

warnings.simplefilter("ignore")
torch.set_num_threads(1)


def on_gramian(weighting):
    return lambda jacobian: (weighting, jacobian @ jacobian.T)


def nash_mtl(tasks):
    # TorchJD's works on the Jacobian and forms the small Gramian itself. Its problem is compiled in the first call and
    # kept, as in training.
    weighting = aggregation.NashMTL(n_tasks=tasks).weighting
    return lambda jacobian: (weighting, jacobian)


METHODS = {
    "UPGrad": lambda tasks: on_gramian(aggregation.UPGradWeighting()),
    "MGDA": lambda tasks: on_gramian(aggregation.MGDAWeighting()),
    "PCGrad": lambda tasks: on_gramian(aggregation.PCGradWeighting()),
    "CAGrad": lambda tasks: on_gramian(aggregation.CAGradWeighting(c=0.4)),
    "Nash-MTL": nash_mtl,
    "FairGrad": lambda tasks: on_gramian(aggregation.FairGradWeighting(alpha=2.0)),
    "Aligned-MTL": lambda tasks: on_gramian(aggregation.AlignedMTLWeighting()),
}


class Case:
    """One method on the matrices of one size. Goes through them again and again, from where it stopped."""

    def __init__(self, method, jacobians):
        prepare = METHODS[method](len(jacobians[0]))
        self.inputs = [prepare(torch.tensor(jacobian)) for jacobian in jacobians]
        self.next = 0

    def call(self):
        weighting, matrix = self.inputs[self.next]
        weighting(matrix)
        self.next = (self.next + 1) % len(self.inputs)


versions = {name: importlib.metadata.version(name) for name in ["torchjd", "torch"]}
answer({"versions": {**versions, "Python": platform.python_version()}})

case = None
for line in sys.stdin:
    request = json.loads(line)
    try:
        if "jacobians" in request:
            case = Case(request["method"], request["jacobians"])
        answer({"ms": median_ms(case.call, request["ms"])})
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {error}"})
