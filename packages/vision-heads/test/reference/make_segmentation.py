"""Makes segmentation.json: small maps of segments and classes, and what the field's tools say about them.

    pip install numpy pillow pycocotools scikit-learn hotcoco && python make_segmentation.py

Mask AP is pycocotools', mIoU and pixel accuracy are scikit-learn's. panopticapi is not on PyPI: PQ, SQ and RQ are
hotcoco's, which follows its protocol.
"""

import contextlib
import io
import json
import tempfile
from pathlib import Path

import numpy as np
from hotcoco.panoptic import pq_compute
from PIL import Image
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import accuracy_score, jaccard_score

SIZE = 16
UNKNOWN = -1


def mask_ap(pictures, classes):
    objects, detections = [], []
    for picture, case in enumerate(pictures, 1):
        truth, found = case["truth"], case["found"]
        known = np.array(truth["values"]).reshape(SIZE, SIZE) != UNKNOWN
        for place, segment in enumerate(truth["segments"], 1):
            mask = np.array(truth["values"]).reshape(SIZE, SIZE) == place
            if not mask.any():
                continue
            code = rle.encode(np.asfortranarray(mask.astype(np.uint8)))
            objects.append({"id": len(objects) + 1, "image_id": picture, "category_id": segment["class"] + 1,
                            "segmentation": code, "bbox": list(rle.toBbox(code)), "area": int(mask.sum()),
                            "iscrowd": int(segment.get("crowd", False))})
        for place, segment in enumerate(found["segments"], 1):
            mask = (np.array(found["values"]).reshape(SIZE, SIZE) == place) & known
            if not mask.any():
                continue
            detections.append({"image_id": picture, "category_id": segment["class"] + 1, "score": segment["score"],
                               "segmentation": rle.encode(np.asfortranarray(mask.astype(np.uint8)))})
    if not detections or not any(not o["iscrowd"] for o in objects):
        return 0.0, 0.0
    truth = COCO()
    truth.dataset = {"images": [{"id": p, "width": SIZE, "height": SIZE} for p in range(1, len(pictures) + 1)],
                     "annotations": objects, "categories": [{"id": c + 1} for c in range(classes)], "info": {}}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(detections), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, -1]
    mean = lambda values: float(np.mean(values[values > -1]))
    return mean(precision[0]), mean(precision)


def panoptic(pictures, classes):
    """panopticapi's void is its value 0; nothing there (our 0) becomes a class of its own that is not averaged."""
    nothing = classes + 1
    categories = [{"id": c + 1, "isthing": 1, "name": str(c)} for c in range(classes)]
    categories.append({"id": nothing, "isthing": 0, "name": "nothing"})
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for side in ("truth", "found"):
            (Path(folder) / side).mkdir()
            annotations = []
            for picture, case in enumerate(pictures, 1):
                values = np.array(case[side]["values"]).reshape(SIZE, SIZE)
                ids = np.where(values == UNKNOWN, 0, values + 1).astype(np.uint32)
                rgb = np.stack([ids & 255, ids >> 8, np.zeros_like(ids)], -1).astype(np.uint8)
                name = f"{picture}.png"
                Image.fromarray(rgb).save(Path(folder) / side / name)
                info = [{"id": 1, "category_id": nothing, "iscrowd": 0, "area": int((ids == 1).sum()), "bbox": [0, 0, 1, 1]}]
                info += [{"id": place + 1, "category_id": segment["class"] + 1, "iscrowd": int(segment.get("crowd", False)),
                          "area": int((ids == place + 1).sum()), "bbox": [0, 0, 1, 1]}
                         for place, segment in enumerate(case[side]["segments"], 1)]
                info = [segment for segment in info if segment["area"] > 0]
                annotations.append({"image_id": picture, "file_name": name, "segments_info": info})
            file = Path(folder) / f"{side}.json"
            images = [{"id": p, "file_name": f"{p}.jpg", "width": SIZE, "height": SIZE} for p in range(1, len(pictures) + 1)]
            file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
            files.append(str(file))
        with contextlib.redirect_stdout(io.StringIO()):
            results = pq_compute(files[0], files[1], str(Path(folder) / "truth"), str(Path(folder) / "found"))
    if results["Things"]["n"] == 0:
        return {"pq": 0.0, "sq": 0.0, "rq": 0.0}
    return {name: float(results["Things"][name]) for name in ("pq", "sq", "rq")}


