#!/usr/bin/env python3
"""Writes reference.json: small masks, and the figures that public tools give for them.

    pip install numpy scipy scikit-image scikit-learn monai torch surface-distance-based-measures
    python3 loss-metrics/tests/reference.py > loss-metrics/tests/reference.json

Written with scikit-image 0.22, MONAI 1.1, surface-distance 0.1, SciPy 1.10. MetricsReloaded is on no registry, so its definitions (border by erosion, percentiles of each
direction, lesions that touch) are written here once more, with SciPy.
"""

import json
import math

import numpy as np
from scipy import ndimage

if not hasattr(np, "bool"):  # surface-distance and MONAI 1.1 are older than NumPy 1.24
    np.bool = bool

import monai.metrics
import skimage.measure
import skimage.metrics
import surface_distance
import torch


def blobs(shape, seed, threshold, smoothing):
    random = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(random.standard_normal(shape), smoothing)
    return field > threshold * field.std()


def cases():
    yield "two blobs", blobs((14, 17), 1, 0.7, 2), blobs((14, 17), 2, 0.7, 2), (1.0, 1.0)
    truth = blobs((20, 23), 3, 0.6, 1.5)
    yield "shifted", truth, np.roll(truth, (1, -2), (0, 1)), (0.7, 1.9)
    yield "at the ends", np.pad(np.ones((4, 9), bool), ((0, 8), (0, 5))), np.pad(np.ones((5, 6), bool), ((0, 7), (8, 0))), (1.5, 0.5)
    truth = np.zeros((9, 11), bool)
    truth[2, 3] = truth[7, 8] = True
    prediction = np.zeros((9, 11), bool)
    prediction[3, 4] = prediction[0, 10] = True
    yield "single pixels", truth, prediction, (1.0, 2.0)
    for seed, spacing in ((5, (1.0, 1.0, 1.0)), (6, (3.0, 0.8, 0.9)), (7, (0.5, 2.2, 1.1))):
        truth = blobs((9, 12, 11), seed, 0.7, 1.4)
        noise = blobs((9, 12, 11), seed + 50, 1.6, 0.8)
        yield f"volume {seed}", truth, np.roll(truth, (1, 1, -1), (0, 1, 2)) ^ noise, spacing
    truth = np.zeros((6, 7, 8), bool)
    truth[1:4, 2:6, 3:7] = True
    prediction = np.zeros((6, 7, 8), bool)
    prediction[2:3, 3:5, 4:6] = True
    yield "one inside the other", truth, prediction, (2.0, 1.0, 0.5)
    yield "rough volume", blobs((7, 8, 9), 11, 0.1, 0.5), blobs((7, 8, 9), 12, 0.2, 0.5), (1.3, 0.9, 1.7)


def overlap(truth, prediction):
    from sklearn import metrics

    t, p = truth.ravel(), prediction.ravel()
    tn, fp, fn, tp = metrics.confusion_matrix(t, p, labels=[False, True]).ravel()
    return {
        "dice": metrics.f1_score(t, p),
        "iou": metrics.jaccard_score(t, p),
        "precision": metrics.precision_score(t, p, zero_division=0),
        "recall": metrics.recall_score(t, p),
        "specificity": tn / (tn + fp),
        "f_beta_2": metrics.fbeta_score(t, p, beta=2),
        "mcc": metrics.matthews_corrcoef(t, p),
        "kappa": metrics.cohen_kappa_score(t, p),
        "accuracy": metrics.accuracy_score(t, p),
    }


def one_hot(mask):
    return torch.from_numpy(mask[None, None].astype(np.float32))


def by_monai(truth, prediction):
    """Without spacing, which MONAI 1.1 does not take."""
    t, p = one_hot(truth), one_hot(prediction)
    number = lambda tensor: float(tensor.reshape(-1)[0])
    flat = truth.ndim == 2  # MONAI 1.1 has no surface Dice of volumes
    return {
        "dice": number(monai.metrics.compute_meandice(p, t)),
        "hausdorff": number(monai.metrics.compute_hausdorff_distance(p, t, include_background=True)),
        "hd95": number(monai.metrics.compute_hausdorff_distance(p, t, include_background=True, percentile=95)),
        "assd": number(monai.metrics.compute_average_surface_distance(p, t, include_background=True, symmetric=True)),
        **({"nsd_1.5": number(monai.metrics.compute_surface_dice(p, t, class_thresholds=[1.5], include_background=True))} if flat else {}),
    }


def by_surface_distance(truth, prediction, spacing):
    distances = surface_distance.compute_surface_distances(truth, prediction, spacing)
    of_truth, of_prediction = surface_distance.compute_average_surface_distance(distances)
    return {
        "average_of_truth": of_truth,
        "average_of_prediction": of_prediction,
        "hd95": surface_distance.compute_robust_hausdorff(distances, 95),
        "hd70": surface_distance.compute_robust_hausdorff(distances, 70),
        "hd100": surface_distance.compute_robust_hausdorff(distances, 100),
        "nsd_0.8": surface_distance.compute_surface_dice_at_tolerance(distances, 0.8),
        "nsd_1.5": surface_distance.compute_surface_dice_at_tolerance(distances, 1.5),
    }


def border(mask):
    return mask ^ ndimage.binary_erosion(mask)


