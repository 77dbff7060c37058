//! The figures of public tools: `reference.py` computed them and wrote `reference.json`.

use loss_metrics::instances::Matching;
use loss_metrics::surface::{Width, boundary_iou};
use loss_metrics::{
    Confusion, Connectivity, Grid, Objects, Pair, Points, ProbabilityHistogram, Reliability, SurfaceDistances,
};
use serde_json::Value;

struct Case {
    json: Value,
    name: String,
    grid: Grid,
    pixels: Grid,
    truth: Vec<bool>,
    prediction: Vec<bool>,
}

fn reference() -> Value {
    serde_json::from_str(include_str!("reference.json")).expect("JSON")
}

fn numbers<T>(json: &Value, number: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    json.as_array().expect("an array").iter().map(|item| number(item).expect("a number")).collect()
}

fn cases() -> Vec<Case> {
    let json = reference();
    let case = |json: &Value| {
        let shape = numbers(&json["shape"], |length| Some(length.as_u64()? as usize));
        let spacing = numbers(&json["spacing"], Value::as_f64);
        let mask = |name: &str| json[name].as_str().expect("a mask").bytes().map(|byte| byte == b'1').collect();
        Case {
            name: json["name"].to_string(),
            grid: Grid::new(&shape, &spacing).expect("a grid"),
            pixels: Grid::of_pixels(&shape).expect("a grid"),
            truth: mask("truth"),
            prediction: mask("prediction"),
            json: json.clone(),
        }
    };
    json["masks"].as_array().expect("cases").iter().map(case).collect()
}

impl Case {
    fn pair(&self) -> Pair<'_> {
        Pair::new(self.grid, &self.truth, &self.prediction).expect("a pair")
    }

    /// With pixels of size 1.
    fn in_pixels(&self) -> Pair<'_> {
        Pair::new(self.pixels, &self.truth, &self.prediction).expect("a pair")
    }

    /// Compares what a tool gave with what is here; a figure that the tool has not is left out by the tool.
    #[track_caller]
    fn check(&self, tool: &str, given: &[(&str, Option<f64>)]) {
        let expected = self.json[tool].as_object().expect("figures");
        for (name, number) in given {
            let Some(expected) = expected.get(*name) else { continue };
            let (expected, number) = (expected.as_f64().expect("a figure"), number.expect("a value"));
            assert!((number - expected).abs() <= 1e-6, "{}, {tool}: {name} is {number} and not {expected}", self.name);
        }
        let unknown = expected.keys().find(|name| given.iter().all(|(given, _)| given != name));
        assert_eq!(unknown, None, "{tool} has figures that nothing is compared with");
    }
}

#[test]
fn overlap_is_that_of_scikit_learn() {
    for case in cases() {
        let confusion = Confusion::of(&case.pair());
        let given = [
            ("dice", confusion.dice()),
            ("iou", confusion.iou()),
            ("precision", confusion.precision()),
            ("recall", confusion.recall()),
            ("specificity", confusion.specificity()),
            ("f_beta_2", confusion.f_beta(2.0)),
            ("mcc", confusion.mcc()),
            ("kappa", confusion.kappa()),
            ("accuracy", confusion.accuracy()),
        ];
        case.check("overlap", &given);
    }
}

#[test]
fn distances_are_those_of_monai() {
    for case in cases() {
        let surfaces = SurfaceDistances::new(&case.in_pixels(), Points::Voxels);
        let given = [
            ("dice", Confusion::of(&case.pair()).dice()),
            ("hausdorff", surfaces.hausdorff()),
            ("hd95", surfaces.hausdorff_percentile(95.0)),
            ("assd", surfaces.average()),
            ("nsd_1.5", surfaces.dice_at(1.5)),
        ];
        case.check("monai", &given);
    }
}

#[test]
fn distances_by_area_are_those_of_surface_distance() {
    for case in cases() {
        let surfaces = SurfaceDistances::new(&case.pair(), Points::Area);
        let [of_truth, of_prediction] = surfaces.directed_averages().expect("averages");
        let given = [
            ("average_of_truth", Some(of_truth)),
            ("average_of_prediction", Some(of_prediction)),
            ("hd95", surfaces.hausdorff_percentile(95.0)),
            ("hd70", surfaces.hausdorff_percentile(70.0)),
            ("hd100", surfaces.hausdorff()),
            ("nsd_0.8", surfaces.dice_at(0.8)),
            ("nsd_1.5", surfaces.dice_at(1.5)),
        ];
        case.check("surface_distance", &given);
    }
}

