"""Measures our training beside PyTorch's, round by round; prints a table and writes JSON.

    python compare.py --ours PROGRAM [--case NAME]... [--rounds N] [--threads N]
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
sys.path[:0] = [str(HERE), str(HERE.parent / "networks")]
from children import Child, ChildFailure, start_children  # noqa: E402
from machine import has_bfloat16, machine, say  # noqa: E402

# The networks' benchmark has a list of cases, too; this folder's stands first on the path.
from cases import BY_NAME, CASES, FLOOR, VARIANTS  # noqa: E402


def peer_command(case, variant, threads):
    return [sys.executable, str(HERE / "peer.py"), case.name, variant, "--threads", str(threads)]


def ours_command(program, case, threads):
    command = [program, str(REPOSITORY / "recipes" / case.recipe), "--threads", str(threads)]
    for setting in case.settings:
        command += ["--set", setting]
    return command


def visit(child, steps):
    """The mean time of a step of several in a row: a batch is made while the network learns from the one before, and
    the first of a row has to be waited for."""
    times = child.ask(f"run {steps}")["milliseconds"]
    return sum(times) / len(times)


def alternate(participants, rounds, rest, steps):
    """Round by round, each in turn with the same rest before it; whoever comes first changes."""
    times = {child.name: [] for child in participants}
    for number in range(rounds):
        shift = number % len(participants)
        for child in participants[shift:] + participants[:shift]:
            time.sleep(rest)
            times[child.name].append(visit(child, steps))
    return times


def select(case, options, logs):
    """The fastest of PyTorch's ways by one visit each; one at a time, so that memory is enough."""
    if options.variant:
        return options.variant, {}
    looks = {}
    for variant in VARIANTS:
        if variant.startswith("autocast") and not has_bfloat16():
            continue
        try:
            child = Child(variant, peer_command(case, variant, options.threads), logs).wait_until_ready()
            looks[variant] = visit(child, 3)
            child.close()
        except ChildFailure as failure:
            say(f"left out: {failure}")
    return min(looks, key=looks.get), looks


def compare(case, options, logs):
    variant, looks = select(case, options, logs)
    say(f"{case.name}: PyTorch is fastest as {variant}")
    commands = {
        "ours": ours_command(options.ours, case, options.threads),
        "torch": peer_command(case, variant, options.threads),
    }
    participants = start_children(commands, logs, say)
    try:
        times = alternate(participants, options.rounds, options.rest, options.steps)
    finally:
        for child in participants:
            child.close()
    ratio = statistics.median(theirs / mine for mine, theirs in zip(times["ours"], times["torch"], strict=True))
    return {
        "name": case.name, "title": case.title, "variant": variant, "looks": looks, "milliseconds": times,
        "libraries": {child.name: child.greeting["library"] for child in participants},
        "examplesPerSecond": {
            name: case.batch * 1000 / statistics.median(values) for name, values in times.items()},
        "ratio": ratio, "floor": FLOOR, "met": ratio >= FLOOR,
    }


def table(results):
    lines = ["| Training with augmentation | ours | torch | torch's best way | throughput | floor | |",
             "|---|---|---|---|---|---|---|"]
    for result in results:
        speed = result["examplesPerSecond"]
        lines.append(
            f"| {result['title']} | {speed['ours']:.1f}/s | {speed['torch']:.1f}/s | {result['variant']} | "
            f"{result['ratio']:.2f}× | {FLOOR:.0f}× | {'met' if result['met'] else 'NOT MET'} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ours", required=True, help="our driver, oncorelay-training-benchmark")
    parser.add_argument("--case", action="append", choices=list(BY_NAME))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rest", type=float, default=0.5, help="seconds before each visit")
    parser.add_argument("--steps", type=int, default=8, help="in a row at each visit")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--variant", choices=VARIANTS, help="PyTorch's way, instead of looking for the fastest")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as logs:
        for case in CASES:
            if not options.case or case.name in options.case:
                results.append(compare(case, options, pathlib.Path(logs)))
    print(f"\nMachine: {machine()}. {options.threads} threads; {options.rounds} rounds in alternation, medians of the "
          f"rounds' ratios.\n\n{table(results)}", file=sys.stderr)
    print(json.dumps({"machine": machine(), "threads": options.threads, "cases": results}, indent=2))


if __name__ == "__main__":
    main()
