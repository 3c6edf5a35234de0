"""schema.py - exported files are what the JSON Schema says, and it says no to what they are not."""
import copy
import json
import os
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("SKIP: this python3 has no jsonschema")
    sys.exit(77)

SOURCE = os.environ.get("srcdir", ".")
EXPORTER = os.path.join(os.getcwd(), "tests", "unit", "export_dummy")

# What is wrong with each: (path to a value, what to put there; None: take it away).
WRONG = [
    (["schema"], "leaktop.snapshot/2"),
    (["taken_at"], "now"),
    (["process", "pid"], None),
    (["process", "pid"], -1),
    (["sampler", "state"], "asleep"),
    (["verdict", "kind"], "leak"),
    (["stacks", 0, "id"], 1.5),
    (["stacks", 0, "domain"], "heap"),
    (["stacks", 0, "live_bytes"], None),
    (["stacks", 0, "delta_bytes"], "much"),
    (["stacks", 0, "born", 0, "samples"], -1),
    (["stacks", 0, "frames", 0, "line"], "88"),
    (["stacks", 0, "vanished"], True),
    (["baselines", 0, "id"], 0),
    (["baselines", 0, "rows", 0, "born"], None),
    (["containers", 0, "address"], "somewhere"),
    (["types", 0, "rows", 0, "type"], None),
    (["types", 0, "rows", 0, "objects"], -1),
    (["types", 0, "frozen", "pause_us"], "short"),
    (["types", 0, "descriptors"], None),
    (["referrers", 0, "rows", 0, "path"], 7),
    (["referrers", 0, "name"], 7),
    (["referrers", 0, "address"], "there"),
    (["gc", "generations"], []),
    (["gc", "pauses", "exact"], None),
    (["gc", "pauses", "longest_us"], -1),
    (["history", "series", 0, "rss_bytes"], [-1]),
    (["reference"], None),
]


def exported(folder, *arguments):
    path = os.path.join(folder, "-".join(("dummy",) + arguments) + ".json")
    subprocess.run([EXPORTER, path, *arguments], check=True)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def spoiled(document, path, value):
    document = copy.deepcopy(document)
    place = document
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


def main():
    with open(os.path.join(SOURCE, "include/leaktop/snapshot.schema.json")) as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    with tempfile.TemporaryDirectory() as folder:
        documents = [exported(folder, "1"), exported(folder, "2", "30")]
    for document in documents:
        for error in validator.iter_errors(document):
            sys.exit("%s: %s" % ("/".join(map(str, error.path)), error.message))
        asked = document is documents[1]
        assert len(document["types"]) == (2 + 3) * asked and len(document["referrers"]) == 3 * asked
        assert len(document["stacks"]) >= 40 and len(document["baselines"]) == 3
        assert all(baseline["rows"] for baseline in document["baselines"])
    for path, value in WRONG:
        if validator.is_valid(spoiled(documents[1], path, value)):
            sys.exit("the schema accepts %r at %s" % (value, "/".join(map(str, path))))


main()
