"""Makes scores.json: classes, sets of classes, numbers and pairs, and what scikit-learn says about them.

    pip install numpy scipy scikit-learn && python make_scores.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, r2_score, roc_curve

RATES = [0.001, 0.01, 0.1, 0.5]


def classes(seed, count, kinds, guess=None):
    rng = np.random.default_rng(seed)
    labels = rng.integers(kinds, size=count)
    found = np.where(rng.random(count) < 0.6, labels, rng.integers(kinds, size=count))
    if guess is not None:
        found = np.full(count, guess)
    return {"labels": labels.tolist(), "found": found.tolist(),
            "macroF1": float(f1_score(labels, found, average="macro", zero_division=0))}


def sets(seed, count, kinds, chance=0.4):
    rng = np.random.default_rng(seed)
    labels = rng.random((count, kinds)) < chance
    found = labels ^ (rng.random((count, kinds)) < 0.2)
    # A class that nobody has and nobody predicts.
    labels[:, -1] = found[:, -1] = False
    return {"labels": labels.astype(int).tolist(), "found": found.astype(int).tolist(),
            "macroF1": float(f1_score(labels, found, average="macro", zero_division=0)),
            "exact": float(accuracy_score(labels, found))}


def numbers(seed, count):
    rng = np.random.default_rng(seed)
    labels = rng.normal(3, 2, count)
    found = labels + rng.normal(0, 1, count)
    return {"labels": labels.tolist(), "found": found.tolist(),
            "mae": float(mean_absolute_error(labels, found)), "r2": float(r2_score(labels, found))}


def pairs(seed, count, distance, digits=None):
    rng = np.random.default_rng(seed)
    same = rng.random(count) < 0.4
    same[:2] = [True, False]
    similarity = rng.normal(0, 1, count) + distance * same
    if digits is not None:
        similarity = np.round(similarity, digits)
    false_accepts, true_accepts, _ = roc_curve(same, similarity, drop_intermediate=False)
    eer = brentq(lambda x: 1 - x - interp1d(false_accepts, true_accepts)(x), 0, 1, xtol=1e-14)
    tar = [float(true_accepts[false_accepts <= rate].max()) for rate in RATES]
    return {"same": [bool(s) for s in same], "similarity": [float(s) for s in similarity], "eer": float(eer), "tar": tar}


if __name__ == "__main__":
    scores = {
        "classes": [classes(1, 40, 3), classes(2, 30, 5), classes(3, 20, 3, guess=1), classes(4, 1, 2)],
        "sets": [sets(1, 30, 4), sets(2, 12, 3, chance=0.05)],
        "numbers": [numbers(1, 25), numbers(2, 2)],
        "rates": RATES,
        # Ties, perfect separation, chance, the wrong way round.
        "pairs": [pairs(1, 80, 1.5), pairs(2, 60, 1, digits=1), pairs(3, 40, 20), pairs(4, 60, 0, digits=0), pairs(5, 50, -2)],
    }
    Path(__file__).with_name("scores.json").write_text(json.dumps(scores, separators=(",", ":")) + "\n")
