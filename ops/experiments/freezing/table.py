"""The table of freezing/run: reads each pair's evaluation.json. `table.py WORK SEEDS`"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import intervals  # noqa: E402


def pair(folder):
    evaluation = json.loads((folder / "evaluation.json").read_text())
    row = {}
    for system in ("imagenet", "scratch"):
        auc = next(f["auc"] for f in evaluation["figures"] if f["system"] == system and f["unit"] == "image")
        row[system] = {key: auc[key] for key in ("value", "lower", "upper")}
    compared = next(c for c in evaluation["comparisons"] if c["unit"] == "image")
    row["difference"] = row["imagenet"]["value"] - row["scratch"]["value"]
    row["p"] = compared["p"]
    row["images"] = evaluation["cohorts"][0]["cases"]
    return row


def main():
    work, seeds = pathlib.Path(sys.argv[1]), sys.argv[2].split()
    rows = [{"seed": int(seed), **pair(work / f"pair-{seed}")} for seed in seeds]
    print("seed  ImageNet, frozen     scratch              difference  p (DeLong)", file=sys.stderr)
    for row in rows:
        figures = ["{value:.3f} ({lower:.3f}–{upper:.3f})".format(**row[arm]) for arm in ("imagenet", "scratch")]
        print(f"{row['seed']:>4}  {figures[0]}  {figures[1]}  {row['difference']:>+10.3f}  {row['p']:.2g}",
              file=sys.stderr)
    summary = {
        "imagenet": intervals.mean([row["imagenet"]["value"] for row in rows]),
        "scratch": intervals.mean([row["scratch"]["value"] for row in rows]),
        "difference": intervals.mean([row["difference"] for row in rows])}
    for name, figure in summary.items():
        print(f"{name}: {intervals.text(figure, '+' if name == 'difference' else '')} over {len(rows)} seeds, "
              "Student's interval", file=sys.stderr)
    print("Research use only. Not for diagnosis.", file=sys.stderr)
    json.dump({"disclaimer": "Research use only. Not for diagnosis.", "runs": rows, "summary": summary},
              sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
