//! Help in parts: `--help` shows the usual flags of a command, `--help-all` all of them, `xlner help TOPIC` what several commands
//! share.

use std::ffi::OsString;

use clap::Command;

/// The flag that shows all flags.
const ALL: &str = "--help-all";

/// Commands of many flags, and those of them that are usual.
const USUAL: [(&str, &[&str]); 10] = [
    (
        "project",
        &[
            "source",
            "target",
            "pairs",
            "output",
            "report",
            "alignment",
            "bitext",
            "method",
            "source_lang",
            "target_lang",
            "gold",
        ],
    ),
    (
        "align",
        &[
            "bitext",
            "source",
            "target",
            "output",
            "model",
            "save_model",
            "tokenize",
            "symmetrize",
            "similarity",
            "encoder",
        ],
    ),
    ("tag", &["input", "tagger", "output", "lang", "probabilities", "side", "to_format"]),
    ("translate", &["input", "from", "to", "engine", "model", "output", "n_best"]),
    (
        "label",
        &["input", "from", "via", "engine", "model", "translations", "tagger", "documents", "run", "report", "output"],
    ),
    ("transfer", &["source", "from", "to", "engine", "model", "translations", "tagger", "markers", "run", "output"]),
    ("train", &["train", "dev", "output", "model_type", "init", "raw", "names", "lang", "weights", "json"]),
    ("eval", &["gold", "pred", "gold_alignment", "alignment", "map", "ignore", "mode", "json", "output"]),
    ("report", &["pairs", "pred", "gold", "alignment", "map", "ignore", "title", "json", "output"]),
    (
        "convert",
        &[
            "input",
            "source",
            "target",
            "alignment",
            "output",
            "from_format",
            "to_format",
            "to_scheme",
            "map",
            "ignore",
            "side",
        ],
    ),
];

/// What `xlner help TOPIC` explains.
const TOPICS: [(&str, &str); 3] = [
    ("formats", include_str!("help/formats.txt")),
    ("methods", include_str!("help/methods.txt")),
    ("scores", include_str!("help/scores.txt")),
];

/// The text of the topic that a command line asks for.
pub fn topic(words: &[OsString]) -> Option<&'static str> {
    let [_, help, name] = words else { return None };
    let topic = TOPICS.iter().find(|(topic, _)| name == topic).filter(|_| help == "help");
    topic.map(|(_, text)| *text)
}

/// The command as a command line wants its help: with `--help` the usual flags only, with `--help-all` all. The words that come back hold
/// no flag that clap does not know.
pub fn prepare(mut command: Command, mut words: Vec<OsString>) -> (Command, Vec<OsString>) {
    // Gives the commands the flags that all of them take.
    command.build();
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let all = words[..end].iter().position(|word| word == ALL);
    if let Some(at) = all {
        words[at] = "--help".into();
        return (command, words);
    }
    (usual(command), words)
}

/// Hides the flags of each command that are not usual.
fn usual(mut command: Command) -> Command {
    for (name, usual) in USUAL {
        let Some(found) = command.find_subcommand_mut(name) else { continue };
        let rest = found.get_arguments().filter(|arg| !arg.is_hide_set() && !usual.contains(&arg.get_id().as_str()));
        let count = rest.count();
        let examples = found.get_after_help().map(ToString::to_string).unwrap_or_default();
        let all = format!("\n\n{count} more flags: xlner {name} {ALL}. Topics: xlner help formats|methods|scores.");
        command = command.mut_subcommand(name, |one| {
            let one = one.mut_args(|arg| match usual.contains(&arg.get_id().as_str()) || arg.get_id() == "help" {
                true => arg,
                false => arg.hide(true),
            });
            one.after_help(examples + &all)
        });
    }
    command
}

