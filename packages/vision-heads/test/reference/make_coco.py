"""Makes coco-ap50.json: detections and objects, and the AP50 that pycocotools gives for them.

    pip install pycocotools && python make_coco.py
"""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def ap50(pictures, classes):
    objects, detections = [], []
    for picture, case in enumerate(pictures, 1):
        for box in case["labels"]:
            xywh = [box["x"], box["y"], box["width"], box["height"]]
            objects.append({"id": len(objects) + 1, "image_id": picture, "category_id": box["class"] + 1,
                            "bbox": xywh, "area": xywh[2] * xywh[3], "iscrowd": 0})
        for box in case["predictions"]:
            detections.append({"image_id": picture, "category_id": box["class"] + 1, "score": box["score"],
                               "bbox": [box["x"], box["y"], box["width"], box["height"]]})
    truth = COCO()
    truth.dataset = {"images": [{"id": picture} for picture in range(1, len(pictures) + 1)],
                     "annotations": objects, "categories": [{"id": c + 1} for c in range(classes)]}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        found = truth.loadRes(detections)
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.params.iouThrs = np.array([0.5])
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, -1]
    return float(np.mean(precision[precision > -1]))


def box(rng, classes):
    width, height = rng.uniform(0.1, 0.5, 2)
    return {"x": rng.uniform(0, 1 - width), "y": rng.uniform(0, 1 - height), "width": width, "height": height,
            "class": int(rng.integers(classes))}


def draw(seed):
    rng = np.random.default_rng(seed)
    classes = int(rng.integers(1, 4))
    pictures = []
    for _ in range(int(rng.integers(1, 9))):
        labels = [box(rng, classes) for _ in range(rng.integers(0, 5))]
        predictions = []
        for label in labels:
            for _ in range(rng.integers(0, 3)):
                moved = {side: label[side] + rng.normal(0, 0.03) for side in ("x", "y", "width", "height")}
                kept = label["class"] if rng.random() < 0.85 else int(rng.integers(classes))
                # Few different scores: ties are part of the test.
                predictions.append({**moved, "class": kept, "score": round(float(rng.random()), int(rng.integers(1, 4)))})
        predictions += [{**box(rng, classes), "score": float(rng.random()) / 2} for _ in range(rng.integers(0, 3))]
        pictures.append({"labels": labels, "predictions": predictions})
    if not any(case["labels"] for case in pictures) or not any(case["predictions"] for case in pictures):
        return draw(seed + 1000)
    return {"seed": seed, "pictures": pictures, "ap50": ap50(pictures, classes)}


if __name__ == "__main__":
    cases = [draw(seed) for seed in range(20)]
    Path(__file__).with_name("coco-ap50.json").write_text(json.dumps(cases) + "\n")
