//! Which metrics were asked for, and with which parameters.

use loss_metrics::facts::{Group, METRICS, Metric};
use loss_metrics::surface::Width;
use loss_metrics::{Connectivity, Points};
use serde::{Deserialize, Serialize};

use super::rows::{PresenceWord, Row};
use crate::arguments::{BothEmpty, MetricArguments, ScoreArguments, SurfacePoints, Touching};
use crate::score::ScoreError;

/// The metrics, and what they are computed with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) metrics: Vec<Metric>,
    pub(crate) beta: f64,
    pub(crate) tolerance: f64,
    pub(crate) points: Points,
    pub(crate) width: Width,
    pub(crate) connectivity: Connectivity,
    pub(crate) sizes: Vec<f64>,
    pub(crate) bins: usize,
    pub(crate) include_background: bool,
    pub(crate) both_empty: BothEmpty,
    /// Whether nothing but a report asked for metrics: it does without them where there can be none.
    pub(crate) for_report_alone: bool,
    /// Whether the scores of all thresholds are asked for.
    pub(crate) curves: bool,
}

/// The parameters that rows depend on, as a state has them: rows of other parameters do not mix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parameters {
    pub(crate) metrics: Vec<String>,
    pub(crate) beta: f64,
    pub(crate) tolerance: f64,
    pub(crate) points: String,
    pub(crate) boundary_width: Option<usize>,
    pub(crate) connectivity: String,
    pub(crate) sizes: Vec<f64>,
    pub(crate) bins: usize,
    pub(crate) include_background: bool,
}

impl Asked {
    /// Of the command line; probabilities are there unless predictions are labels.
    pub(crate) fn new(arguments: &ScoreArguments) -> Result<Self, ScoreError> {
        let metric = &arguments.metric;
        let is_implied = !arguments.prediction.is_empty() || arguments.rows().is_some() || metric.intervals.is_some();
        let mut metrics: Vec<Metric> = METRICS
            .iter()
            .map(|facts| facts.metric)
            .filter(|one| metric.metrics.iter().any(|wanted| wanted.contains(*one)))
            .collect();
        let has_report = arguments.output.report.is_some();
        if metric.metrics.is_empty() && (is_implied || has_report) {
            metrics = METRICS.iter().filter(|facts| facts.group == Group::Overlap).map(|facts| facts.metric).collect();
        }
        let of_probabilities = |metric: &Metric| metric.facts().group == Group::Calibration;
        if !arguments.prediction.is_empty() {
            // `all` means all that there can be; what was named is refused.
            let is_all = metric.metrics.iter().any(|wanted| METRICS.iter().all(|facts| wanted.contains(facts.metric)));
            if let Some(one) = metrics.iter().find(|one| of_probabilities(one)).filter(|_| !is_all) {
                return Err(ScoreError::usage(format!(
                    "--metrics {}: label maps have no probabilities; give --probs or --logits in place of --prediction",
                    one.facts().name
                )));
            }
            metrics.retain(|one| !of_probabilities(one));
        }
        let sizes = sizes(metric)?;
        let asked = Self::with(metrics, metric, sizes);
        let for_report_alone = has_report && metric.metrics.is_empty() && !is_implied;
        Ok(Self { for_report_alone, curves: has_report || asked.wants_calibration(), ..asked })
    }

    fn with(metrics: Vec<Metric>, metric: &MetricArguments, sizes: Vec<f64>) -> Self {
        Self {
            metrics,
            beta: metric.beta,
            tolerance: metric.tolerance,
            points: match metric.points {
                SurfacePoints::Voxels => Points::Voxels,
                SurfacePoints::Area => Points::Area,
                SurfacePoints::Region => Points::Region,
            },
            width: metric.boundary_width.map_or(Width::Share, |pixels| Width::Pixels(pixels as usize)),
            connectivity: match metric.connectivity {
                Touching::Faces => Connectivity::Faces,
                Touching::Edges => Connectivity::Edges,
                Touching::Corners => Connectivity::Corners,
            },
            sizes,
            bins: metric.bins as usize,
            include_background: metric.include_background,
            both_empty: metric.both_empty,
            for_report_alone: false,
            curves: false,
        }
    }

