#!/usr/bin/env python3
"""Reads states as docs/state.md describes them, with the standard library alone: merges, normal forms, values and fingerprints.

    python3 state_reader.py conformance/*.json

prints for each file what it finds, and fails where the file says otherwise.
"""

import json
import struct
import sys

# How many digits each sum of a loss takes, by the kind of its term.
TERMS = {"mean": [7], "sum": [7], "tversky": [], "class mean": [7, 7], "class tversky": []}


def count_of(digits):
    """The sum in units of 2^-64. Carries and signs need no care: Python's integers have no end."""
    return sum(digit << (32 * place) for place, digit in enumerate(digits))


def normal_form(digits):
    if len(digits) == 1:
        return digits
    count, last = count_of(digits), len(digits) - 1
    return [count >> (32 * place) & 0xFFFFFFFF for place in range(last)] + [count >> (32 * last)]


def number(digits):
    """The float nearest to the sum: Python divides integers with correct rounding."""
    if normal_form(digits)[-1] < -(1 << 41):
        raise ValueError("a term was beyond the largest float of 32 bits: the sum has no value")
    return count_of(digits) / 2**64


def layout(case):
    """The digits of each field of the state; a count is a field of one."""
    head = {
        "binary": [1] * 6 + [4] * 7,
        "counting": [1] * 4 + [3] * 3 + [1] * 3,
        "classes": [1] * 6 + [4] * (1 + 6 * case.get("classes", 0)),
        "image mean": [1, 1, 7],
    }
    return head[case["kind"]] + [length for term in case.get("terms", []) for length in TERMS[term["term"]]]


def merged(case):
    columns = [sum(column) for column in zip(*(part["state"] for part in case["parts"]), strict=True)]
    fields, start = [], 0
    for length in layout(case):
        fields.append(normal_form(columns[start : start + length]))
        start += length
    assert start == len(columns), "the state has another length"
    return fields


def tversky(term, true_positive, false_positive, false_negative):
    above, below = term["smooth"]
    errors = term["alpha"] * false_positive + term["beta"] * false_negative
    denominator = true_positive + errors + below
    return (errors + (below - above)) / denominator if denominator > 0 else 0.0


def value(case, fields):
    if case["kind"] == "image mean":
        return number(fields[2]) / fields[0][0]
    counting = case["kind"] == "counting"
    weight = float(fields[0][0]) if counting else number(fields[6])
    soft = [number(field) for field in (fields[4:7] if counting else fields[7 : 7 + 3 * case.get("classes", 1)])]
    sums = iter(fields[len(layout({**case, "terms": []})) :])
    total = None
    for term in case["terms"]:
        own = [number(next(sums)) for _ in TERMS[term["term"]]]
        if term["term"] in ("mean", "class mean"):
            part = own[0] / weight
        elif term["term"] == "sum":
            part = own[0]
        else:
            classes, part = len(soft) // 3, 0.0
            for class_ in range(classes):
                part += 1.0 / classes * tversky(term, *soft[3 * class_ : 3 * class_ + 3])
        total = term["coefficient"] * part if total is None else total + term["coefficient"] * part
    return total


def fingerprint(items):
    """FNV-1a of 64 bits over names, each ended by 0xff, and numbers as IEEE doubles, lowest byte first."""
    hashed = 0xCBF29CE484222325
    for item in items:
        for byte in item.encode() + b"\xff" if isinstance(item, str) else struct.pack("<d", item):
            hashed = (hashed ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{hashed:016x}"


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        case = json.load(file)
    fields = merged(case)
    found = {"merged": [digit for field in fields for digit in field], "value": value(case, fields)}
    found["fingerprint"] = fingerprint(case["fingerprint_of"])
    print(json.dumps(found))
    for key in found:
        if key in case and found[key] != case[key]:
            sys.exit(f"{path}: {key} is {found[key]}, the file has {case[key]}")
