//! `xlner tune encoder`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::Input;
use xlner_formats::{Format, ReadOptions};

use crate::context::Context;

const EXAMPLES: &str = "\
Examples:
  xlner tune encoder --bitext train.tsv --encoder bert-base-multilingual-cased/ -o tuned/
  xlner align --similarity softmax --encoder tuned/ --bitext new.tsv -o links.pharaoh

The encoder learns to give words and their translations similar vectors (AWESoME, Dou and Neubig 2021). All pairs are \
held in memory.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Pairs to train on
    #[arg(long, value_name = "FILE")]
    bitext: PathBuf,
    /// The encoder to start from: a folder as Hugging Face keeps models, or a name on its Hub
    #[arg(long, value_name = "MODEL")]
    encoder: String,
    /// Folder to write the encoder to
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// The layer whose vectors are compared; 0 is the embeddings
    #[arg(long, value_name = "N", default_value = "8")]
    layer: usize,
    /// Probability from which both directions must link two words
    #[arg(long, value_name = "P", default_value = "0.001")]
    threshold: f64,
    #[command(flatten)]
    training: TrainingArgs,
    /// Write the figures as JSON to standard output
    #[arg(long)]
    json: bool,
    /// Tokenise the text instead of splitting it at spaces
    #[arg(long, help_heading = "Formats")]
    tokenize: bool,
    /// Source language (BCP 47), for --tokenize
    #[arg(long, value_name = "CODE", help_heading = "Formats")]
    source_lang: Option<String>,
    /// Target language (BCP 47), for --tokenize
    #[arg(long, value_name = "CODE", help_heading = "Formats")]
    target_lang: Option<String>,
    /// Format of the bitext [default: from its name]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
}

/// What an encoder can learn of a bitext.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[cfg_attr(not(feature = "fine-tune"), allow(dead_code))]
pub enum Objective {
    /// Words that seem to belong together are to do so more
    SelfTraining,
    /// Both directions are to agree
    Consistency,
    /// Masked words are to be found again
    Masked,
    /// Masked words are to be found by both sentences
    Translation,
    /// Pairs are to be told from sentences that do not belong together
    Identification,
}

/// How an encoder is trained. What is not given is as `FineTuneAlignerOptions` says.
#[derive(Clone, Default, clap::Args)]
#[cfg_attr(not(feature = "fine-tune"), allow(dead_code))]
pub struct TrainingArgs {
    /// What is learnt: self-training, consistency (of both directions), masked (words), translation (masked words, found by both
    /// sentences), identification (of pairs that belong together); their losses are added up [default: self-training]
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Training")]
    pub objectives: Vec<Objective>,
    /// Also train for agreement of both directions
    #[arg(long, help_heading = "Training")]
    pub consistency: bool,
    /// Passes over the pairs [default: 1]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub epochs: Option<usize>,
    /// Pairs in a batch [default: 8]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub batch_size: Option<usize>,
    /// Largest learning rate [default: 2e-5]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Training")]
    pub learning_rate: Option<f64>,
    /// Seed of order and dropout [default: 42]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub seed: Option<u64>,
    /// Device to train on [default: auto, a GPU where this build knows one]
    #[arg(long, value_name = "auto|cpu|cuda|cuda:N|metal", help_heading = "Training")]
    pub device: Option<String>,
}

/// What is trained, and where it goes.
#[cfg_attr(not(feature = "fine-tune"), allow(dead_code))]
pub struct Tuning<'a> {
    pub encoder: &'a str,
    pub input: &'a Input,
    pub layer: usize,
    pub threshold: f64,
    pub output: &'a std::path::Path,
    pub json: bool,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let options = ReadOptions {
        format: args.from_format,
        no_tags: true,
        lang: args.source_lang,
        target_lang: args.target_lang,
        tokenized: !args.tokenize,
        ..context.read()
    };
    let tuning = Tuning {
        encoder: &args.encoder,
        input: &Input::Pairs { path: args.bitext, options },
        layer: args.layer,
        threshold: args.threshold,
        output: &args.output,
        json: args.json,
    };
    tune(&tuning, args.training, context)
}

#[cfg(not(feature = "fine-tune"))]
pub fn tune(_: &Tuning<'_>, _: TrainingArgs, _: &Context) -> Result<()> {
    let problem = "training an encoder needs the feature `fine-tune`, which this xlner was built without";
    Err(crate::context::UsageError(problem.into()).into())
}

#[cfg(feature = "fine-tune")]
pub fn tune(tuning: &Tuning<'_>, training: TrainingArgs, context: &Context) -> Result<()> {
    use xlner::align::EncoderJob;
    use xlner_neural::transformer::fine_tune::FineTuneAlignerOptions;

    use crate::bars::Bars;
    use crate::context::{failed, model_failed};

    let usual = FineTuneAlignerOptions::default();
    let asked = |objective| training.objectives.contains(&objective);
    let device = training.device.as_ref().map_or(Ok(usual.device), |name| name.parse()).map_err(model_failed)?;
    let job = EncoderJob {
        encoder: tuning.encoder.to_owned(),
        input: tuning.input.clone(),
        options: FineTuneAlignerOptions {
            layer: tuning.layer,
            threshold: tuning.threshold,
            self_training: training.objectives.is_empty() || asked(Objective::SelfTraining),
            consistency: training.consistency || asked(Objective::Consistency),
            masked: asked(Objective::Masked),
            translation: asked(Objective::Translation),
            identification: asked(Objective::Identification),
            epochs: training.epochs.unwrap_or(usual.epochs),
            batch_size: training.batch_size.unwrap_or(usual.batch_size),
            learning_rate: training.learning_rate.unwrap_or(usual.learning_rate),
            seed: training.seed.unwrap_or(usual.seed),
            device,
            ..usual
        },
        output: tuning.output.to_owned(),
    };
    let report = {
        let mut bars = Bars::new(context);
        job.run(&mut |progress| bars.show(progress)).map_err(failed)?
    };
    if tuning.json {
        crate::print::print(&report)?;
    }
    let losses: Vec<String> = report.losses.iter().map(|loss| format!("{loss:.4}")).collect();
    context.note(format_args!(
        "the encoder was trained on {} pairs ({} left out) in {} steps, {:.1} s; loss by epoch: {}",
        report.pairs,
        report.left_out,
        report.steps,
        report.seconds,
        losses.join(", ")
    ));
    Ok(())
}
