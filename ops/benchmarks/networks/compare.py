"""Measures ours beside torch, onnxruntime and openvino, round by round; prints a table and writes JSON.

    python compare.py FOLDER [--ours PROGRAM] [--case NAME]... [--rounds N] [--select-only]
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

from cases import BY_NAME, CASES, is_float32, peers_of
from children import alternate, peer_command, start_children

OURS = {"ours bfloat16": "bfloat16", "ours float32": "float32"}


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def machine():
    model, flags = "unknown processor", set()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            model = value.strip()
        if name.strip() == "flags":
            flags = set(value.split())
    known = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"]
    return f"{model}, {os.cpu_count()} cores, {' '.join(flag for flag in known if flag in flags)}"


def select(case, folder, options, log_folder):
    """The fastest variant of each peer, by two visits each, and what all of them took."""
    chosen, looks = {}, {}
    for peer, variants in peers_of(case).items():
        if not options.compile:
            variants = [variant for variant in variants if not variant.endswith(":compile")]
        if len(variants) == 1:
            chosen[peer] = variants[0]
            continue
        commands = {variant: peer_command(folder, case, variant, options.threads) for variant in variants}
        children = start_children(commands, log_folder, say)
        times = alternate(children, 2, options.rest) if children else {}
        for child in children:
            child.close()
        looks |= {name: min(values) for name, values in times.items()}
        if times:
            chosen[peer] = min(times, key=lambda name: min(times[name]))
    return chosen, looks


def compare(case, folder, options, log_folder):
    selection_file = folder / case.name / "selection.json"
    if selection_file.exists():
        selection = json.loads(selection_file.read_text())
    else:
        chosen, looks = select(case, folder, options, log_folder)
        selection = {"chosen": chosen, "looks": looks}
        selection_file.write_text(json.dumps(selection, indent=2) + "\n")
    if options.select_only:
        return {"name": case.name, "title": case.title, "looks": selection["looks"]}
    commands = {}
    if options.ours:
        for name, precision in OURS.items():
            commands[name] = ours_command(options, folder, case, precision)
    for peer, variant in selection["chosen"].items():
        commands[peer] = peer_command(folder, case, variant, options.threads)
    children = start_children(commands, log_folder, say)
    try:
        result = {
            "name": case.name, "title": case.title, "variants": selection["chosen"], "looks": selection["looks"],
            "libraries": {child.name: child.greeting.get("library", "") for child in children},
            "milliseconds": alternate(children, options.rounds, options.rest),
            "memory": {child.name: child.ask("memory") for child in children},
        }
        if not case.training:
            result["logits"] = {child.name: child.ask("output")["logits"] for child in children}
        if case.grad_cam_layer:
            able = [child for child in children if child.name.startswith(("ours", "torch float32"))]
            result["gradCAMMilliseconds"] = alternate(able, options.rounds, options.rest, "gradcam")
    finally:
        for child in children:
            child.close()
    return result | judge(case, result["milliseconds"])


def ours_command(options, folder, case, precision):
    return [
        options.ours, "train" if case.training else "serve", str(folder / case.name), "--precision", precision,
        "--threads", str(options.threads),
    ]


def ratio(one, other):
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def fastest(times, names):
    return min(names, key=lambda name: statistics.median(times[name]))


def judge(case, times):
    """Ours against the fastest peer at any precision, and in float32 against the fastest float32 peer."""
    ours = [name for name in times if name.startswith("ours")]
    peers = [name for name in times if not name.startswith("ours")]
    if not ours or not peers:
        return {"judgements": []}
    best = fastest(times, ours)
    judgements = [judgement(times, best, fastest(times, peers), case.floor)]
    single = [name for name in peers if is_float32(name)]
    if "ours float32" in ours and single:
        judgements.append(judgement(times, "ours float32", fastest(times, single), case.floor_float32))
    return {"judgements": judgements}


def judgement(times, one, other, floor):
    value = ratio(times[one], times[other])
    return {"ours": one, "peer": other, "ratio": value, "floor": floor, "met": None if floor is None else value <= floor}


def table(results):
    """Markdown: a row a case and participant, then the ratios with their floors."""
    lines = ["| Case | who | how | median ms | range ms |", "|---|---|---|---|---|"]
    for result in results:
        title = result["title"]
        for name, times in sorted(result["milliseconds"].items(), key=lambda item: statistics.median(item[1])):
            how = result["variants"].get(name, "")
            lines.append(
                f"| {title} | {name} | {how} | {statistics.median(times):.1f} | {min(times):.1f}–{max(times):.1f} |")
            title = ""
    rows = [(result["title"], entry) for result in results for entry in result.get("judgements", [])]
    if rows:
        lines += ["", "| Case | ours | fastest peer | ratio | floor | |", "|---|---|---|---|---|---|"]
        for title, entry in rows:
            floor = "–" if entry["floor"] is None else f"{entry['floor']:.2f}"
            word = {None: "", True: "met", False: "NOT MET"}[entry["met"]]
            lines.append(f"| {title} | {entry['ours']} | {entry['peer']} | {entry['ratio']:.2f} | {floor} | {word} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path, help="what prepare.py wrote")
    parser.add_argument("--ours", help="our driver, oncorelay-network-benchmark; without it only the peers")
    parser.add_argument("--case", action="append", choices=list(BY_NAME), help="only this one; may be given again")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rest", type=float, default=0.3, help="seconds before each visit")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-compile", dest="compile", action="store_false", help="without torch.compile")
    parser.add_argument("--select-only", action="store_true", help="only look which variant of each peer is fastest")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as logs:
        for case in CASES:
            if options.case and case.name not in options.case:
                continue
            began = time.perf_counter()
            results.append(compare(case, options.folder, options, pathlib.Path(logs)))
            say(f"{case.name}: {time.perf_counter() - began:.0f} s")
    if not options.select_only:
        print(table(results), file=sys.stderr)
    print(json.dumps({"machine": machine(), "threads": options.threads, "cases": results}, indent=2))


if __name__ == "__main__":
    main()
