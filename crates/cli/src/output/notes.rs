//! What is said besides the output: remarks and the progress of long work, on the standard error.

use std::cell::RefCell;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use super::clean;

const TICK: Duration = Duration::from_millis(120);

/// The standard error, with at most one progress bar, which shows on a terminal alone.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    bar: RefCell<Option<ProgressBar>>,
}

impl Notes {
    /// Says something, above the progress bar if there is one.
    pub(crate) fn say(&self, text: &str) {
        let text = clean(text);
        match self.bar.borrow().as_ref() {
            Some(bar) => bar.suspend(|| anstream::eprintln!("{text}")),
            None => anstream::eprintln!("{text}"),
        }
    }

    /// Shows the progress of work whose bytes are counted, if they are known.
    pub(crate) fn bytes(&self, doing: &'static str, total: Option<u64>) -> ProgressBar {
        match total {
            Some(total) => self.show(
                ProgressBar::new(total),
                doing,
                "{msg:10} [{bar:32}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
            ),
            None => self.show(
                ProgressBar::no_length(),
                doing,
                "{msg:10} {spinner} {bytes}, {bytes_per_sec}, {elapsed}",
            ),
        }
    }

    /// Shows the progress of work whose lines are counted.
    pub(crate) fn lines(&self, doing: &'static str, total: u64) -> ProgressBar {
        self.show(
            ProgressBar::new(total),
            doing,
            "{msg:10} [{bar:32}] {human_pos} of {human_len} lines, {eta} left",
        )
    }

    fn show(&self, bar: ProgressBar, doing: &'static str, template: &str) -> ProgressBar {
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("█▌ "));
        bar.set_message(doing);
        bar.enable_steady_tick(TICK);
        let bar = bar.with_finish(ProgressFinish::AndClear);
        if let Some(before) = self.bar.replace(Some(bar.clone())) {
            before.finish_and_clear();
        }
        bar
    }

    /// Takes the progress bar away.
    pub(crate) fn done(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
