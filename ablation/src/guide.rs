//! The losses that the field uses for each task. `inspect --guide` shows them, and the report of `run` compares its findings with them.

/// The tasks as fixed identities, independent of their texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    BinaryBalanced,
    MultiClass,
    Medical,
    RemoteSensing,
    SmallObjects,
    Instances,
    ChangeDetection,
}

/// A task of the field.
pub(crate) struct Task {
    /// The identity of the task.
    #[cfg_attr(not(feature = "train"), expect(dead_code, reason = "exercises say which task they come near"))]
    pub(crate) field: Field,
    pub(crate) task: &'static str,
    pub(crate) losses: &'static [&'static str],
    pub(crate) why: &'static str,
    pub(crate) mind: &'static str,
}

/// The losses of the field by task.
pub(crate) const TASKS: &[Task] = &[
    Task {
        field: Field::BinaryBalanced,
        task: "binary, balanced",
        losses: &["bce", "bce + dice(smooth=1)"],
        why: "cross-entropy sees enough of both classes; Dice trains for the overlap that is reported",
        mind: "below 20 % foreground add Dice; below 1 % use focal or Tversky",
    },
    Task {
        field: Field::MultiClass,
        task: "multi-class",
        losses: &["ce", "ce + dice(smooth=1)"],
        why: "one softmax over classes that exclude each other; Dice gives each class the same weight",
        mind: "class weights for rare classes (median, effective); the rule for an absent class",
    },
    Task {
        field: Field::Medical,
        task: "medical",
        losses: &["ce + dice(smooth=1e-5, classes=foreground)", "tversky(alpha=0.3, beta=0.7, smooth=1)"],
        why: "lesions are small in large images, and a miss is worse than a false alarm (β > α); nnU-Net uses the first",
        mind: "images without a lesion: smoothing, and Dice over the batch",
    },
    Task {
        field: Field::RemoteSensing,
        task: "remote sensing",
        losses: &["focal(gamma=2) + dice(smooth=1, classes=foreground)", "ce + dice(smooth=1, classes=foreground)"],
        why: "one kind of ground covers most of a scene, and many classes are rare",
        mind: "clouds and borders are ignored pixels (--ignore 255); weights from the training set, clamped",
    },
    Task {
        field: Field::SmallObjects,
        task: "small objects",
        losses: &["focal_tversky(alpha=0.3, beta=0.7, gamma=0.75, smooth=1)", "focal(gamma=2) + dice(smooth=1)"],
        why: "few pixels, most of them at edges; easy background must fade and misses must cost",
        mind: "sample crops that contain objects; report recall by object",
    },
    Task {
        field: Field::Instances,
        task: "instances",
        losses: &["bce + dice(smooth=1)", "focal(gamma=2, alpha=0.25)"],
        why: "a binary mask for each proposal, where Dice does not depend on the object's size; focal loss for the many empty proposals",
        mind: "the mean over instances (--per-image), not over pixels; weigh the gaps between touching objects (--weights)",
    },
    Task {
        field: Field::ChangeDetection,
        task: "change detection",
        losses: &["bce(pos_weight=10) + dice(smooth=1)", "focal(gamma=2) + dice(smooth=1)"],
        why: "little changes between two dates, and in most pairs nothing",
        mind: "pairs without change are empty masks: smoothing, and Dice over the batch",
    },
];
