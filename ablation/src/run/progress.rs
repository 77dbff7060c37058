//! The progress of the trainings, for a terminal or for a log.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressStyle};

use super::arm::Arm;
use super::fate::Fate;
use crate::terminal;

/// The shortest time between two lines in a log.
const BETWEEN_LINES: Duration = Duration::from_secs(15);

pub(crate) struct Progress {
    bars: MultiProgress,
    whole: ProgressBar,
    /// Without a terminal, lines are written from time to time.
    is_watched: bool,
    is_silent: bool,
    log: Mutex<Log>,
    arms: AtomicUsize,
    done: AtomicUsize,
}

struct Log {
    started: Instant,
    last: Instant,
}

/// The progress line of one arm.
pub(crate) struct Line<'a> {
    progress: &'a Progress,
    bar: ProgressBar,
    name: String,
}

impl Progress {
    pub(crate) fn new(is_silent: bool) -> Self {
        let now = Instant::now();
        Self {
            bars: MultiProgress::new(),
            whole: ProgressBar::hidden(),
            is_watched: terminal::is_watched() && !is_silent,
            is_silent,
            log: Mutex::new(Log { started: now, last: now }),
            arms: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
        }
    }

    /// Announces the work: its amount, the trainings stored already, and those to do.
    pub(crate) fn begin(&self, work: u64, stored: usize, arms: usize) {
        self.arms.store(arms, Ordering::Relaxed);
        if stored > 0 {
            self.say(&format!("{stored} trainings are stored from before, {arms} are to be done"));
        }
        if let Ok(mut log) = self.log.lock() {
            log.started = Instant::now();
        }
        self.whole.set_length(work);
        if self.is_watched && arms > 0 {
            self.bars.add(self.whole.clone());
            if let Ok(style) =
                ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}  {elapsed} passed, {eta} left")
            {
                self.whole.set_style(style);
            }
            self.whole.set_message(format!("0 of {arms} trainings"));
            self.whole.enable_steady_tick(Duration::from_millis(500));
        }
    }

    /// The progress line of an arm that begins.
    pub(crate) fn arm(&self, arm: &Arm) -> Line<'_> {
        let name = arm.to_string();
        let bar = ProgressBar::new_spinner();
        let bar = if self.is_watched { self.bars.add(bar) } else { bar };
        if !self.is_watched {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        bar.set_message(name.clone());
        Line { progress: self, bar, name }
    }

    /// A remark that stays on the screen.
    pub(crate) fn say(&self, text: &str) {
        if !self.is_silent {
            self.write(text);
        }
    }

    /// A remark that every reader of the results needs, even without progress output.
    pub(crate) fn note(&self, text: &str) {
        self.write(&format!("note: {text}"));
    }

    fn write(&self, text: &str) {
        if self.is_watched {
            // As in `terminal`: what cannot be written is lost.
            let _ = self.bars.println(text);
        } else {
            terminal::say(text);
        }
    }

    pub(crate) fn end(&self) {
        self.whole.finish_and_clear();
    }

    fn log_now_and_then(&self) {
        let done = self.done.load(Ordering::Relaxed);
        let arms = self.arms.load(Ordering::Relaxed);
        if self.is_watched {
            self.whole.set_message(format!("{done} of {arms} trainings"));
            return;
        }
        let Ok(mut log) = self.log.lock() else { return };
        if log.last.elapsed() < BETWEEN_LINES {
            return;
        }
        log.last = Instant::now();
        let share = self.whole.position() as f64 / self.whole.length().unwrap_or(1).max(1) as f64;
        let left = log.started.elapsed().as_secs_f64() * (1.0 - share).max(0.0) / share;
        // There is no estimate before the first step.
        let left = Duration::try_from_secs_f64(left.round());
        let left = left.map_or_else(|_| String::new(), |left| format!(", about {} left", HumanDuration(left)));
        drop(log);
        self.say(&format!("{done} of {arms} trainings{left}"));
    }
}

impl Line<'_> {
    pub(crate) fn advance(&self, work: u64) {
        self.progress.whole.inc(work);
        self.progress.log_now_and_then();
    }

    pub(crate) fn finish(&self, fate: &Fate) {
        self.bar.finish_and_clear();
        self.progress.bars.remove(&self.bar);
        match fate {
            Fate::Trained { .. } => {
                self.progress.done.fetch_add(1, Ordering::Relaxed);
                self.progress.log_now_and_then();
            }
            Fate::Failed(reason) => self.progress.say(&format!("{}: {reason}", self.name)),
            Fate::Left => {}
        }
    }
}
