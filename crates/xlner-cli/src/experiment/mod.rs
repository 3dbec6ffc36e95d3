//! Experiments: a matrix of methods and datasets, every cell commands of `xlner`, one table of figures.
//!
//! What a cell made is kept in the run folder under a key of its commands and of the files they name, and is not made
//! again while those are the same.

mod plan;
mod table;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use plan::Plan;
pub use table::markdown;

use plan::{Dataset, fill, literal};
use xlner::{Error, Key, Result, RunFolder};

/// Runs one command of `xlner` (its words, without `xlner` itself) and gives what it wrote to standard output; the error
/// is what it said.
pub type RunCommand<'r> = dyn Fn(&[String]) -> std::result::Result<String, String> + 'r;

/// What an experiment found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Experiment {
    /// Heading.
    pub title: String,
    /// Version of xlner.
    pub version: &'static str,
    /// By dataset, in the order of the plan.
    pub datasets: Vec<DatasetResult>,
    /// Figures from elsewhere.
    pub published: BTreeMap<String, BTreeMap<String, f64>>,
}

/// What the methods reached on a dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatasetResult {
    /// Its name.
    pub name: String,
    /// Signature of the evaluation; empty where no method got that far.
    pub signature: String,
    /// By method, in the order of the plan.
    pub cells: Vec<Cell>,
    /// Pairs of methods compared, as `xlner eval` gives them.
    pub comparisons: Value,
}

/// What a method reached on a dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Name of the method.
    pub method: String,
    /// The commands that were run.
    pub commands: Vec<String>,
    /// Wall-clock seconds, when it was made.
    pub seconds: f64,
    /// Whether it was there from an earlier run.
    pub reused: bool,
    /// Figures as `xlner eval` gives them for one system; `null` where the method failed.
    pub figures: Value,
    /// Why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Cell {
    /// Micro F1, where there are figures.
    pub fn f1(&self) -> Option<f64> {
        self.figures["micro"]["f1"].as_f64()
    }
}

/// Runs experiments.
pub struct Runner<'r> {
    /// Where what the cells make is kept.
    folder: RunFolder,
    run: &'r RunCommand<'r>,
    /// Is told what is being done.
    tell: &'r dyn Fn(&str),
    /// Keys of files that were looked at.
    files: HashMap<PathBuf, Key>,
}

/// Extension of marks.
const MARK: &str = "made";

/// The mark of a file that was made: how long it took, and what the file held.
#[derive(Serialize, Deserialize)]
struct Made {
    seconds: f64,
    /// Key of its content.
    content: String,
}

impl Made {
    /// The mark, unless it or the file is damaged or gone.
    fn read(mark: &Path, file: &Path) -> Option<Made> {
        let made: Made = serde_json::from_slice(&fs::read(mark).ok()?).ok()?;
        Key::of_file(file).is_ok_and(|key| key.to_string() == made.content).then_some(made)
    }
}

