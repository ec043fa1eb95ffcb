"""Makes metrics.json: what the field's own tools say, edge cases included.

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install seqeval==1.2.2 scikit-learn scipy sacrebleu==2.6.0
    /tmp/reference/bin/python packages/nlp-heads/test/reference/make.py > packages/nlp-heads/test/reference/metrics.json
"""

import collections
import json
import random
import re
import string
import sys
import warnings

import numpy as np
import sacrebleu
from scipy import stats
from seqeval import metrics as seqeval
from seqeval.scheme import IOB2
from sklearn import metrics as sklearn

warnings.filterwarnings("ignore")
rng = random.Random(9)


def entity_cases():
    iob = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-A-B", "I-A-B"]
    any_tag = iob + ["E-PER", "S-PER", "E-LOC", "S-LOC"]
    sentences = [
        ([["O", "O"]], [["O", "O"]]),
        ([["I-PER", "I-PER", "O"]], [["B-PER", "I-PER", "O"]]),
        ([["B-PER", "I-LOC"]], [["B-PER", "I-LOC"]]),
        ([["B-PER", "B-PER"]], [["B-PER", "I-PER"]]),
        ([["B-PER"], ["O"]], [["O"], ["B-PER"]]),
        ([["B-PER", "I-PER", "I-LOC", "I-LOC"]], [["B-PER", "I-PER", "B-LOC", "I-LOC"]]),
    ]
    for tags in (iob, any_tag):
        for _ in range(8):
            truth = [[rng.choice(tags) for _ in range(rng.randint(1, 12))] for _ in range(6)]
            guess = [[t if rng.random() < 0.7 else rng.choice(tags) for t in s] for s in truth]
            sentences.append((guess, truth))
    for guess, truth in sentences:
        case = {"predictions": guess, "labels": truth, "lenient": score(truth, guess)}
        if not any(t[0] in "ES" for s in truth + guess for t in s):
            case["strict"] = score(truth, guess, mode="strict", scheme=IOB2)
        yield case


def score(truth, guess, **mode):
    return [
        float(f(truth, guess, zero_division=0, **mode))
        for f in (seqeval.precision_score, seqeval.recall_score, seqeval.f1_score)
    ]


def class_cases():
    lists = [([0, 0], [0, 0]), ([0, 1], [1, 0]), ([1, 1, 1], [0, 1, 2]), ([0, 1, 2], [1, 1, 1])]
    for classes in (2, 3, 7):
        for _ in range(4):
            labels = [rng.randrange(classes) for _ in range(40)]
            lists.append(([y if rng.random() < 0.6 else rng.randrange(classes) for y in labels], labels))
    for guess, truth in lists:
        yield {
            "predictions": guess,
            "labels": truth,
            "accuracy": sklearn.accuracy_score(truth, guess),
            "macroF1": sklearn.f1_score(truth, guess, average="macro", zero_division=0),
            "mcc": sklearn.matthews_corrcoef(truth, guess),
        }


def multi_label_cases():
    for _ in range(4):
        truth = np.array([[rng.random() < 0.4 for _ in range(4)] for _ in range(12)])
        guess = np.array([[v if rng.random() < 0.7 else not v for v in row] for row in truth])
        names = lambda rows: [[int(i) for i in np.flatnonzero(row)] for row in rows]
        yield {
            "predictions": names(guess),
            "labels": names(truth),
            "microF1": sklearn.f1_score(truth, guess, average="micro"),
        }


def correlation_cases():
    lists = [([1, 2, 3], [3, 2, 1]), ([1, 1, 2, 2], [1, 2, 1, 2]), ([1e9, 1e9 + 1, 1e9 + 2], [0.1, 0.2, 0.4])]
    for _ in range(6):
        x = [round(rng.gauss(0, 1), rng.choice([0, 1, 5])) for _ in range(30)]
        lists.append((x, [round(v + rng.gauss(0, 1), 1) for v in x]))
    for x, y in lists:
        yield {"x": x, "y": y, "pearson": float(stats.pearsonr(x, y)[0]), "spearman": float(stats.spearmanr(x, y)[0])}


