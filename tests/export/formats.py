"""formats.py - what `leaktop export` writes is what the readers of each format take: read back here
by decoders of our own, and compared with the JSON of the same snapshot."""
import gzip
import json
import os
import re
import subprocess
import time

import documents

# The shape of a file that speedscope imports, after its published file format.
NUMBERS = {"type": "array", "items": {"type": "number", "minimum": 0}}
SPEEDSCOPE = {
    "type": "object",
    "required": ["$schema", "shared", "profiles"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "https://www.speedscope.app/file-format-schema.json"},
        "name": {"type": "string"},
        "exporter": {"type": "string"},
        "activeProfileIndex": {"type": "integer", "minimum": 0, "maximum": 1},
        "shared": {
            "type": "object", "required": ["frames"], "additionalProperties": False,
            "properties": {"frames": {"type": "array", "items": {
                "type": "object", "required": ["name"], "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"}, "file": {"type": "string"},
                    "line": {"type": "integer", "minimum": 1}, "col": {"type": "integer"},
                }}}},
        },
        "profiles": {"type": "array", "minItems": 1, "items": {
            "type": "object", "additionalProperties": False,
            "required": ["type", "name", "unit", "startValue", "endValue", "samples", "weights"],
            "properties": {
                "type": {"const": "sampled"}, "name": {"type": "string"},
                "unit": {"const": "bytes"},
                "startValue": {"type": "number"}, "endValue": {"type": "number"},
                "samples": {"type": "array", "items": {
                    "type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}}},
                "weights": NUMBERS,
            }}},
    },
}


# ---- a reader of protocol buffers ---------------------------------------------------------------
def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        assert shift < 70


def fields(data):
    """{number: [values]}; strings and messages as bytes."""
    out, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            assert key & 7 == 2, f"wire type {key & 7}"
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
            assert len(value) == length
        out.setdefault(key >> 3, []).append(value)
    return out


def packed(data, signed=False):
    out, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        out.append(value - (1 << 64) if signed and value >> 63 else value)
    return out


def read_pprof(path):
    """{types, default, samples [(frames from inside out, values, labels)], ...}; checks all that
    pprof's own reader checks."""
    with gzip.open(path) as file:
        profile = fields(file.read())
    texts = [text.decode("utf-8") for text in profile[6]]
    assert texts[0] == "" and len(set(texts)) == len(texts)
    types = []
    for value_type in map(fields, profile[1]):
        types.append((texts[value_type[1][0]], texts[value_type[2][0]]))
    functions, mappings, locations = {}, {}, {}
    for function in map(fields, profile.get(5, [])):
        assert function[1][0] not in functions and function[1][0] > 0
        functions[function[1][0]] = (texts[function.get(2, [0])[0]], texts[function.get(4, [0])[0]])
    for mapping in map(fields, profile.get(3, [])):
        assert mapping[1][0] not in mappings
        mappings[mapping[1][0]] = texts[mapping[5][0]]
        assert mapping[7] == mapping[8] == mapping[9] == [1]
    for location in map(fields, profile.get(4, [])):
        assert location[1][0] not in locations and location[1][0] > 0
        assert location.get(2, [0])[0] == 0 or location[2][0] in mappings
        line = fields(location[4][0])
        locations[location[1][0]] = functions[line[1][0]] + (line.get(2, [0])[0],)
    samples = []
    for sample in map(fields, profile.get(2, [])):
        values = packed(sample[2][0], signed=True)
        assert len(values) == len(types)
        labels = {texts[label[1][0]]: texts[label.get(2, [0])[0]]
                  for label in map(fields, sample.get(3, []))}
        samples.append(([locations[i] for i in packed(sample[1][0])], values, labels))
    period = fields(profile[11][0])
    return {
        "types": types, "default": texts[profile[14][0]], "samples": samples,
        "time_ns": profile[9][0], "duration_ns": profile.get(10, [0])[0],
        "period": profile[12][0], "period_type": (texts[period[1][0]], texts[period[2][0]]),
        "comment": texts[profile[13][0]], "mappings": mappings,
    }


# ---- what should be in them ---------------------------------------------------------------------
def load(path):
    with open(path, encoding="utf-8", errors="strict") as file:
        return json.load(file)


def weights(document, key):
    """What each stack of a JSON snapshot weighs, the heavier ones first."""
    return sorted((round(s[key]) for s in document["stacks"] if round(s.get(key, 0)) > 0),
                  reverse=True)


