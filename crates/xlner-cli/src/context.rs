//! What every command shares: threads, verbosity, progress, colour.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use xlner_core::{ModelError, Pair};
use xlner_formats::{Format, MAX_SENTENCE_TOKENS, Notes, ReadOptions};

use crate::print::tame;

/// Flags that every command takes.
#[derive(Args)]
pub struct GlobalArgs {
    /// Worker threads, 1024 at most; 0 means one per core
    #[arg(long, global = true, default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=1024), help_heading = "Every command", value_name = "N")]
    threads: u16,
    /// Read flags of the command from a TOML file, one `flag = value` a line; flags on the command line win
    #[arg(long, global = true, help_heading = "Every command", value_name = "FILE")]
    job: Option<std::path::PathBuf>,
    /// Treat anything in the input that would be left out or repaired as an error
    #[arg(long, global = true, help_heading = "Every command")]
    strict: bool,
    /// Longest sentence accepted, in tokens; longer ones are an error, so that a damaged file cannot exhaust memory
    #[arg(long, global = true, default_value_t = MAX_SENTENCE_TOKENS, help_heading = "Every command", value_name = "N")]
    max_sentence_tokens: usize,
    /// Print only errors on stderr
    #[arg(long, short, global = true, help_heading = "Every command", conflicts_with = "verbose")]
    quiet: bool,
    /// Print more on stderr
    #[arg(long, short, global = true, help_heading = "Every command")]
    verbose: bool,
    /// Progress bars on stderr
    #[arg(long, global = true, default_value = "auto", help_heading = "Every command", value_name = "WHEN")]
    progress: When,
    /// Colours; NO_COLOR is honoured
    #[arg(long, global = true, default_value = "auto", help_heading = "Every command", value_name = "WHEN")]
    color: When,
}

/// When to show something that is for people only.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl When {
    fn holds(self, terminal: bool) -> bool {
        match self {
            When::Auto => terminal,
            When::Always => true,
            When::Never => false,
        }
    }
}

/// The shared flags, decided.
pub struct Context {
    /// No messages but errors.
    pub quiet: bool,
    /// More messages.
    pub verbose: bool,
    /// Whether to draw progress bars on stderr.
    pub progress: bool,
    /// Whether tables on stdout are coloured.
    pub color: bool,
    /// Whether what would be left out of the input or repaired is an error.
    strict: bool,
    /// Tokens that a sentence may have.
    max_sentence_tokens: usize,
    /// What was left out of the input or repaired.
    pub notes: Notes,
}

impl Context {
    /// Says that long pairs were cut.
    pub fn note_long_pairs(&self, count: u64) {
        if count > 0 {
            self.note(format_args!(
                "note: {count} long pairs (source tokens times target tokens above {}) were aligned in pieces; split into \
                 sentences they are aligned better",
                Pair::LONG
            ));
        }
    }

    /// Decides what the flags leave open, and sets up the thread pool.
    pub fn new(args: &GlobalArgs) -> Result<Self> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(args.threads.into())
            .build_global()
            .context("cannot start the worker threads")?;
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Ok(Context {
            quiet: args.quiet,
            verbose: args.verbose,
            progress: !args.quiet && args.progress.holds(std::io::stderr().is_terminal()),
            strict: args.strict,
            max_sentence_tokens: args.max_sentence_tokens,
            notes: Notes::default(),
            color: args.color.holds(std::io::stdout().is_terminal() && !no_color),
        })
    }

    /// How files are read, where a command does not say it.
    pub fn read(&self) -> ReadOptions {
        ReadOptions {
            strict: self.strict,
            max_sentence_tokens: Some(self.max_sentence_tokens),
            notes: self.notes.clone(),
            ..ReadOptions::default()
        }
    }

    /// The same for texts of one language, where the files do not name it.
    pub fn read_in(&self, lang: Option<String>) -> ReadOptions {
        ReadOptions { lang: lang.clone(), target_lang: lang, ..self.read() }
    }

    /// Tells what was left out of the input or repaired, a line for each kind.
    pub fn tell_notes(&self) {
        for note in self.notes.list() {
            self.note(format_args!("note: {note}{}", cure(note.kind.name)));
        }
    }

    /// The format of standard input, which has no name that tells it: text. Who sits at a terminal is told that it is waited for.
    pub fn standard_input(&self, path: &Path) -> Option<Format> {
        if path.as_os_str() != "-" {
            return None;
        }
        if std::io::stdin().is_terminal() {
            self.note("reading standard input, a line at a time; Ctrl-D (on Windows Ctrl-Z) ends it");
        }
        Some(Format::Text)
    }

    /// The format of an output: given, told by its name, else the usual one, which is then told. `None` where no writer makes it.
    pub fn output_format(&self, given: Option<Format>, path: &Path, usual: Format) -> Option<Format> {
        let format = Format::for_output(given, path, usual);
        // What is no regular file (standard output, a pipe, `/dev/null`) has no name that could tell.
        let is_file = path.as_os_str() != "-" && std::fs::metadata(path).map_or(true, |file| file.is_file());
        if given.is_none() && is_file && Format::from_path(path).is_none() && format.is_some() {
            let path = path.display();
            self.note(format_args!("note: the name {path} tells no format; it is written as {usual} (--to-format)"));
        }
        format
    }

    /// Says that something is likely a mistake; it is an error with `--strict`.
    ///
    /// # Errors
    /// With `--strict`.
    pub fn sign(&self, text: impl std::fmt::Display) -> Result<()> {
        if self.strict {
            anyhow::bail!("{text} (--strict)");
        }
        self.note(format_args!("note: {text}"));
        Ok(())
    }

    /// What one usually does next, for people at a terminal.
    pub fn next(&self, text: impl std::fmt::Display) {
        if self.progress {
            eprintln!("next: {}", tame(&text.to_string()));
        }
    }

    /// A remark for people, on stderr.
    pub fn note(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            eprintln!("{}", tame(&with_flags(&text.to_string())));
        }
    }

    /// A remark for people who asked for more.
    pub fn detail(&self, text: impl std::fmt::Display) {
        if self.verbose {
            eprintln!("{}", tame(&text.to_string()));
        }
    }
}

