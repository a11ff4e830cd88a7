#!/usr/bin/env python3
"""Writes trust.json: features of two classes, and scikit-learn's shrunk covariance and Mahalanobis distances of them.

    python3 -m venv env && env/bin/pip install scikit-learn
    env/bin/python generate_trust.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.covariance import LedoitWolf, ShrunkCovariance

SEED = 20261122
generator = np.random.default_rng(SEED)


def case(name, count, width, shrinkage=None):
    labels = np.arange(count) % 2
    mixing = generator.normal(size=(width, width)) / np.sqrt(width)
    centers = generator.normal(size=(2, width))
    rows = np.round(centers[labels] + generator.normal(size=(count, width)) @ mixing, 3).astype(np.float32).astype(float)
    means = np.stack([rows[labels == label].mean(axis=0) for label in (0, 1)])
    centered = rows - means[labels]
    model = LedoitWolf(assume_centered=True) if shrinkage is None else ShrunkCovariance(assume_centered=True, shrinkage=shrinkage)
    model.fit(centered)
    probes = np.round(3 * generator.normal(size=(4, width)), 3).astype(np.float32).astype(float)
    distances = [np.sqrt(np.min([model.mahalanobis((row - mean)[None])[0] for mean in means])) for row in np.vstack([rows, probes])]
    return {
        "name": name, "rows": rows.tolist(), "labels": labels.tolist(), "probes": probes.tolist(),
        "fixedShrinkage": shrinkage, "shrinkage": float(model.shrinkage_ if shrinkage is None else shrinkage),
        "covariance": model.covariance_.tolist(), "distances": distances,
    }


vectors = {
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "seed": SEED,
    "cases": [case("more cases than features", 30, 5), case("fewer cases than features", 10, 14), case("fixed", 16, 6, 0.25)],
}
path = pathlib.Path(__file__).with_name("trust.json")
path.write_text(json.dumps(vectors, separators=(",", ":")) + "\n")
print(path, path.stat().st_size)
