#!/usr/bin/env python3
"""Writes vectors.json: small inputs, and what scikit-learn, SciPy and statsmodels say of them.

    python3 -m venv env && env/bin/pip install scikit-learn scipy statsmodels
    env/bin/python generate_vectors.py
"""

import json
import pathlib

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import stats
from sklearn import metrics
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

SEED = 20261122
generator = np.random.default_rng(SEED)


def components(labels, scores):
    """DeLong's components by their definition, pair by pair."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    return wins.mean(axis=1), wins.mean(axis=0)


def covariance(one, other):
    return sum(np.cov(a, b, ddof=1)[0, 1] / len(a) for a, b in zip(one, other))


def area(labels, scores):
    parts = components(labels, scores)
    return {"value": metrics.roc_auc_score(labels, scores), "variance": covariance(parts, parts)}


def counts_at(labels, scores, threshold):
    tn, fp, fn, tp = metrics.confusion_matrix(labels, scores >= threshold).ravel()
    return {
        "threshold": threshold, "tp": int(tp), "fp": int(fp), "fn": int(fn), "tn": int(tn),
        "sensitivity": metrics.recall_score(labels, scores >= threshold),
        "wilson": proportion_confint(tp, tp + fn, method="wilson"),
        "clopperPearson": proportion_confint(tn, tn + fp, method="beta"),
        "matthews": metrics.matthews_corrcoef(labels, scores >= threshold),
    }


def binary(name, labels, first, second):
    fpr, tpr, thresholds = metrics.roc_curve(labels, first, drop_intermediate=False)
    cut = thresholds[int(np.argmax(tpr - fpr))]
    one, other = components(labels, first), components(labels, second)
    difference = one[0].mean() - other[0].mean()
    variance = covariance(one, one) + covariance(other, other) - 2 * covariance(one, other)
    z = difference / np.sqrt(variance)
    return {
        "name": name, "labels": labels.tolist(), "scores": first.tolist(), "scores2": second.tolist(),
        "auc": area(labels, first), "auc2": area(labels, second),
        "delong": {"difference": difference, "z": z, "p": 2 * stats.norm.sf(abs(z))},
        "fpr": fpr.tolist(), "tpr": tpr.tolist(), "at": counts_at(labels, first, float(cut)),
        "averagePrecision": metrics.average_precision_score(labels, first),
        "brier": metrics.brier_score_loss(labels, first), "logLoss": metrics.log_loss(labels, first),
    }


def case(name, count, share, digits):
    labels = (generator.random(count) < share).astype(int)
    labels[:2] = [0, 1]
    noise = generator.normal(size=(2, count))
    first, second = (np.round(1 / (1 + np.exp(-(labels * s - 0.5 + noise[i]))), digits)
                     for i, s in enumerate((1.6, 0.8)))
    return binary(name, labels, first, second)


def kappa(table):
    found = cohens_kappa(np.array(table), return_results=True)
    ratings = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    first, second = zip(*ratings)
    return {
        "table": table, "kappa": found.kappa, "standardError": float(np.sqrt(found.var_kappa)),
        "standardErrorNull": float(np.sqrt(found.var_kappa0)), "z": found.z_value, "p": found.pvalue_two_sided,
        "linear": metrics.cohen_kappa_score(first, second, weights="linear"),
        "quadratic": metrics.cohen_kappa_score(first, second, weights="quadratic"),
        "linearError": float(np.sqrt(cohens_kappa(np.array(table), wt="linear").var_kappa)),
    }


x, y = np.round(generator.normal(5, 2, 17), 3), np.round(generator.normal(6, 1, 23), 3)
student, welch = stats.ttest_ind(x, y), stats.ttest_ind(x, y, equal_var=False)
p_values = [0.01, 0.04, 0.03, 0.005, 0.5, 0.04]
tables = [[[12, 7, 9], [5, 16, 11]], [[20, 11], [9, 25]], [[3, 1], [2, 9]]]
vectors = {
    "source": {"sklearn": sklearn.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
               "numpy": np.__version__, "seed": SEED},
    "binary": [case("continuous", 41, 0.4, 6), case("ties", 90, 0.5, 1), case("imbalanced", 60, 0.1, 2)],
    "kappa": [kappa([[21, 9], [8, 24]]), kappa([[14, 3, 1], [4, 9, 5], [0, 2, 11]])],
    "student": {"x": x.tolist(), "y": y.tolist(), "t": student.statistic, "p": student.pvalue,
                "welchT": welch.statistic, "welchP": welch.pvalue, "welchDF": welch.df},
    "chiSquared": [
        {"table": t, "statistic": r.statistic, "p": r.pvalue, "dof": r.dof}
        for t in tables for r in [stats.chi2_contingency(t)]],
    "mcnemar": [{"b": b, "c": c, "p": stats.binomtest(min(b, c), b + c).pvalue} for b, c in ((3, 12), (7, 7), (25, 11))],
    "adjusted": {"p": p_values, **{k: multipletests(p_values, method=m)[1].tolist() for k, m in
                                   (("holm", "holm"), ("bonferroni", "bonferroni"), ("fdr", "fdr_bh"))}},
    "quantiles": [{"p": p, "z": stats.norm.ppf(p)} for p in (1e-12, 0.001, 0.025, 0.3, 0.5, 0.975, 0.999999)],
}
path = pathlib.Path(__file__).with_name("vectors.json")
text = json.dumps(vectors, separators=(",", ":"), default=float)
path.write_text(text.replace("},{", "},\n{") + "\n")
