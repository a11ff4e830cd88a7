"""What the benchmarks say of the machine, and on their way."""

import os
import pathlib
import sys


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def processor():
    """The processor's name, and its flags."""
    model, flags = "unknown processor", set()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            model = value.strip()
        if name.strip() == "flags":
            flags = set(value.split())
    return model, flags


def has_bfloat16():
    """Whether bfloat16 is computed by vectors: elsewhere one run of PyTorch's takes minutes."""
    return "avx512f" in processor()[1]


def machine():
    """The processor, its cores, and which of the instruction sets that matter it has."""
    model, flags = processor()
    known = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"]
    return f"{model}, {os.cpu_count()} cores, {' '.join(flag for flag in known if flag in flags)}"
