"""Means of a few paired differences with Student's interval, from the standard library."""

import math
import statistics

# 97.5 % points of Student's t by degrees of freedom.
T = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764, 5: 2.5706, 6: 2.4469, 7: 2.3646, 8: 2.3060, 9: 2.2622,
     10: 2.2281, 11: 2.2010, 12: 2.1788, 13: 2.1604, 14: 2.1448, 19: 2.0930}


def mean(values):
    """Mean, and its 95 % interval where there are at least two values."""
    middle = statistics.fmean(values)
    freedom = len(values) - 1
    if freedom not in T:
        return {"mean": middle, "lower": None, "upper": None, "count": len(values)}
    half = T[freedom] * statistics.stdev(values) / math.sqrt(len(values))
    return {"mean": middle, "lower": middle - half, "upper": middle + half, "count": len(values)}


def text(figure, sign="+"):
    """`+0.031 (+0.012 to +0.050)`"""
    if figure["lower"] is None:
        return f"{figure['mean']:{sign}.3f}"
    return f"{figure['mean']:{sign}.3f} ({figure['lower']:{sign}.3f} to {figure['upper']:{sign}.3f})"
