//! `xlner align --rank`.

use anyhow::Result;
use xlner::{AlignerOptions, RankJob};
use xlner_formats::ReadOptions;

use super::Args;
use crate::bars::Bars;
use crate::commands::eval::table::Table;
use crate::context::{Context, UsageError, failed};
use crate::print::{out, print};

/// Ranks the candidates.
pub fn run(args: Args, context: &Context) -> Result<()> {
    let Some(target) = args.target else { return Err(UsageError("--rank needs --target".into()).into()) };
    let options = ReadOptions {
        format: args.from_format,
        no_tags: true,
        lang: args.source_lang,
        tokenized: !args.tokenize,
        ..context.read()
    };
    let job = RankJob {
        candidates: args.rank.into_iter().map(|file| (file, options.clone())).collect(),
        target,
        target_options: ReadOptions { lang: args.target_lang, ..options },
        aligner: AlignerOptions {
            dictionary: args.dictionary,
            vectors: args.vectors,
            memory: args.memory,
            ..AlignerOptions::default()
        },
    };
    let report = {
        let mut bars = Bars::new(context);
        job.run(&mut |progress| bars.show(progress)).map_err(failed)?
    };
    for candidate in report.candidates.iter().filter(|candidate| candidate.pairs < report.sentences) {
        context.note(format_args!(
            "note: {}: {} of {} sentences have no translation",
            candidate.file.display(),
            report.sentences - candidate.pairs,
            report.sentences
        ));
    }
    if args.json {
        return print(&report);
    }
    let mut table = Table::new(["", "score", "entropy, bits", "shared names", "pairs", "tokens"]);
    for candidate in &report.candidates {
        table.row(vec![
            candidate.file.display().to_string(),
            format!("{:.4}", candidate.score),
            format!("{:.3}", candidate.entropy),
            format!("{:.3}", candidate.shared_names),
            candidate.pairs.to_string(),
            candidate.tokens.to_string(),
        ]);
    }
    out(format_args!("{}", table.render(false).trim_end()))
}
