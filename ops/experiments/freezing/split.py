"""Writes a split with so many training pictures of whole patients, half of them positive as nearly as may be; all other
pictures are left alone. `split.py COHORT SEED COUNT FILE`"""

import csv
import json
import pathlib
import random
import sys


def choose(patients, count, seed):
    """Patients in random order until the count is met exactly, and both classes have half of it within a few."""
    for attempt in range(10_000):
        order = sorted(patients)
        random.Random(f"{seed} {attempt}").shuffle(order)
        chosen, total, positive = [], 0, 0
        for patient in order:
            pictures, positives = patients[patient]
            if total + pictures <= count:
                chosen.append(patient)
                total, positive = total + pictures, positive + positives
        if total == count and abs(2 * positive - count) <= count // 10:
            return set(chosen)
    raise SystemExit(f"no choice of patients has {count} pictures; make the cohort larger")


def main():
    cohort, seed, count, file = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    with open(cohort / "nodes.tsv", newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    patients = {}
    for row in rows:
        pictures, positives = patients.get(row["patient"], (0, 0))
        patients[row["patient"]] = (pictures + 1, positives + (row["status"] == "positive"))
    chosen = choose(patients, count, seed)
    assignment = {row["image"]: "training" if row["patient"] in chosen else "independent" for row in rows}
    share = count / len(rows)
    pathlib.Path(file).write_text(json.dumps({
        "schema": "oncorelay.split/1", "unit": "patient", "seed": seed,
        "fractions": {"training": share, "testing": 0, "independent": 1 - share},
        "assignment": assignment}, indent=1) + "\n")


if __name__ == "__main__":
    main()
