//! Progress on stderr, drawn from the one event that all jobs send.

use std::fmt::Write;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use xlner::{Progress, Stage};

use crate::context::Context;

/// Between two lines, where stderr is no terminal.
const PAUSE: Duration = Duration::from_secs(5);

/// Bars on a terminal, lines elsewhere, nothing where none is wanted.
pub struct Bars {
    kind: Kind,
    stage: Option<Stage>,
    /// When the stage began.
    began: Instant,
}

enum Kind {
    Hidden,
    Bar(ProgressBar),
    Lines(Instant),
}

impl Bars {
    /// As the shared flags say.
    pub fn new(context: &Context) -> Bars {
        let kind = match (context.progress, std::io::stderr().is_terminal()) {
            (false, _) => Kind::Hidden,
            (true, true) => Kind::Bar(ProgressBar::hidden()),
            (true, false) => Kind::Lines(Instant::now()),
        };
        Bars { kind, stage: None, began: Instant::now() }
    }

    /// Shows how far the job is.
    pub fn show(&mut self, progress: Progress) {
        let Progress { stage, done, total } = progress;
        let new = self.stage.replace(stage) != Some(stage);
        if new {
            self.began = Instant::now();
        }
        match &mut self.kind {
            Kind::Hidden => {}
            Kind::Bar(bar) => {
                if new {
                    bar.finish_and_clear();
                    *bar = ProgressBar::no_length().with_style(style(stage, total.is_some()));
                    bar.set_message(stage.as_str());
                }
                if let Some(total) = total {
                    bar.set_length(total);
                }
                bar.set_position(done);
            }
            Kind::Lines(last) => {
                if new || total == Some(done) || last.elapsed() >= PAUSE {
                    *last = Instant::now();
                    match total {
                        Some(total) => {
                            eprintln!(
                                "{}: {done} of {total} {}{}",
                                stage.as_str(),
                                stage.unit(),
                                left(self.began.elapsed(), done, total)
                            );
                        }
                        None => eprintln!("{}: {done} {}", stage.as_str(), stage.unit()),
                    }
                }
            }
        }
    }
}

/// How long the rest will take if it goes on as before; nothing at either end.
fn left(elapsed: Duration, done: u64, total: u64) -> String {
    if done == 0 || done >= total {
        return String::new();
    }
    let seconds = elapsed.as_secs_f64() * (total - done) as f64 / done as f64;
    match seconds.ceil() as u64 {
        seconds @ 0..100 => format!(", {seconds} s left"),
        seconds => format!(", {} min left", seconds.div_ceil(60)),
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if let Kind::Bar(bar) = &self.kind {
            bar.finish_and_clear();
        }
    }
}

fn style(stage: Stage, total: bool) -> ProgressStyle {
    let template = if total {
        "{msg:>14} {wide_bar} {human_pos}/{human_len} {unit}, {speed} a second, {eta} left"
    } else {
        "{msg:>14} {spinner} {human_pos} {unit}, {speed} a second"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let unit = move |_: &ProgressState, text: &mut dyn Write| {
        let _ = text.write_str(stage.unit());
    };
    let speed = |state: &ProgressState, text: &mut dyn Write| {
        let _ = write!(text, "{}", HumanCount(state.per_sec() as u64));
    };
    style.with_key("unit", unit).with_key("speed", speed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_what_was_done() {
        let after = |seconds, done| left(Duration::from_secs(seconds), done, 100);
        assert_eq!(after(10, 25), ", 30 s left");
        assert_eq!(after(100, 10), ", 15 min left");
        assert_eq!((after(5, 0), after(5, 100)), (String::new(), String::new()));
    }
}
