//! The file of an experiment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

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
    /// Name of the file, without a folder.
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
    /// Name of the file of predictions, without a folder; its ending tells the format.
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
        let text =
            xlner_formats::read_small_text(path).map_err(|problem| Error::File { path: path.to_owned(), problem })?;
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
        for file in
            self.prepare.iter().map(|prepare| &prepare.file).chain(self.methods.iter().map(|method| &method.output))
        {
            // Slashes and backslashes: what is a folder on one system is part of a name on another.
            let mut parts = Path::new(file).components();
            if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) || file.contains(['/', '\\'])
            {
                return Err(format!(
                    "“{file}” is no name of a file; it is kept in a folder of its own, so give no path"
                ));
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

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
            ("output = '../../../x.conll'", "“../../../x.conll” is no name of a file"),
            ("output = '/tmp/x.conll'", "is no name of a file"),
            ("output = 'a/x.conll'", "is no name of a file"),
            ("output = '..'", "is no name of a file"),
            ("output = ''", "is no name of a file"),
            ("[[prepare]]\nname = 'p'\nfile = '../p'\nsteps = ['x']", "“../p” is no name of a file"),
        ] {
            assert!(plan(more).unwrap_err().contains(message), "{more}: {:?}", plan(more));
        }
    }
}
