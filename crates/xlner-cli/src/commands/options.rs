//! Flags that several commands take.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use xlner::decision::{DecisionChoice, DecisionOptions};
use xlner::project::{FilterOptions, MethodKind, MethodOptions, parse_solver};
use xlner::{
    AlignerOptions, EncoderAligner, FlowReport, RunOptions, Shard, StageFigures, open_encoder, open_scorer,
    open_translation_encoder,
};
use xlner_align::similarity;
use xlner_core::{Encoder, TranslationScorer};
use xlner_formats::{Format, ReadOptions, WriteOptions};
use xlner_models::Precision;
use xlner_project::decision::Cut;
use xlner_project::filters::{Drops, Filter};
use xlner_project::{CandidateKind, Constraint, Edition, Solver};

use super::scores::{Scores, parse_scores};
use super::tell::{tell_decision, tell_filters, write_report};
use crate::context::{Context, UsageError, failed};
use crate::print::counted;

/// What the built-in aligner knows.
#[derive(Args)]
pub struct AlignerArgs {
    /// Other pairs to train the built-in aligner on; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Alignment")]
    bitext: Vec<PathBuf>,
    /// A trained aligner (`xlner align --save-model`); with --bitext or --dictionary it is trained further. Or simalign,
    /// awesome, transalign: links by --encoder, without training
    #[arg(long, value_name = "MODEL", help_heading = "Alignment")]
    aligner: Option<PathBuf>,
    /// Word translations, `word<TAB>translation`, for the built-in aligner; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Alignment")]
    dictionary: Vec<PathBuf>,
    /// The encoder of --aligner simalign, awesome or transalign: a folder as Hugging Face keeps models, or a name on its Hub;
    /// transalign takes a translation model
    #[arg(long, value_name = "MODEL", requires = "aligner", help_heading = "Alignment")]
    encoder: Option<String>,
    /// The encoder's layer whose vectors are compared; 0 is the embeddings [default: 8, of a translation model the last]
    #[arg(long, value_name = "N", requires = "encoder", help_heading = "Alignment")]
    layer: Option<usize>,
    /// Numeric precision of the encoder; int8 is faster, links may differ slightly
    #[arg(long, value_name = "f32|int8", default_value = "f32", requires = "encoder", help_heading = "Alignment")]
    encoder_precision: Precision,
}

/// What gives links without training.
pub struct EncoderLinks {
    encoder: Box<dyn Encoder>,
    extraction: similarity::Extraction,
}

impl EncoderLinks {
    /// The aligner of the pipeline.
    pub fn aligner(&self) -> EncoderAligner<'_> {
        EncoderAligner { encoder: &*self.encoder, extraction: self.extraction, distortion: 0.0 }
    }
}

impl AlignerArgs {
    /// The extraction that a name of `--aligner` stands for, as published; `None` for a file.
    fn extraction(&self) -> Option<(&str, &'static str)> {
        match self.aligner.as_deref()?.to_str()? {
            name @ "simalign" => Some((name, "itermax")),
            name @ ("awesome" | "transalign") => Some((name, "softmax")),
            _ => None,
        }
    }

    /// Whether an encoder gives the links.
    pub fn by_encoder(&self) -> bool {
        self.extraction().is_some()
    }

    /// What gives links instead of the built-in aligner, where that is asked for.
    ///
    /// # Errors
    /// Where flags do not go together, or the encoder cannot be opened.
    pub fn encoder(&self) -> Result<Option<EncoderLinks>> {
        let (extraction, encoder) = match (self.extraction(), &self.encoder) {
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                return Err(UsageError("--encoder is for --aligner simalign, awesome and transalign".into()).into());
            }
            (Some((name, _)), None) => {
                return Err(UsageError(format!("--aligner {name} wants an --encoder")).into());
            }
            (Some((name, extraction)), Some(encoder)) => {
                let open = if name == "transalign" { open_translation_encoder } else { open_encoder };
                (extraction.parse()?, open(encoder, self.layer, self.encoder_precision).map_err(failed)?)
            }
        };
        Ok(Some(EncoderLinks { encoder, extraction }))
    }

    /// The options of the pipeline; bitexts are read as `bitext` says.
    pub fn options(&self, bitext: ReadOptions) -> AlignerOptions {
        AlignerOptions {
            model: self.aligner.clone().filter(|_| self.extraction().is_none()),
            bitext: self.bitext.clone(),
            bitext_options: bitext,
            dictionary: self.dictionary.clone(),
            ..AlignerOptions::default()
        }
    }
}