def read_folded(path):
    out = []
    with open(path, encoding="utf-8", errors="strict") as file:
        text = file.read()
    assert text.endswith("\n") and re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text) is None
    for line in text[:-1].split("\n"):
        names, size = line.rsplit(" ", 1)
        out.append((names.split(";"), int(size)))
    return out


def check_folded(path, document, folder):
    for key, arguments in (("live_bytes", []), ("delta_bytes", ["--delta"])):
        to = documents.export(path, os.path.join(folder, key + ".folded"), *arguments)
        lines = read_folded(to)
        assert sorted((size for _, size in lines), reverse=True) == weights(document, key), key
    return read_folded(os.path.join(folder, "live_bytes.folded"))


def check_speedscope(path, document, folder):
    file = load(documents.export(path, os.path.join(folder, "x.speedscope.json")))
    try:
        import jsonschema
        jsonschema.validate(file, SPEEDSCOPE)
    except ImportError:
        print("without jsonschema: the shape of speedscope's file was not checked")
    assert file["activeProfileIndex"] == 0
    for profile, key in zip(file["profiles"], ("live_bytes", "delta_bytes")):
        assert sorted(profile["weights"], reverse=True) == weights(document, key), key
        assert len(profile["samples"]) == len(profile["weights"])
        assert profile["endValue"] == sum(profile["weights"])
        frames = file["shared"]["frames"]
        assert all(number < len(frames) for sample in profile["samples"] for number in sample)
    assert len({json.dumps(frame) for frame in frames}) == len(frames) or document["native"]
    return file


def check_pprof(path, document, folder):
    profile = read_pprof(documents.export(path, os.path.join(folder, "x.pb.gz")))
    assert profile["types"] == [("alloc_objects", "count"), ("alloc_space", "bytes"),
                                ("inuse_objects", "count"), ("inuse_space", "bytes")]
    assert profile["default"] == "inuse_space" and profile["period_type"] == ("space", "bytes")
    assert profile["time_ns"] == round(document["taken_at"] * 1e9)
    for at, key in ((1, "allocated_bytes_total"), (3, "live_bytes")):
        found = sorted((v[at] for _, v, _ in profile["samples"] if v[at] > 0), reverse=True)
        assert found == weights(document, key), key
    grown = read_pprof(documents.export(path, os.path.join(folder, "x.pb.gz"), "--delta"))
    assert grown["types"] == profile["types"][2:]
    assert sorted(v[1] for _, v, _ in grown["samples"] if v[1] != 0) == sorted(
        round(s["delta_bytes"]) for s in document["stacks"] if round(s["delta_bytes"]) != 0)
    return profile


def check_html(path, document, folder):
    """What is in the page's data; that the page works is seen by page.py."""
    with open(documents.export(path, os.path.join(folder, "x.html")), encoding="utf-8") as file:
        text = file.read()
    assert "@DATA@" not in text and re.search(r"https?:|//[a-z]+\.", text) is None
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    page = json.loads(data[1])
    assert re.search("[<>&]", data[1]) is None
    nodes = [page["nodes"][i:i + 4] for i in range(0, len(page["nodes"]), 4)]
    assert all(-1 <= parent < i for i, (parent, _, _, _) in enumerate(nodes))
    for at, key in ((2, "live_bytes"), (3, "delta_bytes")):
        found, wanted = sum(node[at] for node in nodes), sum(weights(document, key))
        assert abs(found - wanted) <= len(document["stacks"]), (key, found, wanted)
    assert len(page["types"]) == (len(document["types"][-1]["rows"]) if document["types"] else 0)
    assert len(page["containers"]) == len(document["containers"])
    assert len(page["holders"]) == len(document["referrers"])
    return page


CHECKS = [check_folded, check_speedscope, check_pprof, check_html]


def completed(path, folder):
    """The snapshot with all that leaktop computes, as its own JSON export of it."""
    document = load(documents.export(path, os.path.join(folder, "x.json")))
    document["native"] = any(f["native"] for s in document["stacks"] for f in s["frames"])
    return document


def test_the_made_up_process_is_the_same_in_every_format(folder):
    path = documents.dummy(folder)
    document = completed(path, folder)
    assert document["native"] and document["types"] and document["referrers"]
    results = [check(path, document, folder) for check in CHECKS]
    names = [name for frames, _ in results[0] for name in frames]
    assert "price_key (/srv/shop/shop/cart.py:88)" in names and "(no Python stack)" in names
    assert "(outermost frames lost)" in names
    inner = {frames[0] for frames, _, _ in results[2]["samples"]}
    assert ("price_key", "/srv/shop/shop/cart.py", 88) in inner
    assert any(name.endswith(".so.6") for name in results[2]["mappings"].values())
    assert {labels["domain"] for _, _, labels in results[2]["samples"]} >= {"obj", "native"}


