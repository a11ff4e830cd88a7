#!/usr/bin/env python3
"""Writes multiclass.json: four classes' scores and calls, and what scikit-learn and SciPy say of them.

    python3 -m venv env && env/bin/pip install scikit-learn scipy
    env/bin/python generate_multiclass.py
"""

import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import metrics

SEED = 20261123
generator = np.random.default_rng(SEED)
COUNT, CLASSES = 60, 4

truth = generator.integers(0, CLASSES, COUNT)
truth[:CLASSES] = range(CLASSES)
logits = generator.normal(size=(COUNT, CLASSES)) + 1.1 * np.eye(CLASSES)[truth]
scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
calls = scores.argmax(axis=1)

# Draws of cases, as a bootstrap has them.
weights = generator.integers(0, 3, size=(3, COUNT))
binary = (truth == 0).astype(int)
tied = np.round(scores[:, 0], 1)
x, y = np.round(generator.normal(size=30), 1), np.round(generator.normal(size=30), 1)

vectors = {
    "source": {"sklearn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__, "seed": SEED},
    "truth": truth.tolist(), "scores": scores.tolist(), "calls": calls.tolist(),
    "oneVersusRest": [metrics.roc_auc_score(truth == c, scores[:, c]) for c in range(CLASSES)],
    "macro": metrics.roc_auc_score(truth, scores, multi_class="ovr", average="macro"),
    "weighted": metrics.roc_auc_score(truth, scores, multi_class="ovr", average="weighted"),
    "oneVersusOne": metrics.roc_auc_score(truth, scores, multi_class="ovo", average="macro"),
    "confusion": metrics.confusion_matrix(truth, calls).tolist(),
    "accuracy": metrics.accuracy_score(truth, calls),
    "balancedAccuracy": metrics.balanced_accuracy_score(truth, calls),
    "macroF1": metrics.f1_score(truth, calls, average="macro"),
    "recalls": metrics.recall_score(truth, calls, average=None).tolist(),
    "precisions": metrics.precision_score(truth, calls, average=None).tolist(),
    "kappa": metrics.cohen_kappa_score(truth, calls),
    "tied": tied.tolist(), "weights": weights.tolist(),
    "weightedAreas": [metrics.roc_auc_score(binary, tied, sample_weight=w) for w in weights],
    "x": x.tolist(), "y": y.tolist(), "spearman": stats.spearmanr(x, y).statistic,
}
path = pathlib.Path(__file__).with_name("multiclass.json")
path.write_text(json.dumps(vectors, separators=(",", ":"), default=float).replace(',"', ',\n"') + "\n")
