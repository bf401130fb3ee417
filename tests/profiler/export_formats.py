#!/usr/bin/env python3
"""Checks what is exported from real snapshots with readers of its own.  Prints TAP.

pprof's messages are decoded here by the description of the encoding, and by
protoc when it is installed.
"""
import collections
import gzip
import html.parser
import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree

from cli_tools import arxheap, expect, take_snapshots
from snapshot_tools import run_tests

SVG = "{http://www.w3.org/2000/svg}"
_taken = {}


def taken(place):
    """Two snapshots of one process; taken once."""
    if "files" not in _taken:
        _taken["files"] = take_snapshots(place, "exported", 2)[1]
    return _taken["files"]


def varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return number, at


def fields(data):
    """A message as field number -> values."""
    found, at = collections.defaultdict(list), 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        expect(tag & 7 in (0, 2), f"wire type {tag & 7}")
        if tag & 7 == 2:
            expect(at + value <= len(data), "a field that ends beyond its message")
            value, at = data[at:at + value], at + value
        found[tag >> 3].append(value)
    return found


def packed(data):
    numbers, at = [], 0
    while at < len(data):
        number, at = varint(data, at)
        numbers.append(number - (1 << 64) if number >> 63 else number)
    return numbers


def pprof_of(place, path):
    out = place.path("heap.pb.gz")
    arxheap("export", path, "-o", out)
    with gzip.open(out) as file:
        return file.read()


def folded_of(path):
    lines = arxheap("export", path, "-f", "folded").stdout.splitlines()
    return [(line.rsplit(" ", 1)[0].split(";"), int(line.rsplit(" ", 1)[1])) for line in lines]


def all_formats_hold_the_same_bytes(place):
    path = taken(place)[-1]
    folded = sum(size for _, size in folded_of(path))
    scope = json.loads(arxheap("export", path, "-f", "speedscope").stdout)["profiles"][0]
    samples = fields(pprof_of(place, path))[2]
    expect(folded > 0, "nothing lives")
    expect(sum(scope["weights"]) == scope["endValue"] == folded, "speedscope")
    expect(sum(packed(fields(sample)[2][0])[1] for sample in samples) == folded, "pprof")


def pprof_refers_to_nothing_that_is_not_there(place):
    profile = fields(pprof_of(place, taken(place)[-1]))
    strings = profile[6]
    expect(strings[0] == b"" and len(set(strings)) == len(strings), "strings")
    for text in strings:
        text.decode("utf-8")
    mappings = {fields(mapping)[1][0] for mapping in profile[3]}
    functions = {fields(function)[1][0] for function in profile[5]}
    locations = set()
    for location in map(fields, profile[4]):
        locations.add(location[1][0])
        expect(all(mapping in mappings for mapping in location[2]), "mapping")
        expect(all(fields(line)[1][0] in functions for line in location[4]), "function")
    expect(len(locations) == len(profile[4]), "locations")
    for sample in map(fields, profile[2]):
        expect(all(number in locations for number in packed(sample[1][0])), "location")
        expect(len(packed(sample[2][0])) == len(profile[1]), "values")
    for function in map(fields, profile[5]):
        expect(all(number < len(strings) for field in (2, 3, 4) for number in function[field]),
               "string")
    types = [strings[fields(kind)[1][0]] for kind in profile[1]]
    expect(types == [b"inuse_objects", b"inuse_space", b"alloc_space"], types)
    expect(strings[profile[14][0]] == b"inuse_space", "default")


def protoc_decodes_pprof(place):
    if not shutil.which("protoc"):
        return
    done = subprocess.run(["protoc", "--decode_raw"], capture_output=True,
                          input=pprof_of(place, taken(place)[-1]))
    expect(done.returncode == 0 and done.stdout.count(b"\n2 {") > 0, done.stderr)


def speedscope_has_the_shape_of_its_schema(place):
    scope = json.loads(arxheap("export", taken(place)[-1], "-f", "speedscope").stdout)
    expect(scope["$schema"] == "https://www.speedscope.app/file-format-schema.json", "schema")
    frames = scope["shared"]["frames"]
    expect(len({json.dumps(frame) for frame in frames}) == len(frames), "frames twice")
    for profile in scope["profiles"]:
        expect(profile["type"] == "sampled" and profile["unit"] == "bytes", "type")
        expect(len(profile["samples"]) == len(profile["weights"]), "weights")
        expect(min(profile["weights"]) > 0, "weight")
        expect(all(0 <= frame < len(frames) for stack in profile["samples"]
                   for frame in stack), "frame")


def boxes_of(root):
    found = []
    for group in root.iter(SVG + "g"):
        if group.get("class") == "b":
            x, width = float(group.get("data-x")), float(group.get("data-w"))
            found.append((int(group.get("data-d")), x, width, group.find(SVG + "title").text))
    return found


def boxes_of_a_flame_graph_lie_below_their_callers(place):
    files = taken(place)
    for arguments in ([files[-1]], ["--diff", *files]):
        out = place.path("flame.svg")
        arxheap("flame", *arguments, "-o", out)
        boxes = boxes_of(xml.etree.ElementTree.parse(out).getroot())
        expect(boxes[0][:3] == (0, 0, 1200), boxes[0])
        callers = []
        for depth, x, width, title in boxes:
            del callers[depth:]
            expect(len(callers) == depth, f"no caller of {title}")
            if callers:
                left, room = callers[-1]
                expect(x >= left - 0.01 and x + width <= left + room + 0.01, title)
            callers.append((x, width))


def a_box_is_as_wide_as_its_bytes(place):
    path = taken(place)[-1]
    out = place.path("flame.svg")
    arxheap("flame", path, "-o", out)
    folded = folded_of(path)
    whole = sum(size for _, size in folded)
    first = collections.Counter()
    for stack, size in folded:
        first[stack[0]] += size
    for depth, _, width, title in boxes_of(xml.etree.ElementTree.parse(out).getroot()):
        if depth == 1:
            wanted = first[title.split("\n")[0]] * 1200 / whole
            expect(abs(width - wanted) < 0.01, f"{title}: {width}, not {wanted}")


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.references = [], []

    def handle_starttag(self, tag, attributes):
        self.references += [value for name, value in attributes
                            if name in ("src", "href", "xlink:href", "data", "action")]
        if tag not in ("meta", "input", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        expect(self.open and self.open.pop() == tag, f"</{tag}>")


def the_page_is_whole_and_refers_to_nothing(place):
    out = place.path("flame.html")
    arxheap("flame", taken(place)[-1], "-o", out)
    reader = Reader()
    with open(out, encoding="utf-8") as file:
        text = file.read()
    reader.feed(text)
    expect(reader.open == [] and reader.references == [], reader.open + reader.references)
    expect("http" not in text.replace("http-equiv", ""), "an address")


def the_script_is_sound(place):
    if not shutil.which("node"):
        return
    out = place.path("flame.svg")
    arxheap("flame", taken(place)[-1], "-o", out)
    script = xml.etree.ElementTree.parse(out).getroot().find(SVG + "script").text
    path = place.path("script.js")
    with open(path, "w", encoding="utf-8") as file:
        file.write(script)
    done = subprocess.run(["node", "--check", path], capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr)


if __name__ == "__main__":
    sys.exit(run_tests(all_formats_hold_the_same_bytes, pprof_refers_to_nothing_that_is_not_there,
                       protoc_decodes_pprof, speedscope_has_the_shape_of_its_schema,
                       boxes_of_a_flame_graph_lie_below_their_callers,
                       a_box_is_as_wide_as_its_bytes, the_page_is_whole_and_refers_to_nothing,
                       the_script_is_sound))