#[test]
fn distances_and_lesions_are_those_of_metrics_reloaded() {
    for case in cases() {
        let surfaces = SurfaceDistances::new(&case.pair(), Points::Voxels);
        let objects = |mask: &[bool]| Objects::of_mask(case.grid, mask, Connectivity::Faces);
        let (truth, predicted) = (objects(&case.truth), objects(&case.prediction));
        let detections = Matching::new(&truth, &predicted).detections();
        let near = |distance| boundary_iou(&case.in_pixels(), Width::Distance(distance));
        let given = [
            ("hausdorff", surfaces.hausdorff()),
            ("hd95", surfaces.hausdorff_percentile(95.0)),
            ("hd50", surfaces.hausdorff_percentile(50.0)),
            ("assd", surfaces.average()),
            ("masd", surfaces.mean_of_averages()),
            ("nsd_1.5", surfaces.dice_at(1.5)),
            ("boundary_iou_1", near(1.0)),
            ("boundary_iou_2.5", near(2.5)),
            ("lesions", Some(detections.truth as f64)),
            ("predictions", Some(detections.predicted as f64)),
            ("lesion_f1", detections.f1()),
            ("lesion_recall", detections.recall()),
        ];
        case.check("metrics_reloaded", &given);
    }
}

#[test]
fn boundary_iou_is_that_of_its_paper() {
    for case in cases() {
        let given = [1, 2, 3].map(|width| boundary_iou(&case.pair(), Width::Pixels(width)));
        case.check("boundary_iou", &[("1", given[0]), ("2", given[1]), ("3", given[2])]);
    }
}

#[test]
fn distances_and_objects_are_those_of_scikit_image() {
    for case in cases() {
        let surfaces = SurfaceDistances::new(&case.in_pixels(), Points::Region);
        let expected = case.json["scikit_image"]["hausdorff_region"].as_f64().expect("a distance");
        assert!((surfaces.hausdorff().expect("a distance") - expected).abs() < 1e-6, "{}", case.name);
        let all = if case.grid.dimensions() == 2 {
            vec![Connectivity::Faces, Connectivity::Corners]
        } else {
            vec![Connectivity::Faces, Connectivity::Edges, Connectivity::Corners]
        };
        let counts = case.json["scikit_image"]["objects"].as_array().expect("counts");
        assert_eq!(counts.len(), all.len());
        for (connectivity, expected) in all.into_iter().zip(counts) {
            let given =
                [&case.truth, &case.prediction].map(|mask| Objects::of_mask(case.grid, mask, connectivity).count());
            assert_eq!(numbers(expected, |count| Some(count.as_u64()? as usize)), given, "{}", case.name);
        }
    }
}

#[test]
fn panoptic_quality_is_that_of_panopticapi() {
    for case in cases() {
        let objects = |mask: &[bool]| Objects::of_mask(case.grid, mask, Connectivity::Corners);
        let detections = Matching::new(&objects(&case.truth), &objects(&case.prediction)).detections();
        let given = [
            ("pq", detections.panoptic_quality()),
            ("sq", detections.segmentation_quality()),
            ("rq", detections.recognition_quality()),
        ];
        case.check("panopticapi", &given);
    }
}

#[test]
fn calibration_and_curves_are_those_of_scikit_learn() {
    let json = &reference()["calibration"];
    let p: Vec<f32> = numbers(&json["p"], |p| Some(p.as_f64()? as f32));
    let t = numbers(&json["t"], Value::as_u64);
    let (mut reliability, mut histogram) = (Reliability::new(10), ProbabilityHistogram::new());
    for (p, t) in p.iter().zip(&t) {
        reliability.push(*p, *t == 1);
        histogram.push(*p, *t == 1);
    }
    let mut of_classes = Reliability::new(15);
    let labels = numbers(&json["labels"], |label| Some(label.as_u64()? as usize));
    for (row, label) in json["classes"].as_array().expect("rows").iter().zip(labels) {
        of_classes.push_classes(numbers(row, |p| Some(p.as_f64()? as f32)), label);
    }
    let quarter = histogram.points().into_iter().find(|point| point.threshold == 0.25).expect("a point");
    let given = [
        ("ece_10", reliability.expected_error()),
        ("mce_10", reliability.maximum_error()),
        ("brier", reliability.brier()),
        ("roc_auc_256", histogram.roc_auc()),
        ("average_precision_256", histogram.average_precision()),
        ("f1_at_0.25", quarter.confusion.dice()),
        ("brier_classes", of_classes.brier()),
    ];
    for (name, number) in given {
        let (expected, number) = (json[name].as_f64().expect("a figure"), number.expect("a value"));
        assert!((number - expected).abs() <= 1e-6, "{name} is {number} and not {expected}");
    }
}
