"""Makes scores.json: classes, sets of classes, numbers, pairs and embeddings of faces, and what scikit-learn says about
them; and what ArcFace's loss is by the angles themselves.

    pip install numpy scipy scikit-learn && python make_scores.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from scipy.special import softmax
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, r2_score, roc_curve
from sklearn.metrics.pairwise import cosine_similarity

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
    return {"same": [bool(s) for s in same], "similarity": [float(s) for s in similarity], **verification(same, similarity)}


def verification(same, similarity):
    false_accepts, true_accepts, _ = roc_curve(same, similarity, drop_intermediate=False)
    eer = brentq(lambda x: 1 - x - interp1d(false_accepts, true_accepts)(x), 0, 1, xtol=1e-14)
    tar = [float(true_accepts[false_accepts <= rate].max()) for rate in RATES]
    return {"eer": float(eer), "tar": tar}


def faces(seed, people, dimensions=4, digits=None):
    """Embeddings of people that have as many faces as `people` says."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(people)), people)
    embeddings = rng.normal(0, 1, (len(people), dimensions))[owners] + rng.normal(0, 0.7, (len(owners), dimensions))
    if digits is not None:
        embeddings = np.round(embeddings, digits) + np.array([0.5] + [0] * (dimensions - 1))
    # As the head keeps them.
    embeddings = embeddings.astype(np.float32)
    similarity = cosine_similarity(embeddings.astype(np.float64))
    first, second = np.tril_indices(len(owners), -1)
    return {"people": owners.tolist(), "embeddings": [[float(v) for v in row] for row in embeddings],
            **verification(owners[first] == owners[second], similarity[first, second].round(12))}


def arc_face(seed, count, people, margin, scale):
    rng = np.random.default_rng(seed)
    angles = rng.uniform(0.05, np.pi - 0.05, (count, people))
    labels = rng.integers(people, size=count)
    own = np.arange(count), labels
    scores = np.cos(angles)
    # Beyond π the cosine would rise again: there the authors' code goes on as a straight line.
    scores[own] = np.where(angles[own] + margin < np.pi, np.cos(angles[own] + margin),
                           np.cos(angles[own]) - margin * np.sin(margin))
    losses = [log_loss([label], softmax(scale * row)[None], labels=range(people)) for label, row in zip(labels, scores)]
    return {"margin": margin, "scale": scale, "cosines": np.cos(angles).tolist(), "labels": labels.tolist(), "losses": losses}


if __name__ == "__main__":
    scores = {
        "classes": [classes(1, 40, 3), classes(2, 30, 5), classes(3, 20, 3, guess=1), classes(4, 1, 2),
                    # One class only, found and not.
                    classes(5, 6, 1), classes(6, 6, 1, guess=1)],
        "sets": [sets(1, 30, 4), sets(2, 12, 3, chance=0.05)],
        "numbers": [numbers(1, 25), numbers(2, 2)],
        "rates": RATES,
        # Ties, perfect separation, chance, the wrong way round, one similarity for all, one pair of each kind.
        "pairs": [pairs(1, 80, 1.5), pairs(2, 60, 1, digits=1), pairs(3, 40, 20), pairs(4, 60, 0, digits=0), pairs(5, 50, -2),
                  pairs(6, 30, 0, digits=-2), pairs(7, 2, 1)],
        # Somebody with a single face; ties; two people.
        "faces": [faces(1, [5, 1, 4, 6, 3]), faces(2, [6, 6, 6, 1], digits=0), faces(3, [2, 1], dimensions=2)],
        "arcFace": [arc_face(1, 12, 4, 0.5, 8), arc_face(2, 6, 2, 0, 16), arc_face(3, 12, 30, 0.3, 16)],
    }
    Path(__file__).with_name("scores.json").write_text(json.dumps(scores, separators=(",", ":")) + "\n")