impl<'r> Runner<'r> {
    /// Opens the run folder, or one that is gone at the end.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub fn new(folder: Option<&Path>, run: &'r RunCommand<'r>, tell: &'r dyn Fn(&str)) -> Result<Runner<'r>> {
        Ok(Runner { folder: RunFolder::open_or_temporary(folder)?, run, tell, files: HashMap::new() })
    }

    /// Runs every method on every dataset. A cell that fails leaves its place empty, and the others go on.
    ///
    /// # Errors
    /// Where the plan names what is not there, or the run folder cannot be written to.
    pub fn run(&mut self, plan: &Plan) -> Result<Experiment> {
        let mut words = plan.set.clone();
        for prepare in &plan.prepare {
            (self.tell)(&format!("prepare {}", prepare.name));
            let made = self.make("prepare", &prepare.steps, &prepare.file, &words)?;
            let path =
                made.path.map_err(|problem| Error::Options(format!("[[prepare]] {}: {problem}", prepare.name)))?;
            words.insert(prepare.name.clone(), literal(&path.display().to_string()));
        }
        let datasets = plan.datasets.iter().map(|dataset| self.dataset(plan, dataset, &words));
        Ok(Experiment {
            title: plan.title.clone(),
            version: env!("CARGO_PKG_VERSION"),
            datasets: datasets.collect::<Result<_>>()?,
            published: plan.published.iter().map(|row| (row.name.clone(), row.figures.clone())).collect(),
        })
    }

    fn dataset(&mut self, plan: &Plan, dataset: &Dataset, words: &BTreeMap<String, String>) -> Result<DatasetResult> {
        let mut words = words.clone();
        words.extend(dataset.set.clone());
        let gold = fill(&dataset.gold, &words).map_err(Error::Options)?;
        words.insert("gold".into(), literal(&gold));
        words.insert("dataset".into(), literal(&dataset.name));
        let (mut cells, mut predictions) = (Vec::new(), Vec::new());
        for method in &plan.methods {
            if !method.datasets.is_empty() && !method.datasets.contains(&dataset.name) {
                continue;
            }
            (self.tell)(&format!("{}: {}", dataset.name, method.name));
            let made = self.make("cells", &method.steps, &method.output, &words)?;
            let error = match made.path {
                Ok(path) => {
                    predictions.push((cells.len(), path.display().to_string()));
                    None
                }
                Err(problem) => Some(problem),
            };
            cells.push(Cell {
                method: method.name.clone(),
                commands: made.commands,
                seconds: made.seconds,
                reused: made.reused,
                figures: Value::Null,
                error,
            });
        }
        let (signature, comparisons) = self.evaluate(&plan.eval, &words, &gold, &predictions, &mut cells)?;
        Ok(DatasetResult { name: dataset.name.clone(), signature, cells, comparisons })
    }

    /// Evaluates all predictions of a dataset together, so that they are compared on the same sentences.
    fn evaluate(
        &self,
        options: &str,
        words: &BTreeMap<String, String>,
        gold: &str,
        predictions: &[(usize, String)],
        cells: &mut [Cell],
    ) -> Result<(String, Value)> {
        if predictions.is_empty() {
            return Ok((String::new(), Value::Null));
        }
        let mut command: Vec<String> = ["eval", "--json", "--gold", gold].map(String::from).into();
        command.extend(predictions.iter().flat_map(|(_, path)| ["--pred".to_owned(), path.clone()]));
        command.extend(split(&fill(options, words).map_err(Error::Options)?)?);
        let output =
            (self.run)(&command).map_err(|problem| Error::Place { place: format!("evaluating on {gold}"), problem })?;
        let mut figures: Value = serde_json::from_str(&output)?;
        let signature = figures["signature"].as_str().unwrap_or_default().to_owned();
        let comparisons = figures["comparisons"].take();
        if let [(cell, _)] = predictions {
            cells[*cell].figures = figures;
        } else {
            for (at, (cell, _)) in predictions.iter().enumerate() {
                cells[*cell].figures = figures["systems"][at].take();
            }
            return Ok((signature, renamed(comparisons, predictions, cells)));
        }
        Ok((signature, comparisons))
    }

    /// Makes a file by commands, unless it is there.
    fn make(&mut self, kind: &str, steps: &[String], file: &str, words: &BTreeMap<String, String>) -> Result<MadeFile> {
        // The key knows the commands but for where the run folder is.
        let mut places = words.clone();
        places.insert("out".into(), literal("{out}"));
        places.insert("folder".into(), literal("{folder}"));
        let mut key = Key::of("experiment").text(file);
        for step in steps {
            let step = fill(step, &places).map_err(Error::Options)?;
            for word in split(&step)? {
                key = key.text(self.portable(&word));
                if let Some(content) = self.content(Path::new(&word))? {
                    key = key.after(content);
                }
            }
            key = key.text("");
        }
        let key = key.key();
        let folder = self.folder.root().join(kind).join(key.to_string());
        let (path, mark) = (folder.join(file), self.folder.path(kind, key, MARK));
        places.insert("out".into(), literal(&path.display().to_string()));
        places.insert("folder".into(), literal(&folder.display().to_string()));
        let commands: Vec<String> = steps
            .iter()
            .map(|step| fill(step, &places))
            .collect::<std::result::Result<_, _>>()
            .map_err(Error::Options)?;
        let mut problem = None;
        if mark.exists() && Made::read(&mark, &path).is_none() {
            fs::remove_file(&mark).map_err(|problem| Error::File { path: mark.clone(), problem })?;
        }
        // The mark is written last: where it is, all is.
        let made = self.folder.keep(kind, key, MARK, |mark| {
            fs::create_dir_all(&folder).map_err(|problem| Error::File { path: folder.clone(), problem })?;
            let clock = Instant::now();
            for command in &commands {
                if let Err(message) = (self.run)(&split(command)?) {
                    problem = Some(format!("xlner {command}: {}", message.trim()));
                    return Err(Error::Options(String::new()));
                }
            }
            if !path.is_file() {
                problem = Some(format!("the steps did not write {{out}}, {}", path.display()));
                return Err(Error::Options(String::new()));
            }
            let made = Made { seconds: clock.elapsed().as_secs_f64(), content: Key::of_file(&path)?.to_string() };
            let text = serde_json::to_vec(&made)?;
            fs::write(mark, text).map_err(|problem| Error::File { path: mark.to_owned(), problem })
        });
        let failed = |message| MadeFile { path: Err(message), commands: commands.clone(), seconds: 0.0, reused: false };
        match (made, problem) {
            (Err(_), Some(problem)) => Ok(failed(problem)),
            (Err(error), None) => Err(error),
            (Ok(made), _) => {
                let seconds = Made::read(&mark, &path).map_or(0.0, |made| made.seconds);
                Ok(MadeFile { path: Ok(path), commands, seconds, reused: !made })
            }
        }
    }

    /// A word without the place of the run folder.
    fn portable(&self, word: &str) -> String {
        word.replace(&self.folder.root().display().to_string(), "{run}")
    }

    /// The key of a file that a command names; `None` where the word is no file.
    fn content(&mut self, path: &Path) -> Result<Option<Key>> {
        if !path.is_file() {
            return Ok(None);
        }
        if let Some(key) = self.files.get(path) {
            return Ok(Some(*key));
        }
        let key = Key::of_file(path)?;
        self.files.insert(path.to_owned(), key);
        Ok(Some(key))
    }
}

/// A file that commands made.
struct MadeFile {
    path: std::result::Result<PathBuf, String>,
    commands: Vec<String>,
    seconds: f64,
    reused: bool,
}

/// The words of a command, as a shell would have them.
fn split(command: &str) -> Result<Vec<String>> {
    shlex::split(command).ok_or_else(|| Error::Options(format!("a quote without its other half in “{command}”")))
}

/// Comparisons with the methods' names instead of the files'.
fn renamed(mut comparisons: Value, predictions: &[(usize, String)], cells: &[Cell]) -> Value {
    let name =
        |file: &str| predictions.iter().find(|(_, path)| path == file).map(|(cell, _)| cells[*cell].method.clone());
    for comparison in comparisons.as_array_mut().into_iter().flatten() {
        for system in comparison["systems"].as_array_mut().into_iter().flatten() {
            if let Some(name) = system.as_str().and_then(name) {
                *system = name.into();
            }
        }
    }
    comparisons
}