WORDS = "the a cat dog sat, on mat. don't 3,000 1.5 50-50 Élan naïve 日本 語。 😀 x-ray \"quoted\" &quot; (so) !? e\u0301t\u00e9 שלום $5 a/b".split(" ")


def translation_cases():
    corpora = [
        (["the cat sat on the mat"], [["the cat sat on the mat"]]),
        (["nothing in common"], [["das ist etwas anderes"]]),
        (["a b c"], [["a b c"]]),
        (["", "the cat sat on a mat ."], [["the"], ["the cat sat on the mat ."]]),
        (["the the the the the"], [["the cat"]]),
        ([""], [[""]]),
        (["short"], [["a much longer reference than that"]]),
        (["line-\nbreak and\nmore <skipped> &amp; 5-6  spaces "], [["linebreak and more & 5 - 6 spaces"]]),
        (["it is a guide to action", "he read the book"], [["it is the guide", "it is a guide to act"], ["he has read the book", "he read a book because"]]),
    ]
    for _ in range(8):
        references = [[" ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 14)))] for _ in range(5)]
        noisy = lambda s: " ".join(w if rng.random() < 0.8 else rng.choice(WORDS) for w in s.split(" ") if rng.random() < 0.95)
        corpora.append(([noisy(r[0]) for r in references], references))
    for guess, references in corpora:
        transposed = [list(column) for column in zip(*references)]
        yield {
            "predictions": guess,
            "references": references,
            "bleu": sacrebleu.BLEU().corpus_score(guess, transposed).score,
            "chrf": sacrebleu.CHRF().corpus_score(guess, transposed).score,
        }


# The functions of the official SQuAD 2.0 script (evaluate-v2.0.py, CC BY-SA 4.0 of the SQuAD authors).
def normalize_answer(s):
    s = "".join(ch for ch in s.lower() if ch not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", s).split())


def compute_f1(a_gold, a_pred):
    gold, pred = normalize_answer(a_gold).split(), normalize_answer(a_pred).split()
    same = sum((collections.Counter(gold) & collections.Counter(pred)).values())
    if not gold or not pred:
        return int(gold == pred)
    if same == 0:
        return 0
    precision, recall = same / len(pred), same / len(gold)
    return 2 * precision * recall / (precision + recall)


def squad_cases():
    lists = [
        (["The Eiffel Tower!"], [["eiffel tower"]]),
        (["in the park of a city"], [["park of an city", "city park"]]),
        ([""], [[]]),
        (["something"], [[]]),
        ([""], [["an answer"]]),
        (["the"], [["the"]]),
        (["U.S. dollars"], [["US dollar", "us dollars"]]),
        (["theory anathema"], [["ory athema", "theory"]]),
        (["Él comió  a"], [["él comió"]]),
        (["word word word"], [["word"]]),
        (["a-b the-c"], [["ab thec"]]),
        (["im Jahr 1990", "Müller"], [["1990"], ["Muller", "Müller"]]),
    ]
    for guess, golds in lists:
        exact = overlap = 0
        for prediction, answers in zip(guess, golds):
            answers = [a for a in answers if normalize_answer(a)] or [""]
            exact += max(int(normalize_answer(a) == normalize_answer(prediction)) for a in answers)
            overlap += max(compute_f1(a, prediction) for a in answers)
        yield {"predictions": guess, "answers": golds, "exactMatch": exact / len(guess), "f1": overlap / len(guess)}


json.dump(
    {
        "entities": list(entity_cases()),
        "classes": list(class_cases()),
        "multiLabel": list(multi_label_cases()),
        "correlation": list(correlation_cases()),
        "translation": list(translation_cases()),
        "squad": list(squad_cases()),
    },
    sys.stdout,
    ensure_ascii=True,
)