/// Flags that other commands have, or that people expect, and what takes their place where they are unknown, the first that is there.
const MEANT: [(&str, &[&str]); 8] = [
    ("--lang", &["target-lang", "from", "source-lang"]),
    ("--format", &["from-format", "to-format"]),
    ("--input-format", &["from-format"]),
    ("--output-format", &["to-format"]),
    ("--src", &["source", "from"]),
    ("--tgt", &["target", "to"]),
    ("--src-lang", &["source-lang", "from"]),
    ("--tgt-lang", &["target-lang", "to"]),
];

/// The error for an unknown flag, with the flag of this command that is meant where clap would name one that is only spelt alike.
pub fn with_tip(mut error: clap::Error, command: Option<&Command>) -> clap::Error {
    use clap::error::{ContextKind, ContextValue};
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else { return error };
    let Some((_, meant)) = MEANT.iter().find(|(flag, _)| flag == unknown) else { return error };
    let has =
        |name: &&&str| command.is_some_and(|command| command.get_arguments().any(|arg| arg.get_long() == Some(name)));
    if let Some(name) = meant.iter().find(has) {
        error.insert(ContextKind::SuggestedArg, ContextValue::String(format!("--{name}")));
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::Cli;

    fn help(words: &str) -> String {
        let words = words.split(' ').map(OsString::from).collect();
        let (command, words) = prepare(Cli::command(), words);
        command.try_get_matches_from(words).unwrap_err().to_string()
    }

    #[test]
    fn usual_flags_are_flags() {
        let mut command = Cli::command();
        for (name, usual) in USUAL {
            let command = command.find_subcommand_mut(name).unwrap();
            for id in usual {
                assert!(command.get_arguments().any(|arg| arg.get_id() == id), "{name} --{id}");
            }
            assert!((7..=11).contains(&usual.len()), "{name}");
        }
    }

    #[test]
    fn help_shows_the_usual_flags_and_help_all_the_rest() {
        let (short, long) = (help("xlner label --help"), help("xlner label --help-all"));
        assert!(short.contains("--engine") && !short.contains("--beams") && !short.contains("--max-sentence-tokens"));
        assert!(short.contains("--help-all") && short.contains("Examples:"));
        assert!(long.contains("--engine") && long.contains("--beams") && long.contains("--max-sentence-tokens"));
        assert!(short.lines().count() * 3 < long.lines().count());
    }

    #[test]
    fn a_flag_that_is_not_shown_works() {
        let words = "xlner label --from sw --engine nllb --beams 2 in.txt".split(' ').map(OsString::from).collect();
        let (command, words) = prepare(Cli::command(), words);
        assert!(command.try_get_matches_from(words).is_ok());
    }

    /// What clap would break into two lines cannot be copied.
    #[test]
    fn examples_fit_in_a_line() {
        fn check(command: &Command) {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in text.lines().filter(|line| line.starts_with("  xlner ")) {
                assert!(line.chars().count() <= 100, "{line}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn an_unknown_flag_names_the_one_that_is_meant() {
        let tip = |words: &str| {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            let (command, words) = prepare(Cli::command(), words);
            let found = command.find_subcommand(&words[1]).cloned();
            with_tip(command.try_get_matches_from(words).unwrap_err(), found.as_ref()).to_string()
        };
        assert!(tip("xlner project --source a --target b --lang sw").contains("'--target-lang'"));
        assert!(tip("xlner label --from sw --lang sw in.txt").contains("'--from'"));
        assert!(tip("xlner convert --format jsonl a.conll").contains("'--from-format'"));
        assert!(tip("xlner project --src a --target b").contains("'--source'"));
    }

    #[test]
    fn topics_are_found_by_their_names() {
        let topic = |words: &str| topic(&words.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(topic("xlner help scores").unwrap().contains("span"));
        assert!(topic("xlner help formats").unwrap().contains("conllu"));
        assert!(topic("xlner help methods").unwrap().contains("heuristic"));
        assert!(topic("xlner help label").is_none() && topic("xlner scores").is_none());
    }
}
