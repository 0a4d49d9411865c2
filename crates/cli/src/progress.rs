//! How a transfer goes on: a bar on a terminal, else a line on stderr now and then.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use levada_transfer::Observer;

use crate::globals::Globals;

/// Where there is no terminal, a line comes after so many steps.
const LINE_EVERY: u64 = 1_000;

/// A walk, shown on stderr. Differences go to stdout, where the answer of the command is.
pub(crate) struct Progress {
    what: &'static str,
    bar: ProgressBar,
    is_terminal: bool,
    /// Only problems, notices and differences are told.
    is_quiet: bool,
}

impl Progress {
    pub(crate) fn new(what: &'static str, globals: &Globals) -> Arc<Self> {
        let is_quiet = globals.quiet;
        let target =
            if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        let template = "{msg} [{bar:40}] {pos}/{len} ({eta})";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Arc::new(Self { what, bar, is_terminal: std::io::stderr().is_terminal(), is_quiet })
    }

    /// Takes the bar away, for the answer that follows.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        // A closed stderr leaves nobody to tell.
        self.bar.suspend(|| drop(writeln!(std::io::stderr(), "levada: {text}")));
    }
}

impl Observer for Progress {
    fn begin(&self, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(0);
        if !self.is_terminal && !self.is_quiet {
            self.line(&format!("{}: 0 of {total}", self.what));
        }
    }

    fn advance(&self) {
        self.bar.inc(1);
        let done = self.bar.position();
        if !self.is_terminal && !self.is_quiet && done.is_multiple_of(LINE_EVERY) {
            let total = self.bar.length().unwrap_or(done);
            self.line(&format!("{}: {done} of {total}", self.what));
        }
    }

    fn problem(&self, what: &str) {
        self.line(what);
    }

    fn notice(&self, what: &str) {
        self.line(what);
    }

    fn difference(&self, what: &str) {
        // The count of differences and the exit code still tell of it.
        self.bar.suspend(|| drop(writeln!(std::io::stdout(), "{what}")));
    }
}
