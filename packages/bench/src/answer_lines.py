"""What every peer in Python does: a request in a line of JSON, an answer in another one."""

import json
import statistics
import sys
import time


def median_ms(work, ms):
    """Calls `work` for so many ms; the median ms of a call."""
    times = []
    start = time.perf_counter()
    end = start + ms / 1000
    while start < end:
        work()
        now = time.perf_counter()
        times.append(now - start)
        start = now
    return 1000 * statistics.median(times)


def answer(value):
    print(json.dumps(value), flush=True)


def answer_lines(versions, steps):
    """Says the versions, and then how long the steps that are asked for take."""
    answer({"versions": versions})
    ready = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            name = request["step"]
            if name not in ready:
                ready[name] = steps[name]()
                ready[name]()
            answer({"ms": median_ms(ready[name], request["ms"])})
        except Exception as error:
            answer({"error": f"{type(error).__name__}: {error}"})