def test_hostile_names_stay_names(folder):
    path = documents.write(folder, "hostile.json", documents.hostile())
    document = completed(path, folder)
    folded, speedscope, profile, page = [check(path, document, folder) for check in CHECKS]
    assert all(len(frames) == 3 for frames, _ in folded)
    for text in [frame["name"] for frame in speedscope["shared"]["frames"]] + [
            name for frames, _, _ in profile["samples"] for name, _, _ in frames] + [
            frame[0] for frame in page["frames"]]:
        assert len(text) <= 2048
        assert re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]",
                         text) is None, ascii(text)
    assert page["frames"][0][0] or page["frames"][1][0]


def test_an_empty_process_has_every_format(folder):
    path = documents.write(folder, "empty.json", documents.snapshot([]))
    document = completed(path, folder)
    assert load(documents.export(path, os.path.join(folder, "x.speedscope.json")))["profiles"][0][
        "samples"] == []
    profile = read_pprof(documents.export(path, os.path.join(folder, "x.pb.gz")))
    assert profile["samples"] == []
    assert check_html(path, document, folder)["nodes"] == []
    with open(documents.export(path, os.path.join(folder, "x.folded")), "rb") as file:
        assert file.read() == b""


def test_many_stacks(folder):
    count = 10000 if os.environ.get("LK_TEST_LONG") else 1000
    path = documents.write(folder, "many.json", documents.many(count))
    document = completed(path, folder)
    for check in CHECKS:
        check(path, document, folder)
    for suffix in ("json", "folded", "speedscope.json", "pb.gz", "html"):
        begin = time.monotonic()
        to = documents.export(path, os.path.join(folder, "y." + suffix))
        print(f"{count} stacks: {suffix:16} {os.path.getsize(to):9} bytes, "
              f"{time.monotonic() - begin:.2f} s with reading")
        assert os.path.getsize(to) < 64 << 20


def test_what_has_no_room_is_said(folder):
    path = documents.write(folder, "many.json", documents.many(1000))
    document = completed(path, folder)
    bound = 20 << 10
    note = re.compile(r"\((\d+) smaller stacks, beyond 20 KiB of this file\)")
    to = documents.export(path, os.path.join(folder, "x.folded"), "--max-size", "20K")
    with open(to, encoding="utf-8") as file:
        *lines, last = file.read().splitlines()
    expected, name, rest = weights(document, "live_bytes"), *last.rsplit(" ", 1)
    assert int(note.fullmatch(name)[1]) == len(expected) - len(lines) > 100
    assert [int(line.rsplit(" ", 1)[1]) for line in lines] == expected[:len(lines)]
    assert int(rest) == sum(expected[len(lines):])
    assert bound * 3 // 4 < os.path.getsize(to) <= bound + 100
    to = documents.export(path, os.path.join(folder, "x.speedscope.json"), "--max-size", "20K")
    file = load(to)
    for profile, key in zip(file["profiles"], ("live_bytes", "delta_bytes")):
        expected, count = weights(document, key), len(profile["weights"]) - 1
        assert profile["weights"] == [*expected[:count], sum(expected[count:])]
        name = file["shared"]["frames"][profile["samples"][-1][0]]["name"]
        assert int(note.fullmatch(name)[1]) == len(expected) - count > 100
        assert profile["endValue"] == sum(expected)


def refused(status, words, *arguments):
    said = subprocess.run([documents.LEAKTOP, "export", *arguments], capture_output=True, text=True)
    assert said.returncode == status and re.search(words, said.stderr), said


def test_what_cannot_be_exported_is_said(folder):
    path = documents.dummy(folder)
    refused(1, "no such format: yaml", "--format", "yaml", path)
    refused(1, "json has both", "--delta", path)
    refused(2, "No such file", os.path.join(folder, "none.json"))
    refused(2, "none/x.html", path, "-o", os.path.join(folder, "none/x.html"))
    refused(2, "is not a file", path, "-o", "/dev/full", "--format", "html")
    refused(2, "there is no baseline 'b'", path, "--baseline", "b")
    assert sorted(os.listdir(folder)) == ["dummy.json"]


documents.run(globals())