/// How entities are projected.
#[derive(Args)]
pub struct MethodArgs {
    /// match: candidates, scores, a solver; heuristic: ranges of linked tokens
    #[arg(long, default_value = "match", value_name = "match|heuristic", help_heading = "Method")]
    method: MethodKind,
    /// heuristic: merge ranges with at most N tokens between them [default: 1]
    #[arg(long, value_name = "N", help_heading = "Method")]
    merge_distance: Option<usize>,
    /// heuristic: ranges must be longer than this times the entity's length [default: 0.8]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Method")]
    length_ratio: Option<f64>,
    /// heuristic: keep at most K ranges per entity, 0 for all [default: 0]
    #[arg(long, value_name = "K", help_heading = "Method")]
    max_ranges: Option<usize>,
    /// heuristic: do not merge a range that starts with a token linked to the entity's first token
    #[arg(long, help_heading = "Method")]
    only_first: bool,
    /// heuristic: follow the published program of the paper or of the thesis, which keeps the shortest ranges first
    #[arg(long, value_name = "paper|thesis", help_heading = "Method")]
    edition: Option<Edition>,
    /// match: which target spans are candidates [default: ngram]
    #[arg(long, value_name = "ngram|aligned|tagger|tagger-subspans", help_heading = "Method")]
    candidates: Option<CandidateKind>,
    /// match: tokens of the longest n-gram [default: 10; with the score span 45]
    #[arg(long, value_name = "N", help_heading = "Method")]
    max_length: Option<usize>,
    /// match: tokens that are in no n-gram [default: !,?; with the score span none]
    #[arg(long, value_name = "TOKENS", value_delimiter = ',', help_heading = "Method")]
    stop_tokens: Option<Vec<String>>,
    /// match: scores and their weights, or a file of `xlner tune scores`: align, span, string, tagger, tagger-any, nmt (T-Projection), codec (CODEC), columns of
    /// the records [default: align=1 where links are given, else span=1]
    #[arg(long, value_name = "NAME=WEIGHT,…|FILE.toml", value_parser = parse_scores, help_heading = "Method")]
    scores: Option<Scores>,
    /// match: exact, greedy, bipartite, milp [default: exact]
    #[arg(long, value_name = "SOLVER", value_parser = parse_solver, help_heading = "Method")]
    solver: Option<Solver>,
    /// match: projections of an entity: <=1, =1, >=1, <=2, … [default: <=1]
    #[arg(long, value_name = "<=N|=N|>=N", help_heading = "Method")]
    constraint: Option<Constraint>,
    /// match: matches of a lower score are not made [default: those above 0 are]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Method")]
    min_score: Option<f64>,
    /// match, score span: keep the labels of the source entities instead of correcting them by the corpus
    #[arg(long, help_heading = "Method")]
    keep_labels: bool,
    /// match, score span: what decides which entities are kept where the source's are uncertain, that is a tagger's with its
    /// probabilities: default, none, or a file of `tune decision` [default: default]
    #[arg(long, value_name = "default|none|FILE", help_heading = "Decision")]
    decision: Option<DecisionChoice>,
    /// Keep entities of at least this probability
    #[arg(long, value_name = "X", conflicts_with = "expect", help_heading = "Decision")]
    min_probability: Option<f64>,
    /// What is kept: what has the largest expected F1, or as much as has an expected precision [default: f1]
    #[arg(long, value_name = "f1|precision=X", value_parser = parse_cut, help_heading = "Decision")]
    expect: Option<Cut>,
    /// Drop what a filter rejects: comp-src, where a token of the source entity is not linked; comp-tgt, where the target tokens
    /// linked to it are not contiguous; comp-ins, where source and target have other numbers of entities of a label
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Filters")]
    filter: Vec<Filter>,
    /// What --filter drops: the entity or the sentence [default: entity; in `transfer` sentence]
    #[arg(long, value_name = "entity|sentence", requires = "filter", value_parser = parse_drops, help_heading = "Filters")]
    filter_drops: Option<Drops>,
    /// The counterpart of a one-token entity stays one token long
    #[arg(long, help_heading = "Filters")]
    restrict_target: bool,
}

