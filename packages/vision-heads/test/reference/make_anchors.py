"""Makes anchors.json: RetinaNet's anchors, what each learns from boxes, and the loss, written out with numpy by the formulas
of the papers and of torchvision (`AnchorGenerator` without its rounding and around the middle of cells,
`Matcher(0.5, 0.4, allow_low_quality_matches=True)`, `BoxCoder`, `sigmoid_focal_loss`, `smooth_l1_loss`).

    pip install numpy && python make_anchors.py
"""

import json
from pathlib import Path

import numpy as np


def level(width, height, stride):
    """Corners in pixels, [cells * 9, 4]."""
    scales = 4 * stride * np.array([2 ** 0, 2 ** (1 / 3), 2 ** (2 / 3)])
    h_ratios = np.sqrt(np.array([0.5, 1, 2]))
    ws = ((1 / h_ratios)[:, None] * scales[None]).reshape(-1)
    hs = (h_ratios[:, None] * scales[None]).reshape(-1)
    base = np.stack([-ws, -hs, ws, hs], 1) / 2
    y, x = np.meshgrid(np.arange(-(-height // stride)), np.arange(-(-width // stride)), indexing="ij")
    middles = (np.stack([x, y, x, y], -1).reshape(-1, 1, 4) + 0.5) * stride
    return (middles + base[None]).reshape(-1, 4)


def area(corners):
    return (corners[..., 2] - corners[..., 0]) * (corners[..., 3] - corners[..., 1])


def overlaps(boxes, anchors):
    low = np.maximum(boxes[:, None, :2], anchors[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], anchors[None, :, 2:])
    inside = np.prod(np.clip(high - low, 0, None), -1)
    return inside / (area(boxes)[:, None] + area(anchors)[None] - inside)


def match(boxes, anchors):
    """The place of each anchor's box, -1 for the background, -2 between the thresholds."""
    if len(boxes) == 0:
        return np.full(len(anchors), -1)
    quality = overlaps(boxes, anchors)
    nearest, best = quality.argmax(0), quality.max(0)
    matches = np.where(best < 0.4, -1, np.where(best < 0.5, -2, nearest))
    # Halves of anchors that mirror each other differ in the last digit.
    low_quality = np.isclose(quality, quality.max(1, keepdims=True), rtol=1e-9, atol=0).any(0)
    return np.where(low_quality, nearest, matches)


def encode(boxes, anchors):
    def parts(corners):
        size = corners[:, 2:] - corners[:, :2]
        return corners[:, :2] + size / 2, size
    (middle, size), (anchor_middle, anchor_size) = parts(boxes), parts(anchors)
    return np.concatenate([(middle - anchor_middle) / anchor_size, np.log(size / anchor_size)], 1)


def loss(outputs, classes, matches, targets, kinds):
    """Over the number of anchors with an object: torchvision's focal loss of the known ones, and smooth L1."""
    scores, deltas = outputs[:, :kinds], outputs[:, kinds:]
    shows = matches >= 0
    truth = np.zeros_like(scores)
    truth[shows, classes[shows]] = 1
    p = 1 / (1 + np.exp(-scores))
    cross_entropy = -(truth * np.log(p) + (1 - truth) * np.log(1 - p))
    p_t = p * truth + (1 - p) * (1 - truth)
    alpha_t = 0.25 * truth + 0.75 * (1 - truth)
    focal = (alpha_t * (1 - p_t) ** 2 * cross_entropy)[matches != -2].sum()
    error = np.abs(deltas - targets)[shows]
    smooth = np.where(error < 1, error ** 2 / 2, error - 0.5).sum()
    return (focal + smooth) / max(shows.sum(), 1)


def case(width, height, strides, kinds, drawn):
    """Boxes are drawn as class, x, y, width, height, in fractions of the picture."""
    pixels = np.array([width, height, width, height])
    anchors = np.concatenate([level(width, height, stride) for stride in strides])
    labels = np.array(drawn, dtype=float).reshape(-1, 5)
    boxes = np.concatenate([labels[:, 1:3], labels[:, 1:3] + labels[:, 3:]], 1) * pixels
    matches = match(boxes, anchors)
    shows = matches >= 0
    classes = np.where(shows, labels[matches, 0] if len(labels) else 0, matches).astype(int)
    targets = np.zeros_like(anchors)
    targets[shows] = encode(boxes[matches[shows]], anchors[shows])
    depth = kinds + 4
    outputs = 3 * np.sin(1 + np.arange(len(anchors) * depth)).reshape(-1, depth)
    corners = anchors / pixels
    return {
        "picture": {"width": width, "height": height}, "strides": strides, "kinds": kinds,
        "boxes": [{"class": int(b[0]), "x": b[1], "y": b[2], "width": b[3], "height": b[4]} for b in drawn],
        "count": len(anchors),
        # Every 7th: the ratios and scales come in turn.
        "anchors": np.concatenate([corners[::7, :2], corners[::7, 2:] - corners[::7, :2]], 1).round(12).tolist(),
        "ignored": np.flatnonzero(matches == -2).tolist(),
        "shows": [{"anchor": int(i), "class": int(classes[i]), "deltas": targets[i].round(12).tolist()}
                  for i in np.flatnonzero(shows)],
        "loss": float(loss(outputs, classes, matches, targets, kinds)),
    }


if __name__ == "__main__":
    cases = [
        case(64, 48, [16, 8], 2, [[0, 0.1, 0.2, 0.5, 0.6], [1, 0.6, 0.1, 0.35, 0.3]]),
        # Sides that no stride divides; an object that no anchor resembles; one inside another.
        case(70, 50, [32, 16, 8], 3, [[2, 0.3, 0.3, 0.04, 0.05], [0, 0, 0, 1, 1], [1, 0.31, 0.22, 0.4, 0.45]]),
        # Long and thin, on the edge.
        case(40, 80, [8], 1, [[0, 0.02, 0, 0.21, 0.97]]),
        case(40, 40, [16], 1, []),
    ]
    Path(__file__).with_name("anchors.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
