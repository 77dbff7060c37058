#!/usr/bin/env python3
"""Reads states as docs/state.md describes them, with the standard library alone: merges, values and fingerprints.

`python3 state_reader.py conformance/*.json` prints what it finds in each file, and fails where the file says otherwise.
"""
import json, struct, sys

TERMS = {"mean": [7], "sum": [7], "tversky": [], "class mean": [7, 7], "class tversky": []}  # digits of a term's own sums

def count(digits):  # in units of 2^-64; carries and signs need no care, as Python's integers have no end
    return sum(digit << 32 * place for place, digit in enumerate(digits))

def normal_form(digits):
    last = len(digits) - 1
    return [count(digits) >> 32 * place & 0xFFFFFFFF for place in range(last)] + [count(digits) >> 32 * last]

def number(digits):
    if normal_form(digits)[-1] < -(1 << 41):
        raise ValueError("a term was beyond the largest f32: the sum has no value")
    return count(digits) / 2**64  # Python divides integers with correct rounding

def head(case):  # the digits of what all losses share; a count is one
    kinds = {"binary": [1] * 6 + [4] * 7, "counting": [1] * 4 + [3] * 3 + [1] * 3, "image mean": [1, 1, 7]}
    return kinds.get(case["kind"]) or [1] * 6 + [4] * (1 + 6 * case["classes"])

def merge(case):
    integers = iter([sum(column) for column in zip(*(part["state"] for part in case["parts"]))])
    lengths = head(case) + [length for term in case["terms"] for length in TERMS[term["term"]]]
    fields = [[next(integers) for _ in range(length)] for length in lengths]
    assert not list(integers), "the state is longer"
    return [field if len(field) == 1 else normal_form(field) for field in fields]

def tversky(term, true_positive, false_positive, false_negative):
    above, below = term["smooth"]
    errors = term["alpha"] * false_positive + term["beta"] * false_negative
    denominator = true_positive + errors + below
    return (errors + (below - above)) / denominator if denominator > 0 else 0.0

def value_of(case, fields):
    if case["kind"] == "image mean":
        return number(fields[2]) / fields[0][0]
    counting, sums = case["kind"] == "counting", iter(fields[len(head(case)):])
    weight = fields[0][0] if counting else number(fields[6])
    soft = [number(field) for field in (fields[4:7] if counting else fields[7:7 + 3 * case.get("classes", 1)])]
    total = 0.0  # added up one by one, as sum() of later Pythons does more than that
    for term in case["terms"]:
        own = [number(next(sums)) for _ in TERMS[term["term"]]]
        if own:
            value = own[0] if term["term"] == "sum" else own[0] / weight
        else:
            scores = [tversky(term, *soft[start:start + 3]) for start in range(0, len(soft), 3)]
            value = 0.0
            for score in scores:
                value += 1.0 / len(scores) * score
        total += term["coefficient"] * value
    return total

def fingerprint(items):  # FNV-1a over names, each ended by 0xff, and numbers as f64, lowest byte first
    hashed = 0xCBF29CE484222325
    for byte in b"".join(i.encode() + b"\xff" if isinstance(i, str) else struct.pack("<d", i) for i in items):
        hashed = (hashed ^ byte) * 0x100000001B3 % 2**64
    return f"{hashed:016x}"

for path in sys.argv[1:]:
    case = json.load(open(path, encoding="utf-8"))
    fields = merge(case)
    found = {"merged": sum(fields, []), "value": value_of(case, fields)}
    found["fingerprint"] = fingerprint(case["fingerprint_of"])
    print(json.dumps(found))
    for key in found:
        if found[key] != case.get(key, found[key]):
            sys.exit(f"{path}: {key} is {found[key]}, the file has {case[key]}")