/// What `--filter-drops` says.
fn parse_drops(text: &str) -> Result<Drops, String> {
    match text {
        "entity" => Ok(Drops::Entity),
        "sentence" => Ok(Drops::Sentence),
        _ => Err("known: entity, sentence".into()),
    }
}

/// What `--expect` asks for.
fn parse_cut(text: &str) -> Result<Cut, String> {
    match text.split_once('=') {
        None if text == "f1" => Ok(Cut::F1),
        Some(("precision", wanted)) => {
            wanted.parse().map(Cut::Precision).map_err(|_| format!("“{wanted}” is not a number from 0 to 1"))
        }
        _ => Err("known: f1, precision=0.9".into()),
    }
}

impl MethodArgs {
    /// The options of the pipeline.
    ///
    /// # Errors
    /// A file of weights that cannot be read.
    pub fn options(&self) -> Result<MethodOptions> {
        Ok(MethodOptions {
            method: self.method,
            merge_distance: self.merge_distance,
            length_ratio: self.length_ratio,
            max_ranges: self.max_ranges,
            only_first: self.only_first,
            edition: self.edition,
            candidates: self.candidates,
            max_length: self.max_length,
            // `--stop-tokens ''` is no stop token.
            stop_tokens: self.stop_tokens.as_ref().map(|list| list.iter().filter(|t| !t.is_empty()).cloned().collect()),
            scores: self.scores.as_ref().map(Scores::weights).transpose()?,
            solver: self.solver,
            constraint: self.constraint,
            min_score: self.min_score,
            keep_labels: self.keep_labels,
            decision: DecisionOptions {
                choice: self.decision.clone(),
                cut: self.min_probability.map(Cut::Probability).or(self.expect),
            },
            filters: FilterOptions {
                filters: BTreeSet::from_iter(self.filter.iter().copied()).into_iter().collect(),
                drops: self.filter_drops,
                restrict_target: self.restrict_target,
            },
        })
    }
}

/// What gives the scores `nmt` and `codec`.
#[derive(Args)]
pub struct NmtArgs {
    /// Translation model that gives the scores nmt and codec: NLLB-200 or M2M100, a folder (Hugging Face's or
    /// CTranslate2's) or a name on the Hugging Face Hub
    #[arg(long, value_name = "MODEL", help_heading = "Method")]
    nmt_model: Option<String>,
    /// Numeric precision of that model; int8 is several times faster
    #[arg(long, value_name = "f32|int8", default_value = "f32", requires = "nmt_model", help_heading = "Method")]
    nmt_precision: Precision,
}

impl NmtArgs {
    /// The same where the languages of source and target may not be known.
    ///
    /// # Errors
    /// A model without them.
    pub fn open_between(
        &self,
        source: Option<&String>,
        target: Option<&String>,
    ) -> Result<Option<Box<dyn TranslationScorer>>> {
        match (source, target) {
            (Some(source), Some(target)) => self.open([source, target]),
            _ if self.nmt_model.is_some() => {
                Err(UsageError("--nmt-model wants --source-lang and --target-lang".into()).into())
            }
            _ => Ok(None),
        }
    }

    /// Opens the model, where one is named, for the languages of source and target.
    pub fn open(&self, langs: [&str; 2]) -> Result<Option<Box<dyn TranslationScorer>>> {
        let open = |name: &String| open_scorer(name, self.nmt_precision, langs).map_err(failed);
        self.nmt_model.as_ref().map(open).transpose()
    }
}

