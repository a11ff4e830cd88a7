"""A Celery chain of four tasks with late acknowledgement: the peer of the pipeline benchmark.

  celery_chain.py worker   runs a worker (broker and backend from CHAIN_BROKER and CHAIN_BACKEND)
  celery_chain.py measure COUNT IN_FLIGHT IDLE   prints JSON: chains per second, idle median in ms
"""

import json
import os
import statistics
import sys
import time

from celery import Celery, chain

app = Celery("chain", broker=os.environ["CHAIN_BROKER"], backend=os.environ["CHAIN_BACKEND"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=16,
    broker_transport_options={"confirm_publish": True},
    result_expires=600,
)


@app.task(name="step")
def step(number):
    return number + 1


def once():
    return chain(step.s(0), step.s(), step.s(), step.s()).apply_async()


def measure(count, in_flight, idle):
    for _ in range(20):
        once().get(timeout=60)
    times = []
    for _ in range(idle):
        start = time.perf_counter()
        once().get(timeout=60, interval=0.001)
        times.append((time.perf_counter() - start) * 1e3)
        time.sleep(0.01)
    start = time.perf_counter()
    waiting = []
    for _ in range(count):
        if len(waiting) >= in_flight:
            waiting.pop(0).get(timeout=120)
        waiting.append(once())
    for result in waiting:
        result.get(timeout=120)
    rate = count / (time.perf_counter() - start)
    print(json.dumps({"perSecond": rate, "idleMedianMilliseconds": statistics.median(times)}))


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        app.worker_main(["worker", "--loglevel=ERROR", "--concurrency=2", "--without-gossip", "--without-mingle"])
    else:
        measure(*(int(word) for word in sys.argv[2:5]))
