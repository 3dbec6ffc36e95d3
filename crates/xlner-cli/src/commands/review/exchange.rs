//! `xlner review export` and `import`.

use std::path::PathBuf;

use anyhow::Result;
use xlner_core::tags::Scheme;
use xlner_formats::{Format, ReadOptions, WriteOptions};
use xlner_review::{Store, export, import};

use crate::context::{Context, review_failed};

#[derive(clap::Args)]
pub struct ExportArgs {
    /// The store
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// Where to write: records with `gold` and `annotators`, or sentences with their gold entities; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    output: PathBuf,
    /// Format of the output [default: from its name, else jsonl]
    #[arg(long, value_name = "FORMAT")]
    to_format: Option<Format>,
    /// Tag scheme of the output [default: iob2]
    #[arg(long, value_name = "SCHEME")]
    to_scheme: Option<Scheme>,
    /// One annotator's versions alone
    #[arg(long, value_name = "NAME")]
    annotator: Option<String>,
    /// Write records that nobody is done with as well, as they are
    #[arg(long)]
    all: bool,
}

pub fn export(args: &ExportArgs, context: &Context) -> Result<()> {
    let store = Store::open_to_read(&args.store).map_err(review_failed)?;
    let options = export::ExportOptions {
        format: context.output_format(args.to_format, &args.output, Format::Jsonl),
        annotator: args.annotator.clone(),
        all: args.all,
        write: WriteOptions { scheme: args.to_scheme, ..WriteOptions::default() },
    };
    let written = export::export(&store, &args.output, &options).map_err(review_failed)?;
    let mut parts = vec![format!("{} sentences with gold entities", written.gold)];
    for (count, what) in [
        (written.unsure, "of them unsure"),
        (written.undecided, "that annotators differ on and nobody decided"),
        (written.open, if args.all { "not done, written as they are" } else { "not done, left out" }),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    context.note(parts.join(", "));
    Ok(())
}

#[derive(clap::Args)]
pub struct ImportArgs {
    /// The store
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// Whose work it is; what the offline page saved knows that itself
    #[arg(long, value_name = "NAME")]
    annotator: Option<String>,
    /// What the offline page saved, records (their field `gold`), or sentences with entities in any format
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the file [default: from its name]
    #[arg(long, value_name = "FORMAT")]
    from_format: Option<Format>,
}

pub fn import(args: &ImportArgs, context: &Context) -> Result<()> {
    if !args.store.is_file() {
        // Reading tells that there is none.
        Store::open_to_read(&args.store).map_err(review_failed)?;
    }
    let mut store = Store::open(&args.store).map_err(review_failed)?;
    let read = ReadOptions { format: args.from_format, ..context.read() };
    let imported = import::import(&mut store, &args.file, &read, args.annotator.as_deref()).map_err(review_failed)?;
    let mut parts = vec![format!("{} sentences taken in", imported.taken)];
    for (count, what) in [
        (imported.known, "known already"),
        (imported.strangers, "of no sentence in the store, left out"),
        (imported.conflicts.len(), "changed in the store since, left as they are there"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    context.note(parts.join(", "));
    if !imported.conflicts.is_empty() {
        let message = format!("{}: conflicts in {}", args.file.display(), imported.conflicts.join(", "));
        return Err(anyhow::anyhow!("{message}; import them under another --annotator, and adjudicate"));
    }
    Ok(())
}
