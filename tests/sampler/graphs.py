#!/usr/bin/python3
"""graphs.py - random object graphs: what is counted, who holds it, what would go with it, and what
is in cycles, against what the script that makes them finds by trying.

Each graph has four types of one name, so that one freeze asks about all of its objects.  The script
draws it as numbers first, finds the truth in these, and then makes the objects and lets go of all
but what its holders hold.
"""
import json
import re
import sys

import host

_NO_GIL = "its heap cannot be frozen"
_GRAPHS = 100

_SCRIPT = """
import gc, json, random
GRAPHS, SEED = %d, 20240229
LEAF, HOLDERS = "leaf", ("global", "attribute", "closure", "local")
BASES = {"lists": list, "dicts": dict, "tuples": tuple, "slots": object}
LOCALS, TYPES = {}, []

class Graph:
    '''Nodes are numbers; leaves come last.'''
    def __init__(self, number):
        self.number, self.name = number, "G%%d" %% number
        draw = random.Random(SEED + number)
        count = draw.randrange(3, 41)
        self.kinds = [draw.choice(sorted(BASES)) for _ in range(count)]
        self.edges = [[] for _ in range(count)]
        density = draw.choice((0.8, 1.2, 2.2))
        for node in range(count):
            for _ in range(draw.randrange(0, 2 + int(density * 2)) if density > 1 else
                           draw.choice((0, 1, 1, 2))):
                self.connect(draw, node, count)
        holders = draw.sample(HOLDERS, draw.choice((0, 1, 1, 2, 2, 3, 4)))
        self.roots = {holder: draw.randrange(count) for holder in holders}
        self.sizes, self.picked = {}, draw.randrange(count)
    def connect(self, draw, node, count):
        if len(self.edges[node]) == 3:
            return      # no more slots
        to = draw.randrange(count + 3)
        if to >= count:
            self.edges.append([])
            self.kinds.append(LEAF)
            to = len(self.kinds) - 1
        elif self.kinds[node] == self.kinds[to] == "tuples" and to >= node:
            return      # a tuple holds what is there before it
        self.edges[node].append(to)

    def reach(self, starts, without=None):
        seen, todo = set(), [start for start in starts if start != without]
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += [to for to in self.edges[node] if to != without]
        return seen

    def make(self):
        types = {kind: type(self.name, (base,), {"__module__": kind, "__slots__":
                 ("a", "b", "c") if base is object else ()}) for kind, base in BASES.items()}
        TYPES.extend(types.values())
        made = {}
        for node, kind in enumerate(self.kinds):
            if kind != "tuples":
                made[node] = float(self.number * 1000 + node) if kind == LEAF else types[kind]()
        for node, kind in enumerate(self.kinds):
            if kind == "tuples":
                made[node] = types[kind]([made[to] for to in self.edges[node]])
        for node, kind in enumerate(self.kinds):
            for place, to in enumerate(self.edges[node]):
                if kind == "lists":
                    made[node].append(made[to])
                elif kind == "dicts":
                    made[node][place] = made[to]
                elif kind == "slots":
                    setattr(made[node], "abc"[place], made[to])
        self.sizes = {node: sys.getsizeof(one) for node, one in made.items()}
        for holder, node in self.roots.items():
            hold(self.number, holder, made[node])
        self.address = hex(id(made[self.picked]))

def hold(number, holder, held):
    if holder == "global":
        globals()["global_%%d" %% number] = held
    elif holder == "attribute":
        globals()["Class_%%d" %% number] = type("Class", (), {"held": held})
    elif holder == "closure":
        globals()["closure_%%d" %% number] = lambda: held
    else:
        LOCALS[number] = held

def shortest(graph, node):
    seen, ring, steps = set(), {node}, 0
    while ring:
        steps += 1
        ring = {to for one in ring for to in graph.edges[one]} - seen
        if node in ring:
            return steps
        seen |= ring
    return 0

def components(graph, exist):
    reaches = {node: graph.reach(graph.edges[node]) for node in exist}
    left, found = {node for node in exist if node in reaches[node]}, []
    while left:
        node = min(left)
        found.append({other for other in left if other == node or
                      (other in reaches[node] and node in reaches[other])})
        left -= found[-1]
    return found

def truth(graph):
    nodes = range(len(graph.kinds))
    alive = graph.reach(graph.roots.values())
    loops = [node for node in nodes if node not in alive and
             node in graph.reach(graph.edges[node])]
    exist = alive | graph.reach(loops)
    counted = {node for node in exist if graph.kinds[node] != LEAF}
    goes = {node: alive - graph.reach(graph.roots.values(), node) for node in counted & alive}
    retained = {node: sum(graph.sizes[one] for one in gone) for node, gone in goes.items()}
    top = [node for node in goes
           if not any(node in gone for other, gone in goes.items() if other != node)]
    garbage = counted - alive
    rings = components(graph, counted)
    by_module = graph.reach(node for holder, node in graph.roots.items() if holder != "local")
    return {
        "name": graph.name, "objects": len(counted),
        "bytes": sum(graph.sizes[node] for node in counted),
        "types": {kind: [sum(graph.kinds[node] == kind for node in nodes_of)
                         for nodes_of in (counted, garbage)] for kind in BASES},
        "retained": sum(retained[node] for node in top) +
                    sum(graph.sizes[node] for node in garbage),
        "garbage": len(garbage), "garbage_all": len(exist - alive),
        "by_module": len(by_module & counted),
        "held": {holder: [len(graph.reach([node]) & counted),
                          len(counted & alive - graph.reach(other for also, other in
                              graph.roots.items() if also != holder))]
                 for holder, node in graph.roots.items()},
        "components": len(rings), "cyclic": sum(map(len, rings)),
        "cyclic_garbage": sum(len(ring & garbage) for ring in rings),
        "lengths": sorted({shortest(graph, node) for ring in rings for node in ring}),
        "picked": [graph.address, graph.kinds[graph.picked], graph.sizes[graph.picked],
                   retained[graph.picked]] if graph.picked in goes else None,
    }

def make_all():
    graphs = [Graph(number) for number in range(GRAPHS)]
    for graph in graphs: graph.make()
    return [truth(graph) for graph in graphs]

def keep(number):
    mine = LOCALS.pop(number, None)
    if number + 1 < GRAPHS:
        keep(number + 1)
    else:
        say("ready")
        for one in TRUTH: say(json.dumps(one))
        wait()

gc.collect()
gc.disable()
TRUTH = make_all()
keep(0)
"""