/// What to do about a kind of note, where there is a flag or a command for it; the notes themselves name none.
fn cure(kind: &str) -> &'static str {
    match kind {
        "links-from-one" => "; --one-based reads them so (--gold-one-based the gold ones of `eval`)",
        "all-inside" => "; another field is named with --tag-column",
        "unread-entities" => "; a list of tags is named with --tag-column",
        "no-source-entities" => "; is it the file with the tags? `xlner tag` finds entities, --tagger in `transfer`",
        "unlike-sides" | "unplaced-entities" => {
            "; line n of both files must belong together: compare them from there on"
        }
        "untranslated" => "; give the table of these sentences with --model, or leave out --missing keep",
        "tagger-of-another-language" => {
            "; give a tagger of their language, or say the right one with --lang (--from, --via, --to)"
        }
        "blank-lines-at-the-end" => "; remove them if they are no sentences",
        "header" => "; remove the line",
        "json-as-text" => "; --from-format jsonl reads them",
        "columns-as-text" => "; --from-format conll reads them (conllu those of CoNLL-U)",
        "subtitles-as-text" => "; --from-format vtt reads them",
        "markup-as-text" => "; --from-format hocr, alto or page reads a scan; of other pages, take the text out first",
        "labels-of-no-entity" => "; labels are compared as they are written, capitals too",
        "disjoint-labels" => "; --map FROM=TO makes them one",
        "other-tokens" => "; tokenise both the same way: --lang CODE, or give both tokenised",
        _ => "",
    }
}

/// A message of a library with flags for the options that it names by their fields: “option `one_based`” becomes “--one-based”.
pub fn with_flags(text: &str) -> String {
    let mut parts = text.split("option `");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('`') {
            Some((field, rest)) => told += &format!("--{}{rest}", field.replace('_', "-")),
            None => told += &format!("option `{part}"),
        }
    }
    told
}

/// Flags that do not go together; ends the command with exit code 2.
#[derive(Debug)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// The error of a job, or of a model that is opened; options that it refuses are wrong usage.
pub fn failed(error: xlner::Error) -> anyhow::Error {
    match error {
        xlner::Error::Options(message) => UsageError(message).into(),
        error @ xlner::Error::Option { .. } => UsageError(error.to_string()).into(),
        xlner::Error::Model(error) => model_failed(error),
        error if is_overlap(&error) => {
            anyhow::anyhow!("{error}; `xlner convert` with --overlaps longest keeps the longer one")
        }
        error => error.into(),
    }
}

/// Whether entities share a token where tags are needed.
pub fn is_overlap(error: &xlner::Error) -> bool {
    matches!(error, xlner::Error::Format(error)
        if matches!(error.kind(), xlner_formats::ErrorKind::Invalid(xlner_core::Error::Overlap(..))))
}

/// The error of a job that reads links from a file; where one leaves its pair, the links may count from 1.
pub fn links_failed(error: xlner::Error, one_based: bool) -> anyhow::Error {
    use xlner_core::Error::LinkOutOfRange;
    match &error {
        xlner::Error::Pair { problem: xlner_project::Error::Core(LinkOutOfRange { .. }), .. } if !one_based => {
            anyhow::anyhow!("{error}; {ONE_BASED}")
        }
        _ => failed(error),
    }
}

/// What to do where links leave their pair.
pub const ONE_BASED: &str = "where links count tokens from 1, give --one-based";

/// The error of a model or engine; options that it refuses are wrong usage.
pub fn model_failed(error: impl Into<ModelError>) -> anyhow::Error {
    match error.into() {
        ModelError::Options(message) => UsageError(message).into(),
        error => error.into(),
    }
}

/// The error of the review; options that it refuses are wrong usage.
pub fn review_failed(error: xlner_review::Error) -> anyhow::Error {
    match error {
        xlner_review::Error::Options(message) => UsageError(message).into(),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_flags() {
        assert_eq!(
            with_flags("choose one with option `tag_column`; or option `x`"),
            "choose one with --tag-column; or --x"
        );
        assert_eq!(with_flags("an option `that never ends"), "an option `that never ends");
    }
}
