"""churn.py - small programs that do little but allocate; prints their processor time.

    churn.py json|objects|dicts ROUNDS
"""
import json
import sys
import time

_DOCUMENT = json.dumps([{"id": n, "name": f"customer {n}", "tags": ["a", "b", str(n)],
                         "balance": n * 1.5, "open": n % 2 == 0} for n in range(400)])


class Node:
    def __init__(self, value, parent):
        self.value = value
        self.parent = parent


def churn_json():
    for _ in range(8):
        json.dumps(json.loads(_DOCUMENT))


def churn_objects():
    root = Node(0, None)
    kept = [Node(str(n), root) for n in range(12000)]
    return sum(len(node.value) for node in kept)


def churn_dicts():
    return len([{"n": n, "text": "x" * (n % 300), "pair": (n, n + 1)} for n in range(12000)])


def main():
    work = {"json": churn_json, "objects": churn_objects, "dicts": churn_dicts}[sys.argv[1]]
    for _ in range(5):
        work()
    before = time.process_time()
    for _ in range(int(sys.argv[2])):
        work()
    print(json.dumps({"cpu_s": time.process_time() - before}))


if __name__ == "__main__":
    main()
