//! Words put in for `{names}`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

/// What is put in for a name.
#[derive(Debug, Clone)]
pub enum Word {
    /// Text of the plan: `{names}` in it are filled in as well, and where it stands alone it may be several words.
    Text(String),
    /// One word as it is, whatever it holds: a file, a folder, a name.
    Literal(String),
}

/// What is put in for names.
#[derive(Debug, Clone, Default)]
pub struct Words(BTreeMap<String, Word>);

/// Texts that may stand in each other.
const DEPTH: usize = 16;
/// Names that are filled in for one text of the plan.
const LIMIT: usize = 10_000;
/// Bytes of a text that is filled in.
const LONGEST: usize = 1 << 20;

impl Words {
    /// Texts of the plan by their names.
    pub fn of(set: &BTreeMap<String, String>) -> Words {
        let mut words = Words::default();
        words.extend(set);
        words
    }

    /// Adds texts of the plan; they replace those of the same name.
    pub fn extend(&mut self, set: &BTreeMap<String, String>) {
        self.0.extend(set.iter().map(|(name, text)| (name.clone(), Word::Text(text.clone()))));
    }

    /// Adds a word that is taken as it is.
    pub fn insert(&mut self, name: &str, literal: impl Into<String>) {
        self.0.insert(name.to_owned(), Word::Literal(literal.into()));
    }

    /// The text with all names filled in; `{{` is a brace.
    ///
    /// # Errors
    /// A name that is unknown, names that stand in each other in a circle or without end, half a brace.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        Filling { words: &self.0, left: Cell::new(LIMIT) }.text(text, DEPTH)
    }

    /// The words of a command: it is split as a shell would do it, and then filled in, so that a path with spaces stays one
    /// word. A name that stands alone for a text of the plan is split as well, unless all of it is a path that exists.
    ///
    /// # Errors
    /// Those of [`Words::fill`], and half a quote.
    pub fn command(&self, text: &str) -> Result<Vec<String>, String> {
        Filling { words: &self.0, left: Cell::new(LIMIT) }.command(text, DEPTH)
    }
}

/// One text that is being filled in.
struct Filling<'w> {
    words: &'w BTreeMap<String, Word>,
    /// Names that may still be filled in.
    left: Cell<usize>,
}

impl Filling<'_> {
    fn word(&self, name: &str, text: &str) -> Result<&Word, String> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| format!("more than {LIMIT} names to fill in, at “{}”", beginning(text)))?);
        self.words.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.words.keys().map(String::as_str).collect();
            format!("nothing to put in for {{{name}}} in “{}”; known: {}", beginning(text), names.join(", "))
        })
    }

    fn text(&self, text: &str, depth: usize) -> Result<String, String> {
        if depth == 0 {
            return Err(format!("words that name each other in a circle, at “{}”", beginning(text)));
        }
        let (mut filled, mut rest) = (String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            filled.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if rest[at..].starts_with("{{") || rest[at..].starts_with("}}") {
                filled.push_str(&rest[at..=at]);
                rest = &after[1..];
            } else if let Some(end) = after.find('}').filter(|_| rest[at..].starts_with('{')) {
                match self.word(&after[..end], text)? {
                    Word::Text(word) => filled.push_str(&self.text(word, depth - 1)?),
                    Word::Literal(word) => filled.push_str(word),
                }
                rest = &after[end + 1..];
            } else {
                let text = beginning(text);
                return Err(format!(
                    "a brace without its other half in “{text}”; write {{{{ or }}}} for the character"
                ));
            }
            if filled.len() > LONGEST {
                return Err(format!("“{}” becomes longer than {LONGEST} bytes", beginning(text)));
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn command(&self, text: &str, depth: usize) -> Result<Vec<String>, String> {
        let split = shlex::split(text);
        let split = split.ok_or_else(|| format!("a quote without its other half in “{}”", beginning(text)))?;
        let mut command = Vec::with_capacity(split.len());
        for word in split {
            let filled = self.text(&word, depth)?;
            match alone(&word).and_then(|name| self.words.get(name)) {
                Some(Word::Text(text)) if !Path::new(&filled).exists() => {
                    command.extend(self.command(text, depth - 1)?);
                }
                _ => command.push(filled),
            }
        }
        Ok(command)
    }
}

/// The name that a word consists of.
fn alone(word: &str) -> Option<&str> {
    word.strip_prefix('{')?.strip_suffix('}').filter(|name| !name.contains(['{', '}']))
}

/// A text as a message quotes it.
fn beginning(text: &str) -> String {
    const QUOTED: usize = 200;
    match text.char_indices().nth(QUOTED) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(set: &[(&str, &str)]) -> Words {
        Words::of(&set.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect())
    }

    #[test]
    fn words_are_put_in() {
        let words = words(&[("a", "x y")]);
        assert_eq!(words.fill("-{a}- {{a}}").unwrap(), "-x y- {a}");
        for (bad, message) in [("{b}", "known: a"), ("{a", "other half"), ("a}", "other half")] {
            assert!(words.fill(bad).unwrap_err().contains(message), "{bad}");
        }
    }

    #[test]
    fn words_may_name_each_other() {
        let mut words = words(&[("a", "{b}{b}"), ("b", "{c}1"), ("c", "2"), ("d", "{e}"), ("e", "{d}")]);
        words.insert("f", "{a}");
        assert_eq!(words.fill("{a}").unwrap(), "2121");
        assert_eq!(words.fill("{f}").unwrap(), "{a}");
        assert!(words.fill("{d}").unwrap_err().contains("circle"));
        assert!(words.command("{d}").unwrap_err().contains("circle"));
    }

    #[test]
    fn a_command_is_split_before_it_is_filled_in() {
        let mut words = words(&[("options", "--min-score 0.5 {more}"), ("more", ""), ("data", "my data")]);
        words.insert("out", "my run/it's {x} \"y\".conll");
        assert_eq!(
            words.command("tag '{data}/a b' {data}/c {options} {more} '' -o {out} --x={out}").unwrap(),
            [
                "tag",
                "my data/a b",
                "my data/c",
                "--min-score",
                "0.5",
                "",
                "-o",
                "my run/it's {x} \"y\".conll",
                "--x=my run/it's {x} \"y\".conll"
            ]
        );
        assert!(words.command("tag 'x").unwrap_err().contains("quote"));
        // A text that names what is there is one word.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a file.conll");
        std::fs::write(&path, "").unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(self::words(&[("source", path)]).command("eval {source}").unwrap(), ["eval", path]);
    }

    #[test]
    fn words_that_grow_without_end_are_refused() {
        for (bottom, message) in [("xxxxxxxx", "longer than"), ("", "more than 10000 names")] {
            let mut set: Vec<(String, String)> =
                (0..10).map(|at| (format!("w{at}"), format!("{{w{}}}", at + 1).repeat(20))).collect();
            set.push(("w10".into(), bottom.repeat(100)));
            let words = Words::of(&set.into_iter().collect());
            for problem in [words.fill("{w0}").unwrap_err(), words.command("{w0}").unwrap_err()] {
                assert!(problem.contains(message), "{problem}");
            }
        }
    }
}
