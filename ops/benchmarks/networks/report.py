"""What follows from the times: ratios, floors met or not, and the tables that say so."""

import statistics

from cases import WORKER_READY_SECONDS, WORKER_RESIDENT_MB, is_float32


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
    met = None if floor is None else value <= floor
    return {"ours": one, "peer": other, "ratio": value, "floor": floor, "met": met}


def worker_lines(worker):
    def word(met):
        return "met" if met else "NOT MET"

    total, sum_resident = sum(worker["fourProportionalMB"]), sum(worker["fourResidentMB"])
    return [
        "", "| A worker with 3D ResNet18 twice | | floor | |", "|---|---|---|---|",
        f"| ready, from the start of its process | {worker['readySeconds']:.2f} s | {WORKER_READY_SECONDS} s | "
        f"{word(worker['ready'])} |",
        f"| resident | {worker['residentMB']:.0f} MB | {WORKER_RESIDENT_MB} MB | {word(worker['small'])} |",
        f"| four of them, shared pages counted once | {total:.0f} MB (apart: {sum_resident:.0f} MB) | | |",
    ]


def grad_cam_lines(results):
    """Grad-CAM with its forward pass, against the forward pass of the same way of computing."""
    lines = []
    for result in results:
        for name, times in result.get("gradCAM", {}).items():
            share = ratio(times["gradcam"], times["run"])
            met = ("met" if share <= 2 else "NOT MET") if name.startswith("ours") else ""
            floor = "2.00" if met else "–"
            both = statistics.median(times["gradcam"])
            lines.append(f"| {result['title']} | {name} | {both:.1f} ms | {share:.2f} | {floor} | {met} |")
    if not lines:
        return []
    header = "| Grad-CAM | who | forward and map | of a forward pass | floor | |"
    return ["", header, "|---|---|---|---|---|---|", *lines]


def layer_lines(results):
    """Where our time goes: a row a layer, the longest first."""
    lines = []
    for result in results:
        for name, layers in result.get("layers", {}).items():
            total = sum(layer["milliseconds"] for layer in layers)
            lines += [
                "", f"| {result['title']}, {name}: layer | how | ms of {total:.1f} | GFLOP/s |", "|---|---|---|---|"]
            for layer in sorted(layers, key=lambda layer: -layer["milliseconds"]):
                how = f"{layer['how']} {layer['precision']}"
                lines.append(f"| {layer['name']} | {how} | {layer['milliseconds']:.2f} | {layer['gigaflops']:.0f} |")
    return lines


def table(results, worker=None):
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
    lines += grad_cam_lines(results)
    lines += layer_lines(results)
    if worker:
        lines += worker_lines(worker)
    return "\n".join(lines)