/// The scorer as the jobs take it.
pub fn scorer(opened: &mut Option<Box<dyn TranslationScorer>>) -> Option<&mut dyn TranslationScorer> {
    opened.as_deref_mut().map(|scorer| scorer as _)
}

/// How sentences are read.
#[derive(Args)]
pub struct InputArgs {
    /// Format of the input [default: from its name]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
    /// The text is already tokenised: split it at spaces
    #[arg(long, help_heading = "Formats")]
    tokenized: bool,
}

impl InputArgs {
    /// The options of sentences of a language.
    pub fn options(&self, input: &Path, lang: &str, context: &Context) -> ReadOptions {
        ReadOptions {
            format: self.from_format.or_else(|| context.standard_input(input)),
            lang: Some(lang.to_owned()),
            tokenized: self.tokenized,
            ..context.read()
        }
    }
}

impl InputArgs {
    /// The options of a file beside the input, which has a format of its own.
    pub fn beside(&self, context: &Context) -> ReadOptions {
        ReadOptions { tokenized: self.tokenized, ..context.read() }
    }
}

/// Where sentences go.
#[derive(Args)]
pub struct OutputArgs {
    /// Where to write; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "FILE", help_heading = "Output")]
    pub output: PathBuf,
    /// Format of the output [default: from its name, else conll]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    to_format: Option<Format>,
}

impl OutputArgs {
    /// How they are written.
    pub fn options(&self, context: &Context) -> WriteOptions {
        let format = context.output_format(self.to_format, &self.output, Format::Conll);
        WriteOptions { format, ..WriteOptions::default() }
    }
}

/// How a job of several stages runs.
#[derive(Args)]
pub struct RunArgs {
    /// Folder in which every stage keeps its output; rerunning the same command resumes from it
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    run: Option<PathBuf>,
    /// Process only shard I of N: 3/8 is the third of eight
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE, help_heading = "Run")]
    shard: Shard,
    /// Train the built-in aligner on the first N pairs
    #[arg(long, value_name = "N", default_value_t = RunOptions::default().train_pairs, help_heading = "Run")]
    train_pairs: u64,
    /// Where to write figures of the run, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    report: Option<PathBuf>,
}

impl RunArgs {
    /// The options of the pipeline.
    pub fn options(&self) -> RunOptions {
        RunOptions { folder: self.run.clone(), shard: self.shard, train_pairs: self.train_pairs }
    }

    /// Writes the figures, where they are asked for, and tells people what they want to know.
    pub fn tell(&self, report: &FlowReport, judged: bool, context: &Context) -> Result<()> {
        if let Some(path) = &self.report {
            write_report(path, report, context)?;
        }
        let projection = &report.projection;
        let (verb, count) = match projection.method {
            "fusion" => ("found beside it", projection.target_entities),
            _ => ("projected", projection.projected),
        };
        context.note(format_args!(
            "{}, {} found in the source, {count} {verb}",
            counted(projection.sentences, "sentence"),
            counted(projection.source_entities, "entity")
        ));
        tell_decision(projection.decision, judged, context);
        tell_filters(projection.filters.as_ref(), context);
        context.note_long_pairs(projection.input.long_pairs);
        if let Some(lost) = report.lost_markers {
            context.note(format_args!("{} left out: a marker was lost in translation", counted(lost, "sentence")));
        }
        let stages = report.stages;
        let stages = [
            ("translate", stages.translate),
            ("translate back", stages.translate_back),
            ("tag", stages.tag),
            ("score", stages.score),
            ("train aligner", stages.train),
            ("project", stages.project),
        ];
        for (name, StageFigures { sentences, reused, seconds }) in stages {
            if sentences + reused > 0 {
                let rate = sentences as f64 / seconds.max(1e-9);
                context.detail(format_args!(
                    "{name}: {} in {seconds:.2} s ({rate:.0} a second), {reused} reused",
                    counted(sentences, "sentence")
                ));
            }
        }
        Ok(())
    }
}