def classes_of(side):
    values = [segment["class"] + 1 for segment in side["segments"]]
    return [UNKNOWN if v == UNKNOWN else ([0] + values)[v] for v in side["values"]]


def pixels(pictures):
    truth = np.concatenate([classes_of(case["truth"]) for case in pictures])
    found = np.concatenate([classes_of(case["found"]) for case in pictures])
    known = truth != UNKNOWN
    if not known.any():
        return {"miou": 0.0, "accuracy": 0.0}
    return {"miou": float(jaccard_score(truth[known], found[known], average="macro")),
            "accuracy": float(accuracy_score(truth[known], found[known]))}


def ellipse(rng, values, place):
    y, x = np.mgrid[:SIZE, :SIZE]
    cy, cx = rng.uniform(0, SIZE, 2)
    ry, rx = rng.uniform(1.5, 4.5, 2)
    values[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1] = place


def picture(rng, classes, crowds, unknown, empty_truth=False, empty_found=False):
    values = np.zeros((SIZE, SIZE), int)
    segments = []
    for place in range(1, 1 + (0 if empty_truth else int(rng.integers(1, 6)))):
        ellipse(rng, values, place)
        segments.append({"class": int(rng.integers(classes))})
        if crowds and rng.random() < 0.3 and not any(s.get("crowd") and s["class"] == segments[-1]["class"] for s in segments):
            segments[-1]["crowd"] = True
    truth = values.copy()
    if unknown:
        ellipse(rng, truth, UNKNOWN)
    found_values, found = np.zeros((SIZE, SIZE), int), []
    if not empty_found:
        for place, segment in enumerate(segments, 1):
            if rng.random() < 0.15:
                continue
            shifted = np.roll(values, tuple(rng.integers(-1, 2, 2)), (0, 1)) == place
            kept = segment["class"] if rng.random() < 0.85 else int(rng.integers(classes))
            found.append({"class": kept, "score": round(float(rng.random()), int(rng.integers(1, 4)))})
            found_values[shifted] = len(found)
        for _ in range(rng.integers(0, 3)):
            found.append({"class": int(rng.integers(classes)), "score": float(rng.random()) / 2})
            ellipse(rng, found_values, len(found))
    flat = lambda array: [int(v) for v in array.ravel()]
    return {"truth": {"values": flat(truth), "segments": segments},
            "found": {"values": flat(found_values), "segments": found}}


def case(name, seed, count=3, **options):
    rng = np.random.default_rng(seed)
    classes = int(rng.integers(1, 4))
    pictures = [picture(rng, classes, **options) for _ in range(count)]
    ap50, ap = mask_ap(pictures, classes)
    return {"name": name, "classes": classes, "pictures": pictures, "ap50": ap50, "map": ap,
            **panoptic(pictures, classes), **pixels(pictures)}


if __name__ == "__main__":
    plain = {"crowds": False, "unknown": False}
    cases = [case(f"plain {seed}", seed, **plain) for seed in range(4)]
    cases += [case(f"unknown pixels {seed}", 10 + seed, crowds=False, unknown=True) for seed in range(3)]
    cases += [case(f"crowds {seed}", 20 + seed, crowds=True, unknown=False) for seed in range(4)]
    cases += [case(f"crowds and unknown pixels {seed}", 30 + seed, crowds=True, unknown=True) for seed in range(3)]
    cases += [case("nothing found", 40, empty_found=True, **plain),
              case("nothing there", 41, empty_truth=True, **plain),
              case("nothing there or found", 42, empty_truth=True, empty_found=True, **plain),
              case("one picture", 43, count=1, **plain)]
    Path(__file__).with_name("segmentation.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
