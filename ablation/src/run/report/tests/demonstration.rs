//! A made-up report with every kind of panel, many series, long names, and gaps in the data.

use crate::run::model::{
    Axis, Cell, Chart, Figure, Finding, Heat, Look, Paint, Panel, Picture, PictureKind, PictureRow, Pictures, Rule,
    Section, Series, Table,
};
use crate::run::report::Heading;
use crate::run::statistics::{Comparison, Verdict};

const LOSSES: [&str; 9] = [
    "BCE",
    "weighted BCE",
    "focal (γ = 2)",
    "Dice",
    "squared Dice",
    "IoU",
    "Tversky (α = 0.3, β = 0.7)",
    "focal Tversky",
    "BCE + Dice",
];

/// A number in [0, 1) that looks random.
fn noise(seed: usize) -> f64 {
    let mixed = (seed as u64).wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

pub(super) fn heading() -> Heading {
    let facts = [
        ("Command", "ablation run --seeds 5 --out report --steps 400 --threads 2"),
        ("Version", "ablation 0.1.0, burn 0.22.1"),
        ("Seeds", "1, 2, 3, 4, 5"),
        ("Machine", "2 cores, x86_64-unknown-linux-gnu"),
        ("Time", "14 min 3 s, of which 13 min 40 s training"),
    ];
    Heading {
        title: "How segmentation losses differ: a small U-Net, six exercises".to_owned(),
        partial: Some("The run was interrupted.".to_owned()),
        facts: facts.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        configuration: "seeds = 5\nfirst_seed = 1\n\n[training]\nsteps = 400\nlearning_rate = 0.003\n".to_owned(),
    }
}

pub(super) fn sections() -> Vec<Section> {
    vec![gradients(), learning(), seeds(), landscape(), masks(), tables()]
}

fn figure(id: &str, title: &str, caption: &str, columns: usize, panels: Vec<Panel>) -> Figure {
    Figure { id: id.to_owned(), title: title.to_owned(), caption: caption.to_owned(), columns, panels }
}

fn chart(title: &str, x: Axis, y: Axis, series: Vec<Series>, rules: Vec<Rule>) -> Panel {
    Panel::Chart(Chart { title: title.to_owned(), x, y, series, rules })
}

fn rule(name: &str, at: f64, horizontal: bool) -> Rule {
    Rule { name: name.to_owned(), at, horizontal }
}

fn comparison(metric: &str, mean: f64, verdict: Verdict) -> Comparison {
    Comparison {
        metric: metric.to_owned(),
        higher_is_better: true,
        first: "BCE".to_owned(),
        second: "Dice".to_owned(),
        means: [0.7, 0.7 + mean],
        differences: vec![mean; 5],
        mean,
        bootstrap: Some([mean - 0.021, mean + 0.018]),
        student: Some([mean - 0.034, mean + 0.032]),
        p: Some(0.0021),
        adjusted_p: Some(0.0042),
        family: 2,
        other_sign: Some(0.001),
        by_image: None,
        verdict,
    }
}

fn gradients() -> Section {
    let mut section = Section::new("gradients", "Exercise 1: gradients of the losses");
    section.text("The gradient of each loss with respect to the logit of one pixel. `BCE` saturates where the pixel is right; Dice saturates at both ends.");
    section.finding(Finding::new(
        "At a logit of −6 on a foreground pixel the gradient of Dice is 0.0025 of its largest, that of BCE 0.998.",
    ));
    let slope = |loss: usize, z: f64| {
        let p = 1.0 / (1.0 + (-z).exp());
        match loss % 4 {
            0 => 1.0 - p,
            1 => p * (1.0 - p) * (1.0 + 0.1 * loss as f64),
            2 => (1.0 - p).powi(2 + loss as i32 / 4) * (0.4 + p),
            _ => p * (1.0 - p) / (0.5 + p).powi(2),
        }
    };
    let lines = |shift: f64| {
        LOSSES.iter().enumerate().map(move |(loss, name)| {
            Series::line(
                *name,
                loss,
                (0..=160).map(move |i| f64::from(i) / 10.0 - 8.0).map(move |z| (z, slope(loss, z + shift))),
            )
        })
    };
    let decades: Vec<Series> = (0..3)
        .map(|loss| {
            Series::line(
                LOSSES[loss],
                loss,
                (0..=160).map(|i| f64::from(i) / 10.0 - 8.0).map(|z| (z, slope(loss, z).powi(3))),
            )
        })
        .collect();
    section.figure(figure(
        "gradient-by-logit",
        "Gradient of one pixel against its logit",
        "Left: foreground pixel. Right: background pixel. The vertical line is where the pixel is undecided, the horizontal one the gradient of BCE there.",
        2,
        vec![
            chart("foreground pixel (target 1)", Axis::linear("logit z"), Axis::linear("|∂L/∂z| per pixel"), lines(0.0).collect(), vec![rule("undecided", 0.0, false), rule("BCE at z = 0", 0.5, true)]),
            chart("background pixel (target 0)", Axis::linear("logit z"), Axis::linear("|∂L/∂z| per pixel"), lines(1.3).collect(), vec![rule("undecided", 0.0, false), rule("decision threshold of the focal loss", 0.7, false)]),
        ],
    ));
    section.figure(figure(
        "gradient-log",
        "The same, logarithmic",
        "The gradient falls by decades where the sigmoid saturates.",
        1,
        vec![chart(
            "",
            Axis::linear("logit z"),
            Axis::log("|∂L/∂z| in units of 10⁻³ per pixel⁻¹"),
            decades,
            Vec::new(),
        )],
    ));
    let line = |id: usize, dashed: bool| {
        let series = Series::line(
            if dashed { "finite difference" } else { "closed form" },
            id,
            (1..40).map(|i| (f64::from(i * i) * 250.0, 3e-7 * noise(id * 100 + i as usize))),
        );
        series.look(if dashed { Look::Dashed } else { Look::Line })
    };
    section.figure(figure(
        "error-small",
        "Errors of three checks",
        "Errors are of the order of rounding.",
        3,
        ["BCE", "Dice", "IoU"]
            .iter()
            .enumerate()
            .map(|(i, name)| {
                chart(
                    name,
                    Axis::linear("number of pixels"),
                    Axis::linear("relative error"),
                    vec![line(i, false), line(i, true)],
                    Vec::new(),
                )
            })
            .collect(),
    ));
    section
}

fn learning() -> Section {
    let mut section = Section::new("learning", "Exercise 2: how training goes");
    section.text("Each arm is trained with the same five seeds; the band reaches from the smallest to the largest.");
    section.finding(Finding::from_comparisons(
        "With 1 % of foreground, Dice reaches a Dice score of 0.5 earlier than BCE in all 5 seeds (120 against 260 steps).",
        vec![comparison("Dice", 0.104, Verdict::SecondHigher), comparison("IoU", 0.012, Verdict::NoClearDifference)],
    ));
    section.finding(Finding::from_comparisons(
        "Focal does not differ clearly from BCE.",
        vec![comparison("average precision", -0.0031, Verdict::NoClearDifference)],
    ));
    let arms = |count: usize, from: usize| -> Vec<Series> {
        (0..count)
            .map(|arm| {
                let steps = (0..=20).map(|i| i as f64 * 20.0);
                let mut series = Series::line(
                    LOSSES[arm],
                    arm,
                    steps.map(|step| {
                        (
                            step,
                            (0.85 - 0.04 * arm as f64) * (1.0 - (-step / (60.0 + 30.0 * arm as f64)).exp())
                                + 0.02 * noise(from + arm * 50 + step as usize),
                        )
                    }),
                );
                series.spread = series.y.iter().map(|y| y.map(|y| [y - 0.05, y + 0.03])).collect();
                if arm == 2 {
                    series.y[8] = None;
                    series.spread[8] = None;
                }
                series
            })
            .collect()
    };
    let step = || Axis::linear("training step");
    section.figure(figure(
        "curves",
        "Dice score of the held-out images while training",
        "Mean of five seeds; band from the smallest to the largest.",
        1,
        vec![chart(
            "",
            step(),
            Axis::linear("Dice").range(0.0, 1.0),
            arms(5, 0),
            vec![rule("all background", 0.02, true), rule("Otsu threshold", 0.31, true)],
        )],
    ));
    section.figure(figure(
        "curves-metrics",
        "Four metrics while training",
        "The same runs in four metrics.",
        4,
        ["Dice", "IoU", "precision", "recall"]
            .iter()
            .enumerate()
            .map(|(i, metric)| chart(metric, step(), Axis::linear(*metric), arms(4, i * 1000), Vec::new()))
            .collect(),
    ));
    section
}

fn seeds() -> Section {
    let mut section = Section::new("seeds", "Exercise 3: nine losses at three shares of foreground");
    section.finding(Finding::new(
        "At a share of 0.5 % five of nine losses end below a Dice score of 0.2 in at least one seed.",
    ));
    let names: Vec<String> = LOSSES.iter().map(|name| (*name).to_owned()).collect();
    let shares = ["share 10 %", "share 2 %", "share 0.5 %"];
    let dots = |look: Look| -> Vec<Series> {
        shares
            .iter()
            .enumerate()
            .map(|(share, name)| {
                let mut series = Series::line(
                    *name,
                    share,
                    (0..9).map(|loss| (loss as f64, 0.9 - 0.2 * share as f64 - 0.2 * noise(share * 31 + loss))),
                )
                .look(look);
                series.spread = series
                    .y
                    .iter()
                    .enumerate()
                    .map(|(i, y)| y.map(|y| [y - 0.15 * noise(i), y + 0.1 * noise(i + 9)]))
                    .collect();
                series
            })
            .collect()
    };
    section.figure(figure(
        "dots",
        "Dice score by loss and share",
        "Dot: mean of five seeds; bar: smallest to largest.",
        1,
        vec![chart(
            "",
            Axis::named("loss", names.clone()),
            Axis::linear("Dice"),
            dots(Look::Dots),
            vec![rule("all foreground", 0.18, true)],
        )],
    ));
    section.figure(figure(
        "bars",
        "The same as bars",
        "Bars from 0.",
        1,
        vec![chart("", Axis::named("loss", names.clone()), Axis::linear("Dice"), dots(Look::Bars), Vec::new())],
    ));
    let two = |i: usize| {
        chart(
            ["Dice", "boundary F1 at a tolerance of two pixels, of all images that have any foreground"][i],
            Axis::named("", names.clone()),
            Axis::linear("score"),
            vec![dots(Look::Dots).remove(i)],
            Vec::new(),
        )
    };
    section.figure(figure(
        "dots-narrow",
        "Two metrics by loss",
        "Names are turned where they do not fit.",
        2,
        vec![two(0), two(1)],
    ));
    let scatter: Vec<Series> = (0..3)
        .map(|arm| {
            Series::line(
                LOSSES[arm],
                arm,
                (0..90).map(|i| {
                    (
                        10_f64.powf(-3.0 + 2.5 * noise(i + 700 * arm)),
                        (0.9 - 0.5 * noise(i * 3 + arm)) * (1.0 - 0.2 * arm as f64),
                    )
                }),
            )
            .look(Look::Dots)
        })
        .collect();
    let few: Vec<Series> = (0..3)
        .map(|arm| {
            let mut series = Series::line(
                LOSSES[arm + 3],
                arm + 3,
                [0.002, 0.01, 0.05, 0.2]
                    .iter()
                    .enumerate()
                    .map(|(i, x)| (*x, 0.3 + 0.15 * i as f64 - 0.05 * arm as f64)),
            )
            .look(Look::Dots);
            series.spread = series.y.iter().map(|y| y.map(|y| [y - 0.08, y + 0.05])).collect();
            series
        })
        .collect();
    section.figure(figure(
        "scatter",
        "Score of an image against its share of foreground",
        "A dot for each image, and means.",
        2,
        vec![
            chart("images", Axis::log("share of foreground"), Axis::linear("Dice"), scatter, Vec::new()),
            chart(
                "means",
                Axis::log("share of foreground"),
                Axis::linear("Dice"),
                few,
                vec![rule("rare", 0.01, false)],
            ),
        ],
    ));
    let sideways =
        (0..1).map(|_| Series::line("slope", 0, (0..9).map(|i| (0.1 + noise(i), i as f64))).look(Look::Dots)).collect();
    section.figure(figure(
        "sideways",
        "Names on the standing axis",
        "One dot a loss.",
        1,
        vec![chart("", Axis::linear("largest gradient"), Axis::named("", names), sideways, Vec::new())],
    ));
    section
}

fn landscape() -> Section {
    let mut section = Section::new("landscape", "Exercise 4: landscapes");
    let heat = |title: &str, log: bool, gaps: bool| {
        let x_values: Vec<f64> = (0..64).map(|i| -6.0 + 12.0 * f64::from(i) / 63.0).collect();
        let y_values: Vec<f64> = (0..40)
            .map(|i| if log { 10_f64.powf(-4.0 + 4.0 * f64::from(i) / 39.0) } else { f64::from(i) / 39.0 })
            .collect();
        let value = |x: f64, y: f64| (x * x / 12.0 + (y - 0.4).powi(2)).exp() * if log { 1e-4 } else { 1.0 };
        let values = y_values
            .iter()
            .enumerate()
            .map(|(row, y)| {
                x_values
                    .iter()
                    .enumerate()
                    .map(|(column, x)| (!gaps || row + column > 12).then(|| value(*x, *y)))
                    .collect()
            })
            .collect();
        Panel::Heat(Heat {
            title: title.to_owned(),
            x: Axis::linear("logit of the foreground"),
            y: if log { Axis::log("share of foreground") } else { Axis::linear("smooth") },
            value: if log { Axis::log("|∂L/∂z| per pixel") } else { Axis::linear("loss") },
            x_values,
            y_values,
            values,
        })
    };
    section.finding(Finding::new("The loss has one minimum, at a logit of 0."));
    section.figure(figure(
        "heat",
        "Loss over two settings",
        "Lighter is larger.",
        2,
        vec![heat("linear", false, false), heat("logarithmic, with gaps", true, true)],
    ));
    let few = Panel::Heat(Heat {
        title: String::new(),
        x: Axis::named("predicted class", ["none", "slight", "severe", "destroyed"].map(str::to_owned).to_vec()),
        y: Axis::named("true class", ["none", "slight", "severe", "destroyed"].map(str::to_owned).to_vec()),
        value: Axis::linear("share of the class’s pixels").range(0.0, 1.0),
        x_values: vec![0.0, 1.0, 2.0, 3.0],
        y_values: vec![0.0, 1.0, 2.0, 3.0],
        values: (0..4)
            .map(|row| (0..4).map(|column| Some(if row == column { 0.8 } else { 0.07 * f64::from(column) })).collect())
            .collect(),
    });
    section.figure(figure("confusion", "Confusion of damage classes", "Row: the true class.", 1, vec![few]));
    section
}

fn masks() -> Section {
    let mut section = Section::new("masks", "Exercise 5: what the network draws");
    let picture = |row: usize, column: usize| {
        let painted = column > 0;
        let pixels = (0..64 * 64)
            .map(|i| {
                let (x, y) = ((i % 64) as f64 - 32.0, (i / 64) as f64 - 32.0);
                let radius = 12.0 + 4.0 * row as f64;
                let inside = |shift: f64| ((x - shift).powi(2) + 1.4 * y * y).sqrt() < radius;
                if !painted {
                    (60.0 + 90.0 * f64::from(u8::from(inside(0.0))) + 60.0 * noise(i + row)) as u8
                } else if column == 1 {
                    Paint::Foreground as u8 * u8::from(inside(0.0))
                } else {
                    match (inside(0.0), inside(2.0 * column as f64)) {
                        (true, true) => Paint::TruePositive as u8,
                        (true, false) => Paint::FalseNegative as u8,
                        (false, true) => Paint::FalsePositive as u8,
                        (false, false) => 0,
                    }
                }
            })
            .collect();
        Picture {
            width: 64,
            height: 64,
            kind: if painted { PictureKind::Painted } else { PictureKind::Grey },
            note: if column > 1 { format!("Dice 0.{}", 90 - 7 * column) } else { String::new() },
            pixels,
        }
    };
    let columns: Vec<String> = ["image", "target", "BCE", "focal Tversky", "BCE + Dice", "Tversky (α = 0.3, β = 0.7)"]
        .map(str::to_owned)
        .to_vec();
    let rows = ["best image", "median image of the held-out set", "worst image", "smallest object"];
    let rows = rows
        .iter()
        .enumerate()
        .map(|(row, name)| PictureRow {
            name: (*name).to_owned(),
            pictures: (0..6).map(|column| picture(row, column)).collect(),
        })
        .collect();
    let legend = [
        (Paint::TruePositive, "true positive"),
        (Paint::FalsePositive, "false positive"),
        (Paint::FalseNegative, "false negative"),
    ];
    section.figure(figure(
        "examples",
        "Four held-out images",
        "Each row an image, each column a loss.",
        1,
        vec![Panel::Pictures(Pictures {
            title: String::new(),
            columns,
            rows,
            legend: legend.map(|(paint, name)| (paint, name.to_owned())).to_vec(),
        })],
    ));
    let damage =
        |shift: usize| Picture {
            width: 64,
            height: 48,
            kind: PictureKind::Painted,
            note: String::new(),
            pixels: (0..64 * 48)
                .map(|i| {
                    if i % 16 < 10 && (i / 64) % 16 < 10 {
                        11 + ((i % 64 / 16 + i / 1024 + shift) % 4) as u8
                    } else {
                        0
                    }
                })
                .collect(),
        };
    let legend = [
        (Paint::Class1, "no damage"),
        (Paint::Class2, "minor"),
        (Paint::Class3, "major"),
        (Paint::Class4, "destroyed"),
    ];
    section.figure(figure(
        "damage",
        "A damage map",
        "Target and two predictions.",
        1,
        vec![Panel::Pictures(Pictures {
            title: "one scene".to_owned(),
            columns: ["target", "cross-entropy", "Dice"].map(str::to_owned).to_vec(),
            rows: vec![PictureRow { name: "scene 1".to_owned(), pictures: (0..3).map(damage).collect() }],
            legend: legend.map(|(paint, name)| (paint, name.to_owned())).to_vec(),
        })],
    ));
    section
}

fn tables() -> Section {
    let mut section = Section::new("scores", "All scores");
    let row = |(index, loss): (usize, &&str)| {
        let spread = |k: usize| Cell::Spread {
            mean: 0.8 - 0.1 * noise(index + k),
            low: 0.65,
            high: 0.85,
            decimals: 3,
            seeds: None,
        };
        vec![
            Cell::text(*loss),
            spread(1),
            spread(2),
            spread(3),
            spread(4),
            Cell::number((index != 3).then_some(-12.3456 * index as f64), 1),
            Cell::number(5.0, 0),
        ]
    };
    section.table(Table {
        id: "all-scores".to_owned(),
        title: "Mean and range of five seeds".to_owned(),
        columns: ["loss", "Dice", "IoU", "precision", "recall", "change of the boundary F1, %", "seeds"]
            .map(str::to_owned)
            .to_vec(),
        rows: LOSSES.iter().enumerate().map(row).collect(),
        note: "Mean [smallest, largest]. A dash where no seed has the number.".to_owned(),
    });
    section
}
