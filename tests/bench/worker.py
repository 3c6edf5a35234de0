"""worker.py - a process that does one of works.py when it is told to, and says what that took.

    worker.py WORK                  reads lines, answers each with a line of JSON:
        run SECONDS                 whole operations until that much time has gone by:
                                    {"operations", "cpu_s", "wall_s"}; processor time of all threads
        peak                        {"peak_rss_mib"}: the most that was ever resident
"""
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import works  # noqa: E402


def run(work, seconds):
    done = 0
    cpu_s, began_s = time.process_time(), time.perf_counter()
    while True:
        work()
        done += 1
        now_s = time.perf_counter()
        if now_s - began_s >= seconds:
            return {"operations": done, "cpu_s": time.process_time() - cpu_s,
                    "wall_s": now_s - began_s}


def peak():
    with open("/proc/self/status", encoding="ascii") as file:
        kib = next(line.split()[1] for line in file if line.startswith("VmHWM:"))
    return {"peak_rss_mib": int(kib) / 1024}


def serve(work):
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order, *arguments = line.split()
        answer = run(work, float(arguments[0])) if order == "run" else peak()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(works.MAKERS[sys.argv[1]]())