def by_metrics_reloaded(truth, prediction, spacing):
    a, b = border(truth), border(prediction)
    of_truth = ndimage.distance_transform_edt(~b, sampling=spacing)[a]
    of_prediction = ndimage.distance_transform_edt(~a, sampling=spacing)[b]
    near = lambda mask, edge, far: mask & (ndimage.distance_transform_edt(~edge) < far)
    iou = lambda x, y: (x & y).sum() / (x | y).sum()
    labels, lesions = ndimage.label(truth)
    predicted, predictions = ndimage.label(prediction)
    found = sum(bool(prediction[labels == lesion].any()) for lesion in range(1, lesions + 1))
    wrong = sum(not truth[predicted == lesion].any() for lesion in range(1, predictions + 1))
    return {
        "hausdorff": max(of_truth.max(), of_prediction.max()),
        "hd95": max(np.percentile(of_truth, 95), np.percentile(of_prediction, 95)),
        "hd50": max(np.percentile(of_truth, 50), np.percentile(of_prediction, 50)),
        "assd": (of_truth.sum() + of_prediction.sum()) / (a.sum() + b.sum()),
        "masd": (of_truth.mean() + of_prediction.mean()) / 2,
        "nsd_1.5": ((of_truth <= 1.5).sum() + (of_prediction <= 1.5).sum()) / (a.sum() + b.sum()),
        "boundary_iou_1": iou(near(truth, a, 1), near(prediction, b, 1)),
        "boundary_iou_2.5": iou(near(truth, a, 2.5), near(prediction, b, 2.5)),
        "lesions": lesions,
        "predictions": predictions,
        "lesion_f1": 2 * found / (2 * found + wrong + lesions - found),
        "lesion_recall": found / lesions,
    }


def cheng(truth, prediction, width):
    """Boundary IoU of its paper, by cv2's erosion with 3×3 in a frame of background."""
    cube = np.ones((3,) * truth.ndim, bool)
    outline = lambda mask: mask & ~ndimage.binary_erosion(mask, cube, iterations=width)
    a, b = outline(truth), outline(prediction)
    return (a & b).sum() / (a | b).sum()


def by_scikit_image(truth, prediction):
    objects = lambda mask, connectivity: int(skimage.measure.label(mask, connectivity=connectivity).max())
    return {
        "hausdorff_region": skimage.metrics.hausdorff_distance(truth, prediction),
        "objects": [[objects(mask, connectivity) for mask in (truth, prediction)] for connectivity in range(1, truth.ndim + 1)],
    }


def panoptic(truth, prediction):
    """PQ as panopticapi computes it, of one category: matches have an IoU above ½."""
    full = np.ones((3,) * truth.ndim)
    (a, n), (b, m) = ndimage.label(truth, full), ndimage.label(prediction, full)
    ious = []
    for x in range(1, n + 1):
        for y in set(b[a == x]) - {0}:
            shared = ((a == x) & (b == y)).sum()
            iou = shared / ((a == x).sum() + (b == y).sum() - shared)
            if iou > 0.5:
                ious.append(iou)
    matched = len(ious)
    return {
        "pq": sum(ious) / (matched + (n - matched) / 2 + (m - matched) / 2),
        "sq": sum(ious) / max(matched, 1),
        "rq": matched / (matched + (n - matched) / 2 + (m - matched) / 2),
    }


def calibration():
    from sklearn import metrics

    random = np.random.default_rng(21)
    p = random.random(500).astype(np.float32)
    t = (random.random(500) < p**1.4).astype(int)
    edges = np.arange(0, 1.00001, 0.1)
    gaps = []
    for low, high in zip(edges[:-1], edges[1:]):  # MetricsReloaded's bins
        chosen = (p > low) & (p <= high)
        gaps.append((chosen.sum(), abs(t[chosen].mean() - p[chosen].astype(float).mean())))
    classes = random.dirichlet([1.0, 0.7, 1.4], 300).astype(np.float32)
    labels = np.array([random.choice(3, p=row.astype(float) / row.astype(float).sum()) for row in classes])
    coarse = (p * 256).astype(int)
    return {
        "p": p.tolist(),
        "t": t.tolist(),
        "ece_10": sum(pixels * gap for pixels, gap in gaps) / len(p),
        "mce_10": max(gap for _, gap in gaps),
        "brier": metrics.brier_score_loss(t, p),
        "roc_auc_256": metrics.roc_auc_score(t, coarse),
        "average_precision_256": metrics.average_precision_score(t, coarse),
        "f1_at_0.25": metrics.f1_score(t, p >= 0.25),
        "classes": classes.tolist(),
        "labels": labels.tolist(),
        "brier_classes": float(np.mean(np.sum((classes.astype(float) - np.eye(3)[labels]) ** 2, 1))),
    }


def main():
    written = []
    for name, truth, prediction, spacing in cases():
        written.append(
            {
                "name": name,
                "shape": truth.shape,
                "spacing": spacing,
                "truth": "".join("01"[int(pixel)] for pixel in truth.ravel()),
                "prediction": "".join("01"[int(pixel)] for pixel in prediction.ravel()),
                "overlap": overlap(truth, prediction),
                "monai": by_monai(truth, prediction),
                "surface_distance": by_surface_distance(truth, prediction, spacing),
                "metrics_reloaded": by_metrics_reloaded(truth, prediction, spacing),
                "boundary_iou": {width: cheng(truth, prediction, width) for width in (1, 2, 3)},
                "scikit_image": by_scikit_image(truth, prediction),
                "panopticapi": panoptic(truth, prediction),
            }
        )
    plain = lambda number: number.item() if hasattr(number, "item") else number
    text = json.dumps({"masks": written, "calibration": calibration()}, default=plain, allow_nan=False)
    print(text.replace('{"name"', '\n{"name"').replace('"calibration": {"p"', '\n"calibration": {"p"'))


if __name__ == "__main__":
    main()
