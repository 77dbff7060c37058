#!/usr/bin/env python3
"""Computes the statistics of a report again, from the scores of its images alone.

    python3 ablation/tests/statistics.py target/ablation

reads data/images.csv, and compares what follows from it with every comparison in results.json (means, differences, Student's intervals, p-values,
Holm's correction, variance components, effect sizes, predictions, and the intervals of the bootstrap, whose resamples are drawn here as there) and with
the tables of variances. It shares no code with the program, and needs nothing but Python. Prints how much it compared; exits with 1 at the first
number that differs.
"""

import csv
import functools
import hashlib
import json
import math
import pathlib
import struct
import sys

RESAMPLES = 10_000
LEVEL = 0.05
OF_IMAGES = ["Dice", "IoU", "boundary F1 at 1 px", "boundary F1 at 2 px", "boundary IoU", "Hausdorff 95 %", "calibration error"]


def words():
    """The 32-bit words of ChaCha with 8 rounds, key of 32 bytes of 15, stream 0."""
    mask = 0xFFFFFFFF
    head = struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", bytes([15] * 32))
    counter = 0
    columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    while True:
        start = list(head) + [counter & mask, counter >> 32, 0, 0]
        x = start[:]
        for _ in range(4):
            for a, b, c, d in columns + diagonals:
                for left, add, to, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                    x[left] = (x[left] + x[add]) & mask
                    x[to] ^= x[left]
                    x[to] = ((x[to] << turn) | (x[to] >> (32 - turn))) & mask
        yield from ((word + first) & mask for word, first in zip(x, start))
        counter += 1


@functools.cache
def resamples(shape):
    """Each a list of drawn seeds with their drawn images."""
    source = words()

    def below(count):
        return next(source) * count >> 32

    drawn = []
    for _ in range(RESAMPLES):
        resample = []
        for _ in shape:
            seed = below(len(shape))
            resample.append((seed, [below(shape[seed]) for _ in range(shape[seed])]))
        drawn.append(resample)
    return drawn


def mean(values):
    return math.fsum(values) / len(values)