_WAYS = {"global": "__main__.global_{}", "attribute": "__main__.Class_{}.held",
         "closure": "__main__.closure_{} -> function", "local": "(local in keep, script.py:LINE) mine"}


def _holder(way, number):
    way = re.sub(r":[0-9]+\)", ":LINE)", way)
    for holder, words in _WAYS.items():
        if re.match(re.escape(words.format(number)) + r"($|[.\[ ])", way):
            return holder
    return way


def _check_holders(true, number, found):
    counts = {}
    for way, objects, *_ in found["rows"]:
        holder = _holder(way, number)
        counts[holder] = counts.get(holder, 0) + objects
    assert counts.pop("(garbage)", 0) == true["garbage"], (true, found)
    assert sum(counts.get(holder, 0) for holder in _WAYS if holder != "local") == \
        true["by_module"], (true, found)
    assert set(counts) <= set(true["held"]), (true, found)
    for holder, (reached, alone) in true["held"].items():
        assert alone <= counts.get(holder, 0) <= reached, (holder, true, found)


def _check_graph(true, number, found):
    assert found["objects"] == true["objects"] and found["bytes"] == true["bytes"], (true, found)
    assert sum(row[1] for row in found["rows"]) == true["objects"], (true, found)
    assert sum(row[3] for row in found["rows"]) == true["retained"], (true, found)
    _check_holders(true, number, found)
    cycles = found["cycles"]
    assert sum(row[2] for row in cycles) == true["components"], (true, cycles)
    assert sum(row[3] for row in cycles) == true["cyclic"], (true, cycles)
    for words, length, *_ in cycles:
        types = words.split(" -> ")
        assert length in true["lengths"], (true, cycles)
        assert types[0] == types[-1] and len(types) == min(length, 9) + 1, (true, cycles)
        assert all(name == "..." or name.endswith("." + true["name"]) for name in types), cycles


def _check_object(true, wire):
    address, kind, size, retained = true["picked"]
    found = wire.ask(op="referrers", address=address)[1]["referrers"]
    assert found["type"] == f"{kind}.{true['name']}" and found["objects"] == 1, (true, found)
    (_, _, found_size, found_retained), = found["rows"]
    assert (found_size, found_retained) == (size, retained), (true, found)


def _check_types(truths, wire):
    """All types of all graphs by one freeze, and nothing else is garbage."""
    number, rows = wire.send(op="types", limit=1000), {}
    while (message := wire.line())["t"] != "reply" or message["id"] != number:
        if message["t"] == "types":
            rows.update({name: [objects, garbage] for name, objects, _, garbage, *_
                         in message["rows"]})
        elif message["t"] == "frozen":
            frozen = message
        elif message["t"] == "cycles":
            cycles = message
    assert frozen["types"] <= 1000, frozen
    for true in truths:
        for kind, counts in true["types"].items():
            assert rows.get(f"{kind}.{true['name']}", [0, 0]) == counts, (true, kind)
    assert frozen["garbage_objects"] == sum(true["garbage_all"] for true in truths), frozen
    assert cycles["garbage_objects"] == sum(true["cyclic_garbage"] for true in truths), cycles
    assert cycles["objects"] >= sum(true["cyclic"] for true in truths), cycles
    assert cycles["cycles"] >= sum(true["components"] for true in truths), cycles


@host.with_gil(_NO_GIL)
def what_is_found_is_what_there_is(python):
    with host.Host(python, _SCRIPT % _GRAPHS) as target:
        target.hear("ready")
        truths = [json.loads(target.hear()) for _ in range(_GRAPHS)]
        with target.wire() as wire:
            _check_types(truths, wire)
            for number, true in enumerate(truths):
                reply, before = wire.ask(op="referrers", name=true["name"], limit=100)
                assert reply["ok"], reply
                _check_graph(true, number, before["referrers"])
            picked = [true for true in truths if true["picked"] is not None][::4]
            for true in picked:
                _check_object(true, wire)
        target.end()
    return (f"{sum(true['objects'] for true in truths)} objects, "
            f"{sum(true['garbage'] for true in truths)} of them garbage, "
            f"{sum(true['components'] for true in truths)} cycles, "
            f"{len(picked)} looked at alone")


if __name__ == "__main__":
    sys.exit(host.run((what_is_found_is_what_there_is,)))
