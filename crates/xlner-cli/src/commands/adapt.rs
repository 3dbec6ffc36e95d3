//! `xlner adapt`.

use std::path::PathBuf;

use xlner_formats::Format;

use super::training::TrainingArgs;

const EXAMPLES: &str = "\
Examples:
  xlner adapt --init xlm-roberta-base/ --raw sw.txt -o sw.encoder
  xlner adapt --init minilm/ --raw sr.txt --vocabulary 99 --transliterate latin -o sr.encoder --json
  xlner adapt --init xlm-roberta/ --raw yo.txt --bitext en-yo.tsv --checkpoint state/ -o yo.encoder
  xlner train --model-type transformer --init sr.encoder --train sr.projected.jsonl -o sr.model

The encoder learns to find masked words again (BERT, RoBERTa, XLM-R, CamemBERT, DistilBERT, DeBERTa). What comes out is a folder \
that `transformers` loads too, and that `train --init` and `align --encoder` take. A twentieth of the text is held out, and the \
epoch that knows it best is kept. --vocabulary gives the tokeniser pieces of the language's own; 99 are enough to help, thousands \
need much text. --transliterate is for scripts that the encoder hardly knows.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The encoder to begin from: a folder as Hugging Face keeps models, or a name on its Hub
    #[arg(long, value_name = "PATH|HUB_ID")]
    init: String,
    /// Raw text, one sentence a line, or any format; repeatable
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "bitext")]
    raw: Vec<PathBuf>,
    /// Sentences and their translations: words are found by both (translation language model); repeatable
    #[arg(long, value_name = "FILE", num_args = 1..)]
    bitext: Vec<PathBuf>,
    /// Text that is measured on [default: a twentieth of the raw text, 1000 sentences at most]
    #[arg(long, value_name = "FILE")]
    dev: Option<PathBuf>,
    /// Where to keep the encoder: a folder
    #[arg(long, short, value_name = "FOLDER")]
    output: PathBuf,
    /// Give the tokeniser up to N further pieces, those that shorten the text most
    #[arg(long, value_name = "N", default_value_t = 0)]
    vocabulary: usize,
    /// Learning rate of the new pieces, as a multiple of that of all else
    #[arg(long, value_name = "X", default_value_t = 5.0, allow_negative_numbers = true)]
    vocabulary_rate: f64,
    /// Write words in these letters before they are cut into pieces; the folder keeps it, and `tag`, `train` and `align` do so
    #[arg(long, value_name = "latin")]
    transliterate: Option<String>,
    /// Share of the pieces that are to be found again
    #[arg(long, value_name = "P", default_value_t = 0.15, allow_negative_numbers = true)]
    mask: f64,
    /// Write the figures as JSON to standard output
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    training: TrainingArgs,

    /// Format of the files [default: from their names]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
}

#[cfg(not(feature = "fine-tune"))]
pub fn run(_: Args, _: &crate::context::Context) -> anyhow::Result<()> {
    let problem = "this xlner was built without the feature `fine-tune`, which trains encoders";
    Err(crate::context::UsageError(problem.into()).into())
}

#[cfg(feature = "fine-tune")]
pub use built::run;

#[cfg(feature = "fine-tune")]
mod built {
    use anyhow::Result;
    use xlner::{AdaptJob, AdaptReport};
    use xlner_formats::ReadOptions;
    use xlner_neural::transformer::fine_tune::AdaptOptions;

    use super::Args;
    use crate::bars::Bars;
    use crate::context::{Context, failed, model_failed};

    pub fn run(args: Args, context: &Context) -> Result<()> {
        let json = args.json;
        let job = job(args, context)?;
        let report = {
            let mut bars = Bars::new(context);
            job.run(&mut |progress| bars.show(progress)).map_err(failed)?
        };
        tell(&report, context);
        if json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        }
        Ok(())
    }

    fn job(args: Args, context: &Context) -> Result<AdaptJob> {
        let transliterate = args.transliterate.map(|name| name.parse()).transpose().map_err(model_failed)?;
        Ok(AdaptJob {
            init: args.init,
            raw: args.raw,
            bitext: args.bitext,
            dev: args.dev,
            options: ReadOptions { format: args.from_format, ..context.read() },
            adapt: AdaptOptions {
                vocabulary: args.vocabulary,
                vocabulary_rate: args.vocabulary_rate,
                transliterate,
                mask: args.mask,
                training: args.training.options()?,
            },
            output: args.output,
        })
    }

    fn tell(report: &AdaptReport, context: &Context) {
        if report.sentences_left_out > 0 {
            context
                .note(format_args!("note: {} sentences without a sub-word were left out", report.sentences_left_out));
        }
        if report.pairs_left_out > 0 {
            let count = report.pairs_left_out;
            context.note(format_args!(
                "note: {count} pairs with an empty side, or longer than the encoder takes, were left out"
            ));
        }
        if !report.had_head {
            context
                .note("note: the encoder came without a head for masked words; it got a new one, which knew nothing");
        }
        if let Some(step) = report.resumed_at {
            context.note(format_args!("went on from step {step}"));
        }
        for epoch in &report.epochs {
            let dev = epoch.perplexity.map_or_else(String::new, |value| format!(", perplexity {value:.2}"));
            context.note(format_args!("epoch {}: loss {:.4}{dev}", epoch.epoch, epoch.loss));
        }
        context.note(format_args!(
            "trained on {} sentences and {} pairs: {} steps, {:.1} s; kept is epoch {}",
            report.sentences, report.pairs, report.steps, report.seconds, report.epoch
        ));
        if !report.added_pieces.is_empty() {
            context.note(format_args!("{} pieces were added to the vocabulary", report.added_pieces.len()));
        }
        let (before, after) = (&report.before, &report.after);
        context.note(format_args!(
            "pieces per word {:.3} → {:.3}, words with unknown parts {:.2} % → {:.2} %, on {} words {}",
            before.pieces_per_word,
            after.pieces_per_word,
            100.0 * before.unknown_rate,
            100.0 * after.unknown_rate,
            before.words,
            if report.held_out > 0 { "held out" } else { "of the text itself: none was held out" }
        ));
        if let (Some(before), Some(after)) = (report.perplexity_before, report.perplexity_after) {
            context.note(format_args!("perplexity of masked words held out {before:.2} → {after:.2}"));
        }
    }
}