def between(t, freedom):
    """The probability that Student's t lies between -t and t, by the finite series for whole degrees of freedom."""
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    total, term = 0.0, 1.0
    if freedom % 2:
        if freedom == 1:
            return 2 * angle / math.pi
        term = cosine
        for k in range(1, (freedom - 1) // 2 + 1):
            total += term
            term *= cosine * cosine * (2 * k) / (2 * k + 1)
        return 2 / math.pi * (angle + sine * total)
    for k in range(1, freedom // 2 + 1):
        total += term
        term *= cosine * cosine * (2 * k - 1) / (2 * k)
    return sine * total


def beyond(t, freedom):
    """The probability that |t| is larger; by quadrature where the series cancels."""
    direct = 1 - between(t, freedom)
    if direct > 1e-6:
        return direct
    # The tail of the density, with u = t / x: smooth on (0, 1].
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    steps = 20_000
    total = 0.0
    for k in range(steps):
        u = (k + 0.5) / steps
        x = t / u
        total += (1 + x * x / freedom) ** (-(freedom + 1) / 2) * t / (u * u) / steps
    return 2 * scale * total


@functools.cache
def quantile(freedom, tail):
    """The number that Student's t exceeds with this probability."""
    low, high = 0.0, 1.0
    while 1 - between(high, freedom) > 2 * tail:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - between(middle, freedom) > 2 * tail else (low, middle)
    return (low + high) / 2


class Arm:
    """A loss on some data: its images by seed."""

    def __init__(self):
        self.expression = ""
        self.by_seed = {}

    def add(self, row):
        self.expression = row["expression"]
        image = self.by_seed.setdefault(int(row["seed"]), {}).setdefault(int(row["image"]), {"counts": [], "metrics": {}})
        counts = [int(row[name]) for name in ("true positives", "false positives", "false negatives", "true negatives")]
        image["counts"].append((row["class"], counts))
        image["metrics"] = {name: float(row[name]) for name in OF_IMAGES if row[name] != ""}

    def images(self, metric, seed):
        """What the value of a seed is made of: numbers, or counts by class."""
        images = [image for _, image in sorted(self.by_seed[seed].items())]
        if metric in ("mean Dice of classes", "pooled Dice"):
            return [[counts for name, counts in image["counts"] if name != "background"] for image in images]
        if all(metric in image["metrics"] for image in images):
            return [image["metrics"][metric] for image in images]
        return None


def value(images):
    """The value of a seed: the mean of numbers, or of the Dice scores of the classes' counts, added up."""
    if not isinstance(images[0], list):
        return mean(images)
    scores = []
    for of_class in zip(*images):
        hits, alarms, missed = (sum(counts[place] for counts in of_class) for place in range(3))
        if 2 * hits + alarms + missed:
            scores.append(2 * hits / (2 * hits + alarms + missed))
    return mean(scores) if scores else None


def by_image(images):
    """Numbers whose mean is the seed's value: of counts, Tukey's pseudo-values."""
    if not isinstance(images[0], list):
        return images
    count, whole = len(images), value(images)
    rest = [value(images[:place] + images[place + 1 :]) if count > 1 else None for place in range(count)]
    return [count * whole - (count - 1) * (whole if without is None else without) for without in rest]


class Replicates:
    """Of each arm and metric, the mean of every resample."""

    def __init__(self):
        self.known = {}

    def of(self, key, seeds):
        key = (*key, tuple(sorted(seeds)))
        if key not in self.known:
            images = [seeds[seed] for seed in sorted(seeds)]
            drawn = resamples(tuple(len(of_seed) for of_seed in images))
            self.known[key] = [self.one(images, resample) for resample in drawn]
        return self.known[key]

    @staticmethod
    def one(images, resample):
        values = [value([images[seed][image] for image in chosen]) for seed, chosen in resample]
        return None if None in values else sum(values) / len(values)


def one_way(by_seed):
    """The components of one number an image: seed and image."""
    sizes = [len(images) for images in by_seed]
    all_, seeds = sum(sizes), len(sizes)
    if seeds < 2 or all_ <= seeds:
        return None
    grand = math.fsum(x for images in by_seed for x in images) / all_
    means = [mean(images) for images in by_seed]
    between_seeds = math.fsum(m * (x - grand) ** 2 for m, x in zip(sizes, means)) / (seeds - 1)
    within = math.fsum((x - m) ** 2 for images, m in zip(by_seed, means) for x in images) / (all_ - seeds)
    size = (all_ - sum(m * m for m in sizes) / all_) / (seeds - 1)
    return max(0.0, (between_seeds - within) / size), max(0.0, within)


def split(scores):
    """The five components of scores[loss][seed][image], by sums of squares of means."""
    losses, sizes = len(scores), [len(images) for images in scores[0]]
    seeds, all_ = len(sizes), sum(sizes)
    squares = lambda pairs: math.fsum(count * x * x for count, x in pairs)
    flat = [x for loss in scores for images in loss for x in images]
    grand = squares([(len(flat), mean(flat))])
    of_loss = squares([(all_, mean([x for images in loss for x in images])) for loss in scores]) - grand
    of_seed = squares([(losses * m, mean([mean(loss[s]) for loss in scores])) for s, m in enumerate(sizes)]) - grand
    cells = squares([(m, mean(loss[s])) for loss in scores for s, m in enumerate(sizes)])
    images = squares([(losses, mean([loss[s][i] for loss in scores])) for s, m in enumerate(sizes) for i in range(m)])
    total = squares([(1, x) for x in flat])
    ms_loss = of_loss / (losses - 1)
    ms_seed = of_seed / (seeds - 1)
    ms_image = (images - grand - of_seed) / (all_ - seeds)
    ms_both = (cells - grand - of_loss - of_seed) / ((losses - 1) * (seeds - 1))
    ms_rest = (total - cells - images + grand + of_seed) / ((losses - 1) * (all_ - seeds))
    size = (all_ - sum(m * m for m in sizes) / all_) / (seeds - 1)
    both = (ms_both - ms_rest) / size
    found = [
        (ms_loss - ms_rest - sum(m * m for m in sizes) / all_ * both) / all_,
        (ms_seed - ms_image - ms_both + ms_rest) / (losses * size),
        (ms_image - ms_rest) / losses,
        both,
        ms_rest,
    ]
    return [max(0.0, component) for component in found]


def holm(p):
    order = sorted(range(len(p)), key=lambda place: p[place])
    adjusted, least = [0.0] * len(p), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(p) - rank) * p[place]))
        adjusted[place] = least
    return adjusted


