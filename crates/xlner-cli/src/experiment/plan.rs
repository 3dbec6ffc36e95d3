//! The file of an experiment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use xlner::{Error, Result};

/// An experiment: every method on every dataset.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Heading of the table.
    #[serde(default)]
    pub title: String,
    /// Words to put in for `{name}` everywhere.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Options of `xlner eval` for all datasets.
    #[serde(default)]
    pub eval: String,
    /// Files that several methods use, made once: `{name}` is the file.
    #[serde(default)]
    pub prepare: Vec<Prepare>,
    /// What the methods are tried on: the columns.
    #[serde(rename = "dataset")]
    pub datasets: Vec<Dataset>,
    /// What is compared: the rows.
    #[serde(rename = "method")]
    pub methods: Vec<Method>,
    /// Rows of figures from elsewhere.
    #[serde(default)]
    pub published: Vec<Published>,
}

/// A file that several methods use.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepare {
    /// Name that it is put in for.
    pub name: String,
    /// Name of the file.
    pub file: String,
    /// Commands of `xlner`, without that word; `{out}` is the file.
    pub steps: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, Deserialize)]
pub struct Dataset {
    /// Heading.
    pub name: String,
    /// Gold entities.
    pub gold: String,
    /// Everything else is put in for `{its name}`.
    #[serde(flatten)]
    pub set: BTreeMap<String, String>,
}

/// A row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Name.
    pub name: String,
    /// Commands of `xlner`, without that word. `{out}` is where the predictions go, `{folder}` a folder of this method and
    /// dataset, `{gold}` the dataset's gold file, `{dataset}` its name.
    pub steps: Vec<String>,
    /// Name of the file of predictions; its ending tells the format.
    #[serde(default = "predicted")]
    pub output: String,
    /// The datasets that it is tried on; all where none are named.
    #[serde(default)]
    pub datasets: Vec<String>,
}

/// Figures from elsewhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Name of the row.
    pub name: String,
    /// F1, a fraction of 1, by dataset.
    pub figures: BTreeMap<String, f64>,
}

fn predicted() -> String {
    "predicted.conll".into()
}

impl Plan {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, is no such TOML (with the line), or its names do not fit each other.
    pub fn read(path: &Path) -> Result<Plan> {
        let text = std::fs::read_to_string(path).map_err(|problem| Error::File { path: path.to_owned(), problem })?;
        Plan::parse(&text).map_err(|problem| Error::Options(format!("{}: {problem}", path.display())))
    }

    fn parse(text: &str) -> std::result::Result<Plan, String> {
        let plan: Plan = toml::from_str(text).map_err(|error| error.to_string())?;
        plan.check()?;
        Ok(plan)
    }

    fn check(&self) -> std::result::Result<(), String> {
        twice("dataset", self.datasets.iter().map(|dataset| &dataset.name))?;
        twice("method", self.methods.iter().map(|method| &method.name))?;
        twice("prepared file", self.prepare.iter().map(|prepare| &prepare.name))?;
        let known = |name: &String| self.datasets.iter().any(|dataset| dataset.name == *name);
        let named = self.methods.iter().flat_map(|method| method.datasets.iter());
        if let Some(name) =
            named.chain(self.published.iter().flat_map(|row| row.figures.keys())).find(|name| !known(name))
        {
            return Err(format!("there is no dataset “{name}”"));
        }
        Ok(())
    }
}

/// Refuses two of one name.
fn twice<'n>(kind: &str, mut names: impl Iterator<Item = &'n String>) -> std::result::Result<(), String> {
    let mut seen = BTreeSet::new();
    match names.find(|name| !seen.insert(*name)) {
        Some(name) => Err(format!("two {kind}s are called “{name}”")),
        None => Ok(()),
    }
}

/// Puts words in for `{names}`, and in these for the names they hold; `{{` is a brace.
pub(super) fn fill(text: &str, words: &BTreeMap<String, String>) -> std::result::Result<String, String> {
    fill_within(text, words, DEPTH)
}

/// Words that may stand in each other.
const DEPTH: usize = 16;

/// A word in which braces are braces.
pub(super) fn literal(word: &str) -> String {
    word.replace('{', "{{").replace('}', "}}")
}

fn fill_within(text: &str, words: &BTreeMap<String, String>, depth: usize) -> std::result::Result<String, String> {
    if depth == 0 {
        return Err(format!("words that name each other in a circle, at “{text}”"));
    }
    let (mut filled, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if rest[at..].starts_with("{{") || rest[at..].starts_with("}}") {
            filled.push_str(&rest[at..=at]);
            rest = &behind[1..];
        } else if let Some(end) = behind.find('}').filter(|_| rest[at..].starts_with('{')) {
            let name = &behind[..end];
            let word = words.get(name).ok_or_else(|| {
                let names: Vec<&str> = words.keys().map(String::as_str).collect();
                format!("nothing to put in for {{{name}}} in “{text}”; known: {}", names.join(", "))
            })?;
            filled.push_str(&fill_within(word, words, depth - 1)?);
            rest = &behind[end + 1..];
        } else {
            return Err(format!("a brace without its other half in “{text}”; write {{{{ or }}}} for the character"));
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_in() {
        let words = BTreeMap::from([("a".to_owned(), "x y".to_owned())]);
        assert_eq!(fill("-{a}- {{a}}", &words).unwrap(), "-x y- {a}");
        for (bad, message) in [("{b}", "known: a"), ("{a", "other half"), ("a}", "other half")] {
            assert!(fill(bad, &words).unwrap_err().contains(message), "{bad}");
        }
    }

    #[test]
    fn words_may_name_each_other() {
        let words = [("a", "{b}{b}"), ("b", "{c}1"), ("c", "2"), ("d", "{e}"), ("e", "{d}"), ("f", &literal("{a}"))];
        let words: BTreeMap<_, _> = words.map(|(name, word)| (name.to_owned(), word.to_owned())).into();
        assert_eq!(fill("{a}", &words).unwrap(), "2121");
        assert_eq!(fill("{f}", &words).unwrap(), "{a}");
        assert!(fill("{d}", &words).unwrap_err().contains("circle"));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let plan = |more: &str| {
            Plan::parse(&format!(
                "[[dataset]]\nname = 'a'\ngold = 'g'\nlang = 'sw'\n[[method]]\nname = 'm'\nsteps = ['x']\n{more}"
            ))
        };
        assert_eq!(plan("").unwrap().datasets[0].set["lang"], "sw");
        for (more, message) in [
            ("[[dataset]]\nname = 'a'\ngold = 'g'", "two datasets are called “a”"),
            ("datasets = ['b']", "no dataset “b”"),
            ("[[published]]\nname = 'p'\nfigures = { c = 0.5 }", "no dataset “c”"),
            ("stepz = 1", "unknown field `stepz`"),
        ] {
            assert!(plan(more).unwrap_err().contains(message), "{more}: {:?}", plan(more));
        }
    }
}
