"""Makes coco-masks.json: polygons and run lengths, and the pixels that pycocotools sees in them.

    pip install numpy pycocotools && python make_coco_masks.py
"""

import json
from pathlib import Path

import numpy as np
from pycocotools import mask as rle


def pixels(code):
    return "".join(map(str, rle.decode(code).ravel()))


def polygon(rng, width, height, corners, whole):
    # Some corners lie outside of the picture.
    points = rng.uniform(-2, [width + 2, height + 2], (corners, 2))
    return [float(v) for v in (np.round(points) if whole else np.round(points, 2)).ravel()]


def polygons(seed):
    rng = np.random.default_rng(seed)
    width, height = (int(v) for v in rng.integers(5, 20, 2))
    parts = [polygon(rng, width, height, int(rng.integers(3, 8)), seed % 2 == 0) for _ in range(1 + seed % 3)]
    code = rle.merge(rle.frPyObjects(parts, height, width))
    return {"width": width, "height": height, "segmentation": parts, "pixels": pixels(code)}


def runs(seed):
    rng = np.random.default_rng(seed)
    width, height = (int(v) for v in rng.integers(5, 40, 2))
    mask = (rng.random((height, width)) < (0.02 if seed % 2 else 0.5)).astype(np.uint8)
    if seed == 3:
        mask[:] = 1
    if seed == 4:
        mask[:] = 0
    code = rle.encode(np.asfortranarray(mask))
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat]))).tolist() + [flat.size]
    counts = np.diff([0, *edges]).tolist()
    size = [height, width]
    return [{"width": width, "height": height, "pixels": pixels(code), "segmentation": {"size": size, "counts": c}}
            for c in (counts, code["counts"].decode())]


if __name__ == "__main__":
    cases = [polygons(seed) for seed in range(24)] + [case for seed in range(5) for case in runs(seed)]
    Path(__file__).with_name("coco-masks.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