class Report:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        file = folder / self.results["images"]["file"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == self.results["images"]["sha256"], "images.csv is another one"
        self.arms = {}
        with file.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                self.arms.setdefault((row["data"], row["loss"]), Arm()).add(row)
        self.folder, self.replicates, self.compared = folder, Replicates(), 0

    def same(self, given, expected, what, tolerance=1e-9):
        if given is None or expected is None:
            fits = given is expected
        elif isinstance(given, (list, tuple)):
            fits = len(given) == len(expected) and all(abs(a - b) <= tolerance * max(1, abs(b)) for a, b in zip(given, expected))
        else:
            fits = abs(given - expected) <= tolerance * max(1, abs(expected))
        if not fits:
            sys.exit(f"{what}: the report has {given}, the images give {expected}")
        self.compared += 1

    def arm(self, data, name):
        """The arm that a section calls by this name."""
        if (data, name) in self.arms:
            return self.arms[data, name]
        if name.endswith(" loss") and (data, name[:-5]) in self.arms:
            return self.arms[data, name[:-5]]
        gamma = name.removeprefix("γ = ")
        found = [arm for (where, _), arm in self.arms.items() if where == data and arm.expression == f"focal(gamma={gamma})"]
        return found[0] if found else None

    def paired(self, data, comparison):
        """The images by seed of both arms, in the seeds that both have; none if this is not their data."""
        arms = [self.arm(data, comparison[side]) for side in ("first", "second")]
        if None in arms:
            return None
        sides = []
        for arm in arms:
            images = {seed: arm.images(comparison["metric"], seed) for seed in arm.by_seed}
            if None in images.values():
                return None
            sides.append({seed: images[seed] for seed in images if value(images[seed]) is not None})
        seeds = sorted(set(sides[0]) & set(sides[1]))
        return [{seed: side[seed] for seed in seeds} for side in sides]

    def check_scores(self):
        """Dice and IoU of masks follow from their counts; the metrics of an arm are the means of its images."""
        for (data, loss), arm in self.arms.items():
            for seed, images in arm.by_seed.items():
                for number, image in images.items():
                    for (_, (hits, alarms, missed, _)) in image["counts"] if image["metrics"] else []:
                        union = hits + alarms + missed
                        what = f"{data}, {loss}, seed {seed}, image {number}"
                        self.same(image["metrics"]["Dice"], 2 * hits / (hits + union) if union else 1.0, f"{what}: Dice")
                        self.same(image["metrics"]["IoU"], hits / union if union else 1.0, f"{what}: IoU")
        for arm in self.results["arms"]:
            images = self.arms[arm["exercise_data"], arm["loss"]]
            for metric in arm["metrics"]:
                made_of = images.images(metric, arm["seed"])
                if made_of is not None:
                    self.same(arm["metrics"][metric], value(made_of), f"{arm['exercise_data']}, {arm['loss']}: {metric}")

    def check_comparison(self, data, comparison, sides):
        what = f"{data}: {comparison['first']} against {comparison['second']} in {comparison['metric']}"
        seeds = sorted(sides[0])
        values = [[value(side[seed]) for seed in seeds] for side in sides]
        differences = [b - a for a, b in zip(*values)]
        self.same(comparison["differences"], differences, f"{what}: differences")
        self.same(comparison["means"], [mean(of_side) for of_side in values], f"{what}: means")
        average, count = mean(differences), len(seeds)
        self.same(comparison["mean"], average, f"{what}: mean")
        if count < 2:
            self.same(comparison["p"], None, f"{what}: p of one seed")
            return
        error = math.sqrt(math.fsum((x - average) ** 2 for x in differences) / (count - 1) / count)
        half = quantile(count - 1, 0.025) * error
        self.same(comparison["student"], [average - half, average + half], f"{what}: Student's interval", 1e-6)
        constant = len(set(comparison["differences"])) == 1
        student_p = float(comparison["mean"] == 0) if constant else beyond(abs(average) / error, count - 1)

        keys = [(data, comparison[side], comparison["metric"]) for side in ("first", "second")]
        drawn = [self.replicates.of(key, side) for key, side in zip(keys, sides)]
        resampled = sorted(b - a for a, b in zip(*drawn) if a is not None and b is not None)
        rank = -(-len(resampled) // 40)
        self.same(comparison["bootstrap"], [resampled[rank - 1], resampled[-rank]], f"{what}: bootstrap")
        # Resamples that are 0 but for rounding may be counted on either side.
        near = sum(abs(x) < 1e-12 for x in resampled) / len(resampled)
        below, above = (sum(side) / len(resampled) for side in ([x <= 0 for x in resampled], [x >= 0 for x in resampled]))
        bootstrap_p = min(1.0, 2 * (min(below, above) * len(resampled) + 1) / (len(resampled) + 1))
        self.same(comparison["p"], max(bootstrap_p, student_p), f"{what}: p", 1e-5 + 2 * near)
        other = 0.5 if average == 0 else max(below if average > 0 else above, student_p / 2)
        if abs(average) > 1e-12:
            self.same(comparison["other_sign"], other, f"{what}: other sign", 1e-5 + near)

        numbers = [[by_image(side[seed]) for seed in seeds] for side in sides]
        components = one_way([[b - a for a, b in zip(*pair)] for pair in zip(*numbers)])
        given = comparison["by_image"]
        if components is None:
            self.same(given, None, f"{what}: components")
            return
        seed, image = components
        self.same([given["components"]["seed"], given["components"]["image"]], components, f"{what}: components")
        images = mean([len(sides[0][s]) for s in seeds])
        spread = math.sqrt(seed + image)
        self.same(given["effect"], average / spread if spread else None, f"{what}: effect")
        outlook, of_seed = given["outlook"], lambda m: seed + image / m
        half = lambda n, m: quantile(n - 1, 0.025) * math.sqrt(of_seed(m) / n)
        expected = [half(count, images), half(count + 1, images), half(count, 2 * images)]
        self.same([outlook[name] for name in ("half_width", "one_more_seed", "twice_the_images")], expected, f"{what}: outlook", 1e-6)
        self.check_power(what, average, of_seed(images), comparison)

    def check_power(self, what, average, variance, comparison):
        level = LEVEL / comparison["family"]

        def lacks(seeds, slack):
            needed = quantile(seeds - 1, level / 2) + quantile(seeds - 1, 0.2)
            return abs(average) * math.sqrt(seeds) * (1 + slack) < needed * math.sqrt(variance)

        enough = comparison["by_image"]["outlook"]["seeds_for_power"]
        if enough is None:
            fits = average == 0 or lacks(1000, -1e-6)
        else:
            fits = not lacks(enough, 1e-6) and (enough == 2 or lacks(enough - 1, -1e-6))
        if not fits:
            sys.exit(f"{what}: {enough} is not the smallest number of seeds with a power of 80 %")
        self.compared += 1

    def check_section(self, section):
        comparisons = [
            comparison
            for block in section["blocks"]
            for comparison in block.get("finding", {}).get("comparisons", [])
        ]
        for comparison in comparisons:
            if comparison["metric"].startswith("step count") or not comparison["differences"]:
                continue
            candidates = []
            for data in sorted({data for data, _ in self.arms}):
                sides = self.paired(data, comparison)
                if sides and sides[0]:
                    seeds = sorted(sides[0])
                    differences = [value(sides[1][s]) - value(sides[0][s]) for s in seeds]
                    pairs = zip(differences, comparison["differences"])
                    if len(differences) == len(comparison["differences"]) and all(abs(a - b) < 1e-9 for a, b in pairs):
                        candidates.append((data, sides))
            # Some exercises compare the same losses on several data, and small differences may be equal there: the means tell which it is.
            def off(candidate):
                means = [mean([value(side[seed]) for seed in sorted(side)]) for side in candidate[1]]
                return sum(abs(a - b) for a, b in zip(means, comparison["means"]))

            if candidates:
                data, sides = min(candidates, key=off)
                self.check_comparison(data, comparison, sides)
            elif comparison["by_image"] is not None:
                sys.exit(f"{section['id']}: no images give {comparison['first']} against {comparison['second']}")
        tested = [comparison for comparison in comparisons if comparison["p"] is not None]
        for size in sorted({comparison["family"] for comparison in tested}):
            of_size = [comparison for comparison in tested if comparison["family"] == size]
            for start in range(0, len(of_size), size):
                family = of_size[start : start + size]
                expected = holm([comparison["p"] for comparison in family])
                for comparison, adjusted in zip(family, expected):
                    self.same(comparison["adjusted_p"], adjusted, f"{section['id']}: Holm")
                    higher = comparison["mean"] > 0
                    verdict = "no_clear_difference" if adjusted > LEVEL or comparison["mean"] == 0 else "second_higher" if higher else "first_higher"
                    assert comparison["verdict"] == verdict, (section["id"], comparison)

    def check_variances(self, section):
        """The table of variances of a ranking: its arms are those of the finding with all pairs."""
        tables = [block["table"] for block in section["blocks"] if block.get("table", {}).get("id", "").endswith("-variance")]
        rankings = [
            block["finding"]["comparisons"]
            for block in section["blocks"]
            if "finding" in block and " is first " in block["finding"]["sentence"] and block["finding"].get("comparisons")
        ]
        for table, pairs in zip(tables, rankings):
            names = list(dict.fromkeys([pair["first"] for pair in pairs] + [pair["second"] for pair in pairs]))
            for data in sorted({data for data, _ in self.arms}):
                sides = self.paired(data, pairs[0])
                if not sides or any(self.arm(data, name) is None for name in names):
                    continue
                metric = pairs[0]["metric"]
                arms = [self.arm(data, name) for name in names]
                seeds = sorted(set.intersection(*(set(arm.by_seed) for arm in arms)))
                if abs(value(sides[0][seeds[0]]) - value(sides[1][seeds[0]]) + pairs[0]["differences"][0]) > 1e-9:
                    continue
                expected = split([[by_image(arm.images(metric, seed)) for seed in seeds] for arm in arms])
                given = [row[1]["value"] for row in table["rows"]]
                self.same(given, expected, f"{table['id']}: components", 1e-8)
                break
            else:
                sys.exit(f"{table['id']}: no images give these losses")


def main():
    report = Report(sys.argv[1])
    report.check_scores()
    for section in report.results["sections"]:
        report.check_section(section)
        report.check_variances(section)
    print(f"{report.compared} numbers agree")


if __name__ == "__main__":
    main()
