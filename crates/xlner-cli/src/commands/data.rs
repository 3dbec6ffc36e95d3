//! `xlner data`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Subcommand;
use xlner::{Progress, Stage};
use xlner_models::datasets::{Dataset, Mirror, datasets};

use crate::bars::Bars;
use crate::context::{Context, UsageError, model_failed};
use crate::print::{out, print, size};

const EXAMPLES: &str = "\
Examples:
  xlner data list
  xlner data fetch masakhaner2 mafand --to data/
  xlner data verify --to data/

The files come from their authors' repositories on GitHub, each at a fixed commit, and are checked against their SHA-256. \
Files that are there are not fetched again; a file broken off is gone on with. The licences are those of the authors: read them. \
With HF_HUB_OFFLINE=1 nothing is fetched.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// What can be fetched
    List {
        /// One JSON array instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Fetch datasets into a folder
    Fetch {
        /// Their names
        #[arg(required = true)]
        names: Vec<String>,
        /// Folder, in which each has its own
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Address with the paths of raw.githubusercontent.com, instead of that
        #[arg(long, value_name = "URL")]
        endpoint: Option<String>,
    },
    /// Check the files in a folder; exit code 1 where one is missing or changed
    Verify {
        /// Names of datasets [default: all whose folder is there]
        names: Vec<String>,
        /// The folder
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// One JSON array instead of lines
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    match args.action {
        Action::List { json } => list(json),
        Action::Fetch { names, to, endpoint } => fetch(&names, &to, &Mirror::new(endpoint.as_deref()), context),
        Action::Verify { names, to, json } => verify(&names, &to, json),
    }
}

fn list(json: bool) -> Result<()> {
    let all = datasets().map_err(model_failed)?;
    if json {
        let entry = |dataset: &Dataset| {
            let Dataset { name, about, licence, repository, commit, files } = dataset;
            serde_json::json!({
                "name": name, "about": about, "licence": licence, "repository": repository, "commit": commit,
                "files": files.len(), "bytes": dataset.bytes(),
            })
        };
        return print(&all.iter().map(entry).collect::<Vec<_>>());
    }
    for dataset in &all {
        let Dataset { name, about, licence, files, .. } = dataset;
        out(format_args!("{name:13} {:>3} files {:>8}  {about}; {licence}", files.len(), size(dataset.bytes())))?;
    }
    Ok(())
}

fn fetch(names: &[String], to: &std::path::Path, mirror: &Mirror, context: &Context) -> Result<()> {
    for dataset in chosen(names)? {
        let fetched = {
            let (mut bars, total) = (Bars::new(context), Some(dataset.bytes()));
            let mut show = |_: &str, done| bars.show(Progress { stage: Stage::Pull, done, total });
            dataset.fetch(mirror, to, &mut show).map_err(model_failed)?
        };
        let Dataset { name, licence, .. } = &dataset;
        context.note(format_args!(
            "{name}: {} files fetched ({}), {} already present; all match their SHA-256. Licence: {licence}",
            fetched.files,
            size(fetched.bytes),
            fetched.there
        ));
        out(format_args!("{}", to.join(name).display()))?;
    }
    Ok(())
}

fn verify(names: &[String], to: &std::path::Path, json: bool) -> Result<()> {
    let mut chosen = chosen(names)?;
    if names.is_empty() {
        chosen.retain(|dataset| to.join(&dataset.name).is_dir());
    }
    if chosen.is_empty() {
        bail!("{} holds no dataset that is known; see `xlner data list`", to.display());
    }
    let (mut entries, mut damaged) = (Vec::new(), Vec::new());
    for dataset in &chosen {
        let found = dataset.verify(to).map_err(model_failed)?;
        let Dataset { name, files, .. } = dataset;
        let sound = files.len() - found.len();
        if json {
            let found: Vec<_> = found
                .iter()
                .map(|(path, damage)| serde_json::json!({"file": path, "damage": damage.as_str()}))
                .collect();
            entries.push(serde_json::json!({"name": name, "sound": sound, "damaged": found}));
        } else {
            out(format_args!("{name}: {sound} of {} files sound", files.len()))?;
            for (path, damage) in &found {
                out(format_args!("  {}: {}", path.display(), damage.as_str()))?;
            }
        }
        if !found.is_empty() {
            damaged.push(name.as_str());
        }
    }
    if json {
        print(&entries)?;
    }
    match damaged.is_empty() {
        true => Ok(()),
        false => bail!("not complete: xlner data fetch {} --to {}", damaged.join(" "), to.display()),
    }
}

/// The datasets of these names; all where there are none.
fn chosen(names: &[String]) -> Result<Vec<Dataset>> {
    let all = datasets().map_err(model_failed)?;
    if names.is_empty() {
        return Ok(all);
    }
    let find = |name: &String| {
        all.iter().find(|dataset| dataset.name == *name).cloned().ok_or_else(|| {
            let known: Vec<&str> = all.iter().map(|dataset| dataset.name.as_str()).collect();
            UsageError(format!("there is no dataset “{name}”; known: {}", known.join(", "))).into()
        })
    };
    names.iter().map(find).collect()
}
