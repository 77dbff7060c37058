//! A progress bar, for whoever watches and waits.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less time is not worth a bar.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    waiting: bool,
}

impl Progress {
    pub(crate) fn new(pixels: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(pixels), ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("{bar:40} {percent:>3}%  {human_pos} pixels  {per_sec}  {eta} left")
        {
            bar.set_style(style);
        }
        Self { bar, started: Instant::now(), waiting: crate::terminal::is_watched() }
    }

    pub(crate) fn advance(&mut self, pixels: usize) {
        self.bar.inc(pixels as u64);
        if self.waiting && self.started.elapsed() >= PATIENCE {
            self.waiting = false;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
