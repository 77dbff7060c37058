//! The long help of `score`.

use loss_expression::{BinaryLoss, ClassesLoss, Entry, Vocabulary};
use loss_metrics::facts::{Facts, METRICS};

/// The losses of a vocabulary, a line each.
fn lines_of<L: Vocabulary>() -> String {
    let width = L::entries().iter().map(|entry| entry.facts.name.len()).max().unwrap_or(0);
    let line = |entry: &Entry<L>| format!("  {:width$}  {}\n", entry.facts.name, entry.facts.formula);
    L::entries().iter().map(line).collect()
}

/// What `--help` says beneath the options.
pub(crate) fn help() -> String {
    let (losses, class_losses) = (lines_of::<BinaryLoss>(), lines_of::<ClassesLoss>());
    let metric = |facts: &Facts| format!("  {:16}  {}", facts.name, facts.definition);
    let metrics = METRICS.iter().map(metric).collect::<Vec<_>>().join("\n");
    format!(
        "\
Loss expressions:
  A sum of losses with coefficients: bce + 0.5 * dice(smooth=1e-5) - 0.1 * focal(gamma=1.5)
  Arguments are named; brackets group terms and may be left out of a loss without arguments.
  All expressions are evaluated in one pass.
  Without --loss: bce, dice, iou, focal (gamma=2) and bce + dice, with smooth=1e-5.

{losses}
  t target, p prediction, w weight; I = Σ w p t, P = Σ w p, T = Σ w t.
  `ablation losses` lists the parameters.

Classes:
  Logits (N, C, …) with integer labels (N, …), or (C, …) with (…) for one image, are C classes by a softmax.
  Without --loss: ce, dice and ce + dice, with smooth=1e-5; dice and its like are the mean over classes.

{class_losses}
  y the label, w_y its class weight (--class-weights; 1 without), I, P and T of a class against the rest.
  ce and focal take the class weights, dice and its like where they say so: dice(weights=multiply).
  classes=foreground leaves class 0 out, absent=skip a class that occurs nowhere, average=micro pools classes.
  `ablation losses --classes` lists the parameters.
  The table of classes has accuracy beside what a prediction of class 0 alone would score.

What targets mean:
  Targets of the shape of the logits are binary masks: 0 and 1, or soft targets from 0 to 1.
  Masks of other values, as image files have them (0 and 255), need --foreground 255. Other values that occur are
  background if they can only be labels; grey levels, 255 and negative values beside labels are refused, and
  --background says that they are background. A value that occurs nowhere is an error. --prediction is read in the same way.
  One-hot targets, where one channel of each pixel is 1, can be read in two ways, and so they are refused without
  --one-hot (labels of classes, by a softmax) or --multi-label (a binary mask in each channel). Axis 1, axis 0 of one
  image and the last axis are looked at, in arrays of three axes and more, if they have 2 to 256 values.
  --mask, --weights and --ignore combine: a pixel counts if none of them leaves it out, and what is left out may have
  any target, weight and logit, NaN too.
  Probabilities and soft targets within 1e-6 outside [0, 1] are taken for 0 or 1 and counted, unless --strict.
  JSON says how targets were read (targets_read_as, class_axis, foreground, clamped), and has all warnings.

Pooled or per image:
  By default all pixels of all files are pooled, as in \"batch Dice\".
  --per-image takes the mean over the images (axis 0) of each image's loss, which is another loss.
  An image without valid pixels is left out of that mean, unless --empty-images count.
  With many files, each has a row, sorted from the highest first loss down. The pooled result and the mean over files follow.
  --convention takes each part over the batch or over each image, as that library does.

Metrics:
{metrics}
  Each is computed for every image and class; --dims, --spacing and the files define an image. The table shows the means
  over images. Counts of pixels and objects are also pooled over all images. Class 0 is background and has no row, unless
  --include-background is given. A class that was missed, or found where it is not, gets the worst value: 0, or the image's
  diagonal as distance. A class that is neither in truth nor in prediction has no value (--both-empty perfect counts it as
  right). Ignored pixels belong to no object. --intervals adds bootstrap intervals over images, of two images or more.
  --report writes a page with figures and the ten worst images. docs/score.md has definitions, papers and the tools with
  equal figures.

Label maps:
  --prediction p.png --targets y.png scores masks and label maps. Values of 0 and 1 are a binary mask, others are classes
  from 0 to the largest. Values that may mean something else (0 and 255, a lone 255, labels that are shifted by 1) are
  refused; --foreground, --ignore or --classes chooses the meaning.

Several machines:
  --state part.json writes the exact sums instead of an answer. `ablation merge *.json` adds them: the same bits as one run.

Examples:
  ablation score --logits z.npy --targets y.npy
  ablation score --prediction preds/ --targets masks/ --pair \"{{id}}_mask.png\" --metrics overlap,surface --intervals
  ablation score --probs case.npz:probabilities --targets case.nii.gz --metrics all --axes zyx
  ablation score --prediction a.nii.gz --targets y.nii.gz --metrics hd95,nsd --tolerance 2 --per-image rows.csv
  ablation score --compare a.csv b.csv
  ablation score --logits preds/ --targets masks/ --metrics dice,hd95,calibration --intervals --report out.html
  ablation score --logits z.npy --targets y.npy --mask valid.npy --loss \"bce + dice\" --grad g.npy
  ablation score --probs preds.npz:p --targets labels.npz:y --ignore 255 --per-image --json
  ablation score --logits z.npy --targets mask.npy --foreground 255
  ablation score --logits 'preds/*.npy' --targets 'masks/*.npy' --loss dice --csv
  ablation score --logits z.npy --targets labels.npy --classes 5 --ignore 255 --class-weights median
  ablation score --logits z.npy --targets labels.npy --loss \"focal + dice(classes=foreground)\" --convention monai

Files:
  Files named one by one pair in the order given, the first with the first. If their names say
  otherwise, nothing is scored, and --pair order or --pair name decides.
  Files of a pattern in quotes or of a folder pair by their names: the same name without its
  extension; else the same name after a prefix and a suffix that all files of a list have
  (case_1 with case_1_mask); else the same numbers (p001 with 1). Each file must have one partner.
  --mask and --weights pair with the logits by the same rule. The table, JSON (paired_by) and CSV
  show which files were scored together, and by what.
  A folder stands for the files directly in it that can be read: .npy, .npz, .safetensors, .nii, .nii.gz, .png, .tif, .tiff.
  * and ? do not match the dot that begins a hidden name; ** stands for folders at any depth.
  A file that is named twice with the same targets is refused, because it would count twice.
  A name that is not UTF-8 is shown with \\xff for such a byte; JSON lists it under escaped.
  Shapes must be equal, but for axes of length 1: (N, 1, H, W) goes with (N, H, W), (1, H, W, 1) with (H, W).
  NIfTI volumes are (z, y, x), with their spacing in mm; beside other arrays the order that fits is taken (--axes).
  An array in another order (C, Fortran) than the input is held in memory; the rest is streamed.
  Logits of classes are read a few rows of each class at a time; from an .npz archive an image at a time is held in
  memory, and arrays in Fortran order as a whole.
  Output files appear whole or not at all, and never replace a file that is read.

Bad input:
  The first bad pixel is named and nothing is written; exit code 2. --on-bad skip scores the rest."
    )
}
