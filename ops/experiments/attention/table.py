"""The table of attention/run: reads each pair's evaluation.json. `table.py WORK TASKS SEEDS`"""

import json
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import intervals  # noqa: E402


def pair(folder):
    evaluation = json.loads((folder / "evaluation.json").read_text())
    row = {}
    for system in ("plain", "guided"):
        auc = next(f["auc"] for f in evaluation["figures"] if f["system"] == system and f["unit"] == "lesion")
        seen = next(e for e in evaluation["explanations"] if e["system"] == system)
        row[system] = {
            "auc": auc["value"], "lower": auc["lower"], "upper": auc["upper"], "inside": seen["inside"]["mean"],
            "cases": seen["count"], "pointing": seen["pointing"]["value"], "chance": seen["chance"]["mean"]}
    difference = next(c for c in evaluation["comparisons"] if c["unit"] == "lesion")
    sign = 1 if difference["first"] == "guided" else -1
    limits = sorted(sign * difference[key] for key in ("lower", "upper"))
    row["aucDifference"] = {
        "value": sign * difference["difference"], "lower": limits[0], "upper": limits[1], "p": difference["p"]}
    row["relativeGain"] = row["guided"]["inside"] / row["plain"]["inside"] - 1
    return row


def main():
    work, tasks, seeds = pathlib.Path(sys.argv[1]), sys.argv[2].split(), sys.argv[3].split()
    tasks = [task.split(":")[0] for task in tasks]
    rows = [{"task": task, "seed": int(seed), **pair(work / f"{task}-{seed}")} for task in tasks for seed in seeds]
    print(f"{'task':<17} seed  inside plain  guided   gain  hottest inside  AUC plain  guided  difference (95 %)",
          file=sys.stderr)
    for row in rows:
        plain, guided, auc = row["plain"], row["guided"], row["aucDifference"]
        print(f"{row['task']:<17} {row['seed']:>4} {100 * plain['inside']:>11.1f} % {100 * guided['inside']:>5.1f} % "
              f"{100 * row['relativeGain']:>+5.0f} % {100 * plain['pointing']:>5.0f} → {100 * guided['pointing']:>3.0f} %"
              f" {plain['auc']:>10.3f} {guided['auc']:>7.3f}  {auc['value']:+.3f} ({auc['lower']:+.3f} to "
              f"{auc['upper']:+.3f})", file=sys.stderr)
    summary = {}
    for task in tasks + (["all"] if len(tasks) > 1 else []):
        some = [row for row in rows if task in (row["task"], "all")]
        # Of logarithms: a share that doubles and one that halves cancel out.
        ratio = intervals.mean([math.log(1 + row["relativeGain"]) for row in some])
        gain = {key: ratio[key] and math.exp(ratio[key]) - 1 for key in ("mean", "lower", "upper")}
        summary[task] = {
            "relativeGain": gain,
            "aucDifference": intervals.mean([row["aucDifference"]["value"] for row in some])}
        print(f"{task}: relative gain (geometric mean) {intervals.text(summary[task]['relativeGain'])}, "
              f"AUC {intervals.text(summary[task]['aucDifference'])}", file=sys.stderr)
    print("Research use only. Not for diagnosis.", file=sys.stderr)
    json.dump({"disclaimer": "Research use only. Not for diagnosis.", "runs": rows, "summary": summary},
              sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
