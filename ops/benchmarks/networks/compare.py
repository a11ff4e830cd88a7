"""Measures ours beside torch, onnxruntime and openvino, round by round; prints a table and writes JSON.

    python compare.py FOLDER [--ours PROGRAM] [--case NAME]... [--rounds N] [--select-only]
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

from cases import (
    BY_NAME,
    CASES,
    WORKER_MODELS,
    WORKER_READY_SECONDS,
    WORKER_RESIDENT_MB,
    peers_of,
)
from children import Child, alternate, alternate_pairs, peer_command, start_children
from machine import has_bfloat16, machine, say
from report import judge, table

OURS = {"ours bfloat16": "bf16", "ours float32": "fp32"}


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
            # Where nothing multiplies bfloat16 it is a form of weights only, which training has no use for.
            if precision == "fp32" or has_bfloat16() or not case.training:
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
            if options.layers:
                result["layers"] = {
                    child.name: child.ask("layers")["layers"] for child in children if child.name in OURS}
        if case.grad_cam_layer:
            able = [child for child in children if child.name.startswith(("ours", "torch float32"))]
            result["gradCAM"] = alternate_pairs(able, options.rounds, options.rest, ("run", "gradcam"))
    finally:
        for child in children:
            child.close()
    return result | judge(case, result["milliseconds"])


def ours_command(options, folder, case, precision):
    return [
        options.ours, "train" if case.training else "serve", str(folder / case.name), "--precision", precision,
        "--threads", str(options.threads),
    ]


def measure_worker(folder, options, log_folder):
    """A worker with 3D ResNet18 twice, as the service loads it: ready when, how large, and four of them at once."""
    models = [str(folder / name) for name in WORKER_MODELS]
    command = [options.ours, "worker", *models, "--precision", "bf16", "--threads", str(options.threads)]

    def start(number):
        return Child(f"worker {number}", command, log_folder)

    ready = []
    for _ in range(max(3, options.rounds)):
        time.sleep(options.rest)
        child = start(0).wait_until_ready()
        ready.append(child.ready_seconds)
        alone = child.ask("memory")
        child.close()
    workers = [start(number) for number in range(4)]
    four = [child.wait_until_ready() and child.ask("memory") for child in workers]
    for child in workers:
        child.close()
    seconds = statistics.median(ready)
    return {
        "readySeconds": seconds, "residentMB": alone["residentMB"], "ready": seconds <= WORKER_READY_SECONDS,
        "small": alone["residentMB"] <= WORKER_RESIDENT_MB, "fourResidentMB": [one["residentMB"] for one in four],
        "fourProportionalMB": [one["proportionalMB"] for one in four],
        "mappedSharedMB": [one["residentMB"] - one["proportionalMB"] for one in four],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path, help="what prepare.py wrote")
    parser.add_argument("--ours", help="our driver, oncorelay-network-benchmark; without it only the peers")
    parser.add_argument(
        "--case", action="append", choices=[*BY_NAME, "worker"], help="only this one; may be given again")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rest", type=float, default=0.3, help="seconds before each visit")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-compile", dest="compile", action="store_false", help="without torch.compile")
    parser.add_argument("--layers", action="store_true", help="also where our time goes, by layer")
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
        worker = None
        if options.ours and (not options.case or "worker" in options.case):
            worker = measure_worker(options.folder, options, pathlib.Path(logs))
    if not options.select_only:
        how = f"{options.threads} threads; {options.rounds} rounds in alternation, medians; ratios round by round"
        print(f"\nMachine: {machine()}. {how}.\n\n{table(results, worker)}", file=sys.stderr)
    print(
        json.dumps({"machine": machine(), "threads": options.threads, "cases": results, "worker": worker}, indent=2))


if __name__ == "__main__":
    main()
