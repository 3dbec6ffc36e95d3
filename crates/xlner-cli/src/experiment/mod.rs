//! Experiments: a matrix of methods and datasets, every cell commands of `xlner`, one table of figures.
//!
//! What a cell made is kept in the run folder under a key of its commands and of the files they name, and is not made
//! again while those are the same.

mod files;
mod plan;
mod table;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::CommandFactory as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use xlner::{Error, Key, Result, RunFolder};

pub use plan::{Dataset, Plan};
pub use table::markdown;

use files::{Contents, Named};
use words::Words;

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
    /// Where the table goes.
    output: &'r Path,
    /// The parser of the commands.
    xlner: clap::Command,
    contents: Contents,
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
    /// The mark, unless it or the file or folder is damaged or gone.
    fn read(mark: &Path, file: &Path) -> Option<Made> {
        let made: Made = serde_json::from_slice(&fs::read(mark).ok()?).ok()?;
        files::written(file).is_ok_and(|key| key.to_string() == made.content).then_some(made)
    }
}

impl<'r> Runner<'r> {
    /// Opens the run folder, or one that is gone at the end. `output` is where the table goes, which no cell may read.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub fn new(
        folder: Option<&Path>,
        output: &'r Path,
        run: &'r RunCommand<'r>,
        tell: &'r dyn Fn(&str),
    ) -> Result<Runner<'r>> {
        let folder = RunFolder::open_or_temporary(folder)?;
        let mut xlner = crate::Cli::command();
        xlner.build();
        Ok(Runner { folder, run, tell, output, xlner, contents: Contents::default() })
    }

    /// Runs every method on every dataset. A cell that fails leaves its place empty, and the others go on.
    ///
    /// # Errors
    /// Where the plan names what is not there, or the run folder cannot be written to.
    pub fn run(&mut self, plan: &Plan) -> Result<Experiment> {
        let mut words = Words::of(&plan.set);
        for prepare in &plan.prepare {
            (self.tell)(&format!("prepare {}", prepare.name));
            let made = self.make("prepare", &prepare.steps, &prepare.file, &words)?;
            let path =
                made.path.map_err(|problem| Error::Options(format!("[[prepare]] {}: {problem}", prepare.name)))?;
            words.insert(&prepare.name, path.display().to_string());
        }
        let datasets = plan.datasets.iter().map(|dataset| self.dataset(plan, dataset, &words));
        Ok(Experiment {
            title: plan.title.clone(),
            version: env!("CARGO_PKG_VERSION"),
            datasets: datasets.collect::<Result<_>>()?,
            published: plan.published.iter().map(|row| (row.name.clone(), row.figures.clone())).collect(),
        })
    }

    fn dataset(&mut self, plan: &Plan, dataset: &Dataset, words: &Words) -> Result<DatasetResult> {
        let mut words = words.clone();
        words.extend(&dataset.set);
        let gold = words.fill(&dataset.gold).map_err(Error::Options)?;
        self.keeps(Path::new(&gold))?;
        words.insert("gold", gold.clone());
        words.insert("dataset", dataset.name.clone());
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
        words: &Words,
        gold: &str,
        predictions: &[(usize, String)],
        cells: &mut [Cell],
    ) -> Result<(String, Value)> {
        if predictions.is_empty() {
            return Ok((String::new(), Value::Null));
        }
        let mut command: Vec<String> = ["eval", "--json", "--gold", gold].map(String::from).into();
        command.extend(predictions.iter().flat_map(|(_, path)| ["--pred".to_owned(), path.clone()]));
        command.extend(words.command(options).map_err(Error::Options)?);
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
    fn make(&mut self, kind: &str, steps: &[String], file: &str, words: &Words) -> Result<MadeFile> {
        let commands = |out: &str, folder: &str| {
            let mut places = words.clone();
            places.insert("out", out);
            places.insert("folder", folder);
            let commands = steps.iter().map(|step| places.command(step));
            commands.collect::<std::result::Result<Vec<_>, _>>().map_err(Error::Options)
        };
        // The key knows the commands but for where the run folder is.
        let mut key = Key::of("experiment").text(file);
        let mut written = Vec::new();
        for command in commands("{out}", "{folder}")? {
            let mut named = Named::by(&self.xlner, &command);
            for word in &command {
                key = key.text(self.portable(word));
            }
            key = key.text("");
            // What an earlier step writes is not what the cell starts from.
            named.read.retain(|path| !written.iter().any(|made| path.starts_with(made)));
            for path in named.read {
                self.keeps(&path)?;
                if let Some(content) = self.contents.key(&path)? {
                    key = key.text(self.portable(&path.to_string_lossy())).after(content);
                }
            }
            written.append(&mut named.written);
        }
        let key = key.key();
        let folder = self.folder.root().join(kind).join(key.to_string());
        let (path, mark) = (folder.join(file), self.folder.path(kind, key, MARK));
        let commands = commands(&path.display().to_string(), &folder.display().to_string())?;
        let shown: Vec<String> = commands.iter().map(|command| line(command)).collect();
        let mut problem = None;
        if mark.exists() && Made::read(&mark, &path).is_none() {
            fs::remove_file(&mark).map_err(|problem| Error::File { path: mark.clone(), problem })?;
        }
        // The mark is written last: where it is, all is.
        let made = self.folder.keep(kind, key, MARK, |mark| {
            fs::create_dir_all(&folder).map_err(|problem| Error::File { path: folder.clone(), problem })?;
            let clock = Instant::now();
            for command in &commands {
                if let Err(message) = (self.run)(command) {
                    problem = Some(format!("xlner {}: {}", line(command), message.trim()));
                    return Err(Error::Options(String::new()));
                }
            }
            if !path.is_file() && !path.is_dir() {
                problem = Some(format!("the steps did not write {{out}}, {}", path.display()));
                return Err(Error::Options(String::new()));
            }
            let made = Made { seconds: clock.elapsed().as_secs_f64(), content: files::written(&path)?.to_string() };
            let text = serde_json::to_vec(&made)?;
            fs::write(mark, text).map_err(|problem| Error::File { path: mark.to_owned(), problem })
        });
        // Other cells may read what was written.
        if made.as_ref().is_ok_and(|made| *made) || problem.is_some() {
            self.contents.forget();
        }
        let failed = |message| MadeFile { path: Err(message), commands: shown.clone(), seconds: 0.0, reused: false };
        match (made, problem) {
            (Err(_), Some(problem)) => Ok(failed(problem)),
            (Err(error), None) => Err(error),
            (Ok(made), _) => {
                let seconds = Made::read(&mark, &path).map_or(0.0, |made| made.seconds);
                Ok(MadeFile { path: Ok(path), commands: shown, seconds, reused: !made })
            }
        }
    }

    /// Whether the table does not replace a file that is read.
    fn keeps(&self, read: &Path) -> Result<()> {
        match crate::outputs::is_same(read, self.output) {
            true => Err(Error::Options(format!("it reads {}, which the table would replace", read.display()))),
            false => Ok(()),
        }
    }

    /// A word without the place of the run folder.
    fn portable(&self, word: &str) -> String {
        word.replace(&self.folder.root().display().to_string(), "{run}")
    }
}

/// A file that commands made.
struct MadeFile {
    path: std::result::Result<PathBuf, String>,
    commands: Vec<String>,
    seconds: f64,
    reused: bool,
}

/// A command as it is typed.
fn line(command: &[String]) -> String {
    let quoted = shlex::try_join(command.iter().map(String::as_str));
    quoted.unwrap_or_else(|_| command.join(" "))
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