    /// What an image counts for: a class that is not there has no value, or that of a perfect prediction.
    pub(crate) fn value(&self, row: &Row, metric: Metric) -> Option<f64> {
        let is_absent = row.presence == Some(PresenceWord::Absent) && self.both_empty == BothEmpty::Perfect;
        row.value(metric.facts().name).or_else(|| is_absent.then(|| metric.facts().best))
    }

    /// Of a state; what only the finish depends on comes from the command line.
    pub(crate) fn of_parameters(parameters: &Parameters, metric: &MetricArguments) -> Result<Self, String> {
        let find = |name: &String| Metric::find(name).ok_or(format!("the metric {name} is not known"));
        let metrics = parameters.metrics.iter().map(find).collect::<Result<_, _>>()?;
        let mut asked = Self::with(metrics, metric, parameters.sizes.clone());
        asked.beta = parameters.beta;
        asked.tolerance = parameters.tolerance;
        asked.points = match parameters.points.as_str() {
            "voxels" => Points::Voxels,
            "area" => Points::Area,
            "region" => Points::Region,
            other => return Err(format!("the points {other:?} are not known")),
        };
        asked.connectivity = match parameters.connectivity.as_str() {
            "faces" => Connectivity::Faces,
            "edges" => Connectivity::Edges,
            "corners" => Connectivity::Corners,
            other => return Err(format!("the connectivity {other:?} is not known")),
        };
        asked.width = parameters.boundary_width.map_or(Width::Share, Width::Pixels);
        asked.bins = parameters.bins;
        asked.include_background = parameters.include_background;
        asked.curves = asked.wants_calibration();
        Ok(asked)
    }

    /// As a state has them.
    pub(crate) fn parameters(&self) -> Parameters {
        Parameters {
            metrics: self.metrics.iter().map(|metric| metric.facts().name.to_owned()).collect(),
            beta: self.beta,
            tolerance: self.tolerance,
            points: self.points_word().to_owned(),
            boundary_width: match self.width {
                Width::Pixels(pixels) => Some(pixels),
                _ => None,
            },
            connectivity: self.connectivity_word().to_owned(),
            sizes: self.sizes.clone(),
            bins: self.bins,
            include_background: self.include_background,
        }
    }

    pub(crate) fn points_word(&self) -> &'static str {
        match self.points {
            Points::Voxels => "voxels",
            Points::Area => "area",
            Points::Region => "region",
        }
    }

    pub(crate) fn connectivity_word(&self) -> &'static str {
        match self.connectivity {
            Connectivity::Faces => "faces",
            Connectivity::Edges => "edges",
            Connectivity::Corners => "corners",
        }
    }

    fn wants(&self, group: Group) -> bool {
        self.metrics.iter().any(|metric| metric.facts().group == group)
    }

    pub(crate) fn wants_surface(&self) -> bool {
        self.wants(Group::Surface)
    }

    pub(crate) fn wants_objects(&self) -> bool {
        self.wants(Group::Instances)
    }

    pub(crate) fn wants_calibration(&self) -> bool {
        self.wants(Group::Calibration)
    }

    /// Whether it matters where pixels are.
    pub(crate) fn needs_place(&self) -> bool {
        self.wants_surface() || self.wants_objects()
    }

    /// The borders of sizes as intervals, from 0 to infinity.
    pub(crate) fn strata(&self) -> Vec<(f64, f64)> {
        if self.sizes.is_empty() {
            return Vec::new();
        }
        let from = std::iter::once(0.0).chain(self.sizes.iter().copied());
        from.zip(self.sizes.iter().copied().chain([f64::INFINITY])).collect()
    }
}

/// The borders between sizes, rising.
fn sizes(metric: &MetricArguments) -> Result<Vec<f64>, ScoreError> {
    if metric.sizes.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(ScoreError::usage("--sizes: the borders have to rise, such as 10,100,1000".to_owned()));
    }
    Ok(metric.sizes.clone())
}

impl Asked {
    /// No metrics.
    pub(crate) fn none() -> Parameters {
        Parameters {
            metrics: Vec::new(),
            beta: 1.0,
            tolerance: 1.0,
            points: "voxels".to_owned(),
            boundary_width: None,
            connectivity: "corners".to_owned(),
            sizes: Vec::new(),
            bins: 15,
            include_background: false,
        }
    }
}
