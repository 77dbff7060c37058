//! The extension module of the Python package `exactloss`: arrays in, numbers out; what is computed is `loss_expression`'s.

mod accumulator;
mod arrays;
mod batch;
mod errors;
mod evaluate;
mod loss;
mod pool;
mod result;
mod settings;

use pyo3::prelude::*;

/// The losses of other libraries that `Loss.preset` takes.
///
/// Returns
/// -------
/// list of (str, str, str, str)
///     Name, "binary masks" or "classes", the expression, and a trap or what else to know. "(mean over images)" behind a term says
///     that it is taken over each image.
///
/// Examples
/// --------
/// >>> import exactloss
/// >>> [name for name, of, *_ in exactloss.presets() if name.startswith("torchvision")]
/// ['torchvision.sigmoid_focal']
#[pyfunction]
fn presets() -> Vec<(&'static str, &'static str, String, &'static str)> {
    use loss_expression::conventions::{CONVENTIONS, Grouping};
    let row = |convention: &'static loss_expression::conventions::Convention| {
        let terms = convention.terms.iter().map(|(term, grouping)| match grouping {
            Grouping::Batch => (*term).to_owned(),
            Grouping::Image => format!("{term} (mean over images)"),
        });
        (convention.name, convention.of, terms.collect::<Vec<_>>().join(" + "), convention.note)
    };
    CONVENTIONS.iter().map(row).collect()
}

/// Sets how many threads a call takes: 0, the default, as many as this process has processors.
///
/// No number changes with it. Batches below 131 072 inputs take one thread whatever is set. After a `fork` (the workers of a
/// DataLoader) a process makes threads of its own.
///
/// Parameters
/// ----------
/// threads : int
///     The number, or 0.
#[pyfunction]
fn set_num_threads(threads: usize) {
    pool::set_threads(threads);
}

/// How many threads a call takes.
#[pyfunction]
fn get_num_threads() -> usize {
    pool::threads()
}

/// Runs the command line with these arguments, the first of which is the program's name, and gives its exit code.
#[cfg(feature = "command-line")]
#[pyfunction]
fn _command_line(py: Python<'_>, arguments: Vec<std::ffi::OsString>) -> u8 {
    py.detach(|| ablation::exit_code_of(arguments))
}

/// Exact, order-independent segmentation losses: the compiled part of the package.
#[pymodule]
mod _native {
    #[cfg(feature = "command-line")]
    #[pymodule_export]
    use super::_command_line;
    #[pymodule_export]
    use super::accumulator::Accumulator;
    #[pymodule_export]
    use super::arrays::Bfloat16;
    #[pymodule_export]
    use super::loss::Loss;
    #[pymodule_export]
    use super::result::{Confusion, Counts, OfClass, Part, Result};
    #[pymodule_export]
    use super::{get_num_threads, presets, set_num_threads};

    /// The version of the layout of states.
    #[pymodule_export]
    const STATE_VERSION: u32 = loss_core::STATE_VERSION;
}
