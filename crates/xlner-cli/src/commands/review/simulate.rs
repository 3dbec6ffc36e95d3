//! `xlner review simulate`.

use std::path::PathBuf;

use anyhow::Result;
use serde::Deserialize as _;
use xlner_core::Entity;
use xlner_formats::{ReadOptions, Side, read_sentences};
use xlner_review::{Store, effort};

use crate::context::{Context, UsageError, review_failed};
use crate::print;

#[derive(clap::Args)]
pub struct Args {
    /// Records with projected entities
    #[arg(value_name = "RECORDS")]
    records: PathBuf,
    /// Gold entities, sentence by sentence [default: the field `gold` of the records]
    #[arg(long, value_name = "FILE")]
    gold: Option<PathBuf>,
    /// Labels that do not count
    #[arg(long, value_name = "LABEL,…", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Sentences between two rounds of suggestions
    #[arg(long, value_name = "N", default_value_t = 10)]
    every: usize,
    /// Micro F1 of the whole that is to be reached
    #[arg(long, value_name = "F1,…", value_delimiter = ',', default_values_t = [0.8, 0.9])]
    goals: Vec<f64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let mut store = Store::in_memory().map_err(review_failed)?;
    store.load(&args.records, &context.read()).map_err(review_failed)?;
    let mut items = store.items().to_vec();
    let counts = |entity: &Entity| !args.ignore.contains(&entity.label);
    for item in &mut items {
        item.pair.target.entities.retain(counts);
    }
    let gold: Vec<Vec<Entity>> = match &args.gold {
        Some(file) => {
            let options = ReadOptions { side: Some(Side::Target), ..context.read() };
            let sentences = read_sentences(file, &options)?;
            sentences.map(|sentence| Ok(sentence?.entities)).collect::<Result<_>>()?
        }
        None => items
            .iter()
            .map(|item| {
                let gold = item.pair.extra.get("gold");
                let gold = gold.map(Vec::<Entity>::deserialize).transpose().ok().flatten();
                gold.ok_or_else(|| {
                    let message = format!("record “{}” has no entities in `gold`; give a file with --gold", item.key);
                    UsageError(message).into()
                })
            })
            .collect::<Result<_>>()?,
    };
    let gold: Vec<Vec<Entity>> =
        gold.into_iter().map(|entities| entities.into_iter().filter(counts).collect()).collect();
    let effort = effort::simulate(&items, &gold, args.every, &args.goals).map_err(review_failed)?;
    if args.json {
        return print::print(&effort);
    }
    print::out(format_args!("{} sentences, F1 {:.4}", effort.sentences, effort.f1))?;
    let share = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
    for goal in &effort.goals {
        print::out(format_args!(
            "F1 {:.2} after {} in order, {} by the queue, {} by the queue with suggestions",
            goal.f1,
            share(goal.in_order),
            share(goal.queue_alone),
            share(goal.queue)
        ))?;
    }
    Ok(())
}
