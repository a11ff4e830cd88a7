#!/usr/bin/env python3
"""Writes calibration.json: small logits, and what scikit-learn, SciPy and NumPy fit to them.

    python3 -m venv env && env/bin/pip install scikit-learn scipy
    env/bin/python generate_calibration.py
"""

import json
import math
import pathlib

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

SEED = 20261122
generator = np.random.default_rng(SEED)


def log_loss(beta, logits, labels):
    return -log_softmax(beta * logits, axis=1)[np.arange(len(labels)), labels].sum()


def temperature(logits, labels):
    """By Brent's method on the log loss, and by L-BFGS-B; they have to agree."""
    brent = minimize_scalar(lambda beta: log_loss(beta, logits, labels), bracket=(0.1, 1.0), tol=1e-14).x
    start = minimize(lambda beta: log_loss(beta[0], logits, labels), [1.0], method="L-BFGS-B", options={"gtol": 1e-12, "ftol": 1e-16}).x[0]
    assert abs(start - brent) < 1e-4 * brent, (start, brent)
    # Both stop where the loss cannot tell any more; the derivative can.
    def slope(beta):
        p = np.exp(log_softmax(beta * logits, axis=1))
        return ((p * logits).sum(axis=1) - logits[np.arange(len(labels)), labels]).sum()
    root = scipy.optimize.brentq(slope, brent * 0.9, brent * 1.1, xtol=1e-15, rtol=1e-14)
    return 1 / root


def temperature_case(count, classes, scale):
    labels = generator.integers(0, classes, count)
    labels[:classes] = np.arange(classes)
    logits = np.round(scale * (generator.normal(size=(count, classes)) + 1.2 * np.eye(classes)[labels]), 4)
    return {"logits": logits.tolist(), "labels": labels.tolist(), "temperature": temperature(logits, labels)}


def platt_case(count, slope, intercept, scale):
    scores = np.round(scale * generator.normal(size=count), 4)
    labels = (generator.random(count) < 1 / (1 + np.exp(-(slope * scores + intercept)))).astype(int)
    labels[:2] = [0, 1]
    fit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-13, max_iter=1000).fit(scores[:, None], labels)
    return {
        "scores": scores.tolist(), "labels": labels.tolist(), "slope": float(fit.coef_[0, 0]),
        "intercept": float(fit.intercept_[0]),
    }


def smoothed_case(count):
    """Classes that a cut parts, with Platt's targets, by BFGS on his objective."""
    scores = np.round(np.concatenate([-0.2 - generator.random(count), 0.1 + generator.random(2 * count)]), 4)
    labels = np.array([0] * count + [1] * (2 * count))
    targets = np.where(labels == 1, (2 * count + 1) / (2 * count + 2), 1 / (count + 2))

    def loss(line):
        value = line[0] * scores + line[1]
        return (np.logaddexp(0, value) - targets * value).sum()

    def gradient(line):
        distance = 1 / (1 + np.exp(-(line[0] * scores + line[1]))) - targets
        return np.array([(distance * scores).sum(), distance.sum()])

    found = minimize(loss, [1.0, 0.0], jac=gradient, method="BFGS", options={"gtol": 1e-11})
    return {"scores": scores.tolist(), "labels": labels.tolist(), "slope": found.x[0], "intercept": found.x[1]}


def conformal_case(count, coverage):
    scores = np.round(generator.random(count), 4)
    level = math.ceil((count + 1) * coverage - 1e-9) / count
    value = float(np.quantile(scores, level, method="inverted_cdf")) if level <= 1 else None
    return {"scores": scores.tolist(), "coverage": coverage, "quantile": value}


vectors = {
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
    "seed": SEED,
    "temperature": [temperature_case(40, 2, 4.0), temperature_case(60, 2, 0.3), temperature_case(50, 4, 6.0)],
    "platt": [platt_case(60, 1.5, -0.7, 1.0), platt_case(80, 0.02, 0.4, 60.0), platt_case(50, 90.0, 1.0, 0.02)],
    "smoothed": [smoothed_case(7)],
    "conformal": [conformal_case(n, c) for n, c in [(20, 0.9), (19, 0.95), (9, 0.9), (8, 0.9), (99, 0.99), (37, 0.8)]],
}
path = pathlib.Path(__file__).with_name("calibration.json")
path.write_text(json.dumps(vectors, separators=(",", ":")) + "\n")
print(path, path.stat().st_size)
