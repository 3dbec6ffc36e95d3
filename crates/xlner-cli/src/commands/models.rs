//! `xlner models`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Subcommand;
use serde::Serialize;
use xlner::{Progress, Stage};
use xlner_models::hub::{Cached, Hub, Verified};

use crate::bars::Bars;
use crate::context::{Context, model_failed};
use crate::print::{out, print, size};

const EXAMPLES: &str = "\
Examples:
  xlner models pull facebook/nllb-200-distilled-600M
  xlner models list
  xlner models verify
  xlner models remove facebook/nllb-200-distilled-600M

Models of the Hugging Face Hub are kept in its own cache, which all its programs share: HF_HUB_CACHE, else the folder hub in \
HF_HOME, else ~/.cache/huggingface/hub. HF_TOKEN gives access to private and gated models, HF_ENDPOINT is another address than \
https://huggingface.co, with HF_HUB_OFFLINE=1 nothing is pulled. A model in the cache is used as it is until it is pulled again.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// What is in the cache
    List {
        /// One JSON array instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Download a model into the cache, or update it; interrupted downloads resume
    Pull {
        /// Name on the Hub, organisation/name
        name: String,
        /// Branch, tag or commit
        #[arg(long, value_name = "REVISION", default_value = xlner_models::hub::MAIN)]
        revision: String,
        /// JSON instead of the path of the model's folder
        #[arg(long)]
        json: bool,
    },
    /// Check the files of models against their checksums; exit code 1 where one is damaged or missing
    Verify {
        /// Names on the Hub [default: all in the cache]
        names: Vec<String>,
        /// One JSON array instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Take a model out of the cache
    Remove {
        /// Name on the Hub
        name: String,
        /// Only this branch, tag or commit
        #[arg(long, value_name = "REVISION")]
        revision: Option<String>,
        /// JSON instead of a line
        #[arg(long)]
        json: bool,
    },
}

/// A model as `--json` has it.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    revision: &'a str,
    refs: &'a [String],
    size: u64,
    files: &'a [String],
    complete: bool,
    path: &'a PathBuf,
}

impl<'a> From<&'a Cached> for Entry<'a> {
    fn from(cached: &'a Cached) -> Entry<'a> {
        let Cached { name, commit, refs, path, files, size, complete } = cached;
        Entry { name, revision: commit, refs, size: *size, files, complete: *complete, path }
    }
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let hub = Hub::from_env();
    match args.action {
        Action::List { json } => list(&hub, json, context),
        Action::Pull { name, revision, json } => pull(&hub, &name, &revision, json, context),
        Action::Verify { names, json } => verify(&hub, &names, json),
        Action::Remove { name, revision, json } => {
            let bytes = hub.remove(&name, revision.as_deref()).map_err(model_failed)?;
            match json {
                true => print(&serde_json::json!({"name": name, "revision": revision, "freed": bytes})),
                false => {
                    context.note(format_args!("removed {name}: {} free", size(bytes)));
                    Ok(())
                }
            }
        }
    }
}

fn list(hub: &Hub, json: bool, context: &Context) -> Result<()> {
    let cached = hub.list().map_err(model_failed)?;
    if json {
        return print(&cached.iter().map(Entry::from).collect::<Vec<_>>());
    }
    if cached.is_empty() {
        context.note(format_args!("no models in {}", hub.cache.display()));
    }
    let width = cached.iter().map(|cached| cached.name.len()).max().unwrap_or(0);
    for cached in &cached {
        let Cached { name, commit, refs, complete, .. } = cached;
        let state = if *complete { "" } else { "  not complete" };
        let commit = commit.get(..12).unwrap_or(commit);
        out(format_args!("{name:width$}  {commit:12}  {:>8}  {}{state}", size(cached.size), refs.join(" ")))?;
    }
    Ok(())
}

fn pull(hub: &Hub, name: &str, revision: &str, json: bool, context: &Context) -> Result<()> {
    let path = {
        let mut bars = Bars::new(context);
        let mut show = |progress: xlner_models::hub::PullProgress| {
            bars.show(Progress { stage: Stage::Pull, done: progress.done, total: Some(progress.total) });
        };
        hub.pull(name, Some(revision), &mut show).map_err(model_failed)?
    };
    if !json {
        return out(format_args!("{}", path.display()));
    }
    match hub.cached(name, Some(revision)).map_err(model_failed)?.first() {
        Some(cached) => print(&Entry::from(cached)),
        None => bail!("{name} is gone from the cache; pull it again"),
    }
}

fn verify(hub: &Hub, names: &[String], json: bool) -> Result<()> {
    let mut cached = Vec::new();
    for name in names {
        cached.extend(hub.cached(name, None).map_err(model_failed)?);
    }
    if names.is_empty() {
        cached = hub.list().map_err(model_failed)?;
    }
    let verified: Vec<Verified> =
        cached.iter().map(|cached| hub.verify(cached)).collect::<Result<_, _>>().map_err(model_failed)?;
    let json_of = |verified: &Verified| {
        let damaged: Vec<_> = verified
            .damaged
            .iter()
            .map(|(file, damage)| serde_json::json!({"file": file, "damage": damage.as_str()}))
            .collect();
        let Verified { model, sound, unknown, .. } = verified;
        serde_json::json!({"name": model.name, "revision": model.commit, "sound": sound, "unknown": unknown, "damaged": damaged})
    };
    if json {
        print(&verified.iter().map(json_of).collect::<Vec<_>>())?;
    } else {
        for verified in &verified {
            let Verified { model, sound, unknown, damaged } = verified;
            let unknown = match unknown.len() {
                0 => String::new(),
                count => format!(", {count} without a checksum"),
            };
            out(format_args!("{} {}: {sound} files sound{unknown}", model.name, model.commit))?;
            for (file, damage) in damaged {
                out(format_args!("  {file}: {}", damage.as_str()))?;
            }
        }
    }
    let damaged: Vec<&str> =
        verified.iter().filter(|verified| !verified.is_sound()).map(|verified| verified.model.name.as_str()).collect();
    match damaged.is_empty() {
        true => Ok(()),
        false => bail!("{} damaged: remove and pull again {}", damaged.len(), damaged.join(", ")),
    }
}
