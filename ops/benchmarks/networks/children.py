"""Processes that live through all rounds, are told `run N`, and answer with lines of JSON."""

import json
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


class ChildFailure(Exception):
    """A child ended, or did not answer as it should."""


class Child:
    """One participant, started and warmed up before the first question."""

    def __init__(self, name, command, log_folder):
        self.name = name
        self.log = log_folder / (name.replace(":", "-").replace(" ", "-") + ".log")
        self.start = time.perf_counter()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.greeting = None
        self.passes = {}

    def wait_until_ready(self):
        self.greeting = self._answer()
        self.ready_seconds = time.perf_counter() - self.start
        return self

    def ask(self, question):
        try:
            self.process.stdin.write(question + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise ChildFailure(self._reason()) from error
        return self._answer()

    def measure(self, command="run", seconds=0.4):
        """The median time of as many passes as fit into `seconds`, in milliseconds."""
        times = self.ask(f"{command} {self.passes.get(command, 1)}")["milliseconds"]
        median = statistics.median(times)
        self.passes[command] = max(1, min(50, round(seconds * 1000 / median)))
        return median

    def close(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.close()
                self.process.wait(timeout=10)
            except (subprocess.TimeoutExpired, BrokenPipeError):
                self.process.kill()
                self.process.wait()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise ChildFailure(self._reason())
        return json.loads(line)

    def _reason(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f"{self.name}: {lines[-1] if lines else 'ended without a word'}"


def peer_command(folder, case, peer, threads):
    return [sys.executable, str(HERE / "peer.py"), str(folder), case.name, peer, "--threads", str(threads)]


def start_children(commands, log_folder, say):
    """Starts one after another, so that no one's warm-up disturbs another's; leaves out those that cannot."""
    children = []
    for name, command in commands.items():
        child = Child(name, command, log_folder)
        try:
            children.append(child.wait_until_ready())
        except ChildFailure as failure:
            child.close()
            say(f"left out: {failure}")
    return children


def alternate(children, rounds, rest):
    """Round by round, each child in turn with the same rest before it: {name: [median of each round's visit]}."""
    times = alternate_pairs(children, rounds, rest, ("run",))
    return {name: values["run"] for name, values in times.items()}


def alternate_pairs(children, rounds, rest, commands):
    """The same with several commands, one right after the other at each visit: {name: {command: [...]}}."""
    times = {child.name: {command: [] for command in commands} for child in children}
    for child in children:
        for command in commands:
            child.measure(command)
    for number in range(rounds):
        # Whoever comes first would always find the machine most rested.
        shift = number % len(children)
        for child in children[shift:] + children[:shift]:
            time.sleep(rest)
            for command in commands:
                times[child.name][command].append(child.measure(command))
    return times
