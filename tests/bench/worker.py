"""worker.py - a process that does one of works.py when it is told to, and says what that took.

    worker.py WORK                  reads lines, answers each with a line of JSON:
        run SECONDS                 whole operations until that much time has gone by:
                                    {"operations", "cpu_s", "thread_s", "wall_s"}; processor time
                                    of all threads, of this one
        peak                        {"peak_rss_mib"}: the most that was ever resident
        hooks NUMBER                empty_hook.c's, in place of those before; 0: none.
                                    {"calls"}: counted by those before.  The collector runs
                                    here, and at no other time from then on
"""
import ctypes
import gc
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import works  # noqa: E402


def run(work, seconds):
    done = 0
    cpu_s, thread_s, began_s = time.process_time(), time.thread_time(), time.perf_counter()
    while True:
        work()
        done += 1
        now_s = time.perf_counter()
        if now_s - began_s >= seconds:
            return {"operations": done, "cpu_s": time.process_time() - cpu_s,
                    "thread_s": time.thread_time() - thread_s, "wall_s": now_s - began_s}


def peak():
    with open("/proc/self/status", encoding="ascii") as file:
        kib = next(line.split()[1] for line in file if line.startswith("VmHWM:"))
    return {"peak_rss_mib": int(kib) / 1024}


def hooks(number):
    gc.disable()
    gc.collect()
    put = ctypes.PyDLL(os.environ["BENCH_EMPTY_HOOK"]).empty_hook_put
    put.restype = ctypes.c_ulong
    return {"calls": put(number)}


def serve(work):
    orders = {"run": lambda seconds: run(work, float(seconds)), "peak": peak,
              "hooks": lambda number: hooks(int(number))}
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order, *arguments = line.split()
        print(json.dumps(orders[order](*arguments)), flush=True)


if __name__ == "__main__":
    serve(works.MAKERS[sys.argv[1]]())
