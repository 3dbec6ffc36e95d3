//! The last stage: trains the aligner on the first pairs, then projects window after window.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::Sender;

use rayon::prelude::*;
use xlner_align::Spool;
use xlner_core::Pair;
use xlner_project::Method;

use super::back::{self, Back};
use super::batch::Batch;
use super::{BATCH, Batches, Flow, StageFigures, WINDOW, tell};
use crate::aligner::{self, Aligner, AlignerOptions, Langs};
use crate::decision::DecisionFigures;
use crate::engine::folder::{PAIRS, RunFolder};
use crate::engine::key::{Key, KeyBuilder};
use crate::engine::pump::{in_pool, timed};
use crate::progress::{Progress, Stage};
use crate::project::method;
use crate::project::stage::CorpusProjector;
use crate::{Error, Result};

/// Names of the stages in the run folder.
const ALIGNER: &str = "aligner";
const PROJECT: &str = "project";
/// Extension of a kept aligner.
const MODEL: &str = "xla";

/// The last stage.
pub(crate) struct Windows<'f> {
    flow: &'f Flow<'f>,
    aligner: State,
    /// Windows of this shard that are not projected yet, in order.
    waiting: VecDeque<Window>,
    train: StageFigures,
    project: StageFigures,
    decision: Option<DecisionFigures>,
}

/// The aligner of a run.
enum State {
    /// The method looks at no alignment, or the pairs have their own.
    None,
    /// Not trained yet: the first pairs are being collected.
    Sampling(Box<Sample>),
    /// Ready, and what it depends on.
    Ready(Box<Aligners>, Key),
}

/// What aligns the pairs.
struct Aligners {
    /// Source and target.
    direct: Aligner,
    /// Back-translation and target, where there are back-translations.
    same: Option<Aligner>,
}

/// What the aligner is to be trained on.
struct Sample {
    text: Spool,
    /// Back-translations and targets.
    same: Spool,
    langs: Option<Langs>,
    key: KeyBuilder,
}

impl Sample {
    /// Adds a pair, with `back` its back-translation as well.
    fn add(&mut self, pair: &Pair, back: bool) -> Result<()> {
        self.langs.get_or_insert_with(|| Langs::of(pair));
        aligner::push(&mut self.text, &pair.source, &pair.target)?;
        if back {
            let middle = back::sentence(pair)?;
            aligner::push(&mut self.text, &pair.source, &middle)?;
            aligner::push(&mut self.same, &middle, &pair.target)?;
        }
        Ok(())
    }
}

/// Batches that are projected together.
struct Window {
    number: u64,
    batches: Vec<Batch>,
}

impl<'f> Windows<'f> {
    /// Loads the aligner, where there is nothing to be learnt.
    ///
    /// # Errors
    /// Where its files cannot be read.
    pub fn new(flow: &'f Flow<'f>) -> Result<Windows<'f>> {
        let links = |method: &Method| (flow.links || method::needs_links(method)) && flow.encoder.is_none();
        let looks = |method: &Method| links(method) || method::needs_posteriors(method);
        let wanted = flow.method.is_some_and(|method| flow.back.is_some() || looks(method));
        let aligner = match &flow.aligner.model {
            _ if !wanted => State::None,
            Some(path) if !flow.aligner.trains() && flow.back.is_none() => {
                let aligners = Aligners { direct: Aligner::load(path)?, same: None };
                State::Ready(Box::new(aligners), Key::of_file(path)?)
            }
            _ => State::Sampling(Box::new(Sample {
                text: aligner::spool(),
                same: aligner::spool(),
                langs: None,
                key: options_key(flow.aligner)?,
            })),
        };
        Ok(Windows {
            flow,
            aligner,
            waiting: VecDeque::new(),
            train: StageFigures::default(),
            project: StageFigures::default(),
            decision: None,
        })
    }

    /// Pairs that the aligner is to be trained on at least.
    pub fn sample(&self) -> u64 {
        if matches!(self.aligner, State::Sampling(_)) { self.flow.train_pairs } else { 0 }
    }

    /// Projects what comes, and hands it to `write` in order.
    pub fn run(
        mut self,
        from: Batches<'_>,
        write: &mut (dyn FnMut(Pair) -> Result<()> + Send),
        events: &Sender<Progress>,
    ) -> Result<(StageFigures, StageFigures, Option<DecisionFigures>)> {
        for batch in from {
            let mut batch = batch?;
            let window = batch.window();
            self.sample_from(&mut batch)?;
            let done = (batch.number + 1) * BATCH as u64;
            if self.flow.shard.has(window) {
                match self.waiting.back_mut() {
                    Some(last) if last.number == window => last.batches.push(batch),
                    _ => self.waiting.push_back(Window { number: window, batches: vec![batch] }),
                }
            }
            if done >= self.sample() {
                self.finish_sample(events)?;
                self.project_full(write, events)?;
            }
        }
        self.finish_sample(events)?;
        while let Some(window) = self.waiting.pop_front() {
            self.project(window, write, events)?;
        }
        Ok((self.train, self.project, self.decision))
    }

    /// Adds a batch to what the aligner is trained on. Its pairs then leave the memory: they are in the run folder.
    fn sample_from(&mut self, batch: &mut Batch) -> Result<()> {
        if let State::Sampling(sample) = &mut self.aligner {
            let (pairs, back) = (batch.take(self.flow.folder)?, self.flow.back.is_some());
            in_pool(|| pairs.into_iter().try_for_each(|pair| sample.add(&pair, back)))?;
            let key = std::mem::replace(&mut sample.key, Key::of(ALIGNER));
            sample.key = key.after(batch.key);
        }
        Ok(())
    }

    /// Trains the aligner, or loads it where it was trained before.
    fn finish_sample(&mut self, events: &Sender<Progress>) -> Result<()> {
        let sample = match std::mem::replace(&mut self.aligner, State::None) {
            State::Sampling(sample) => sample,
            other => {
                self.aligner = other;
                return Ok(());
            }
        };
        let (pairs, key, langs) = (sample.text.len() as u64, sample.key.key(), sample.langs.unwrap_or_default());
        let (direct, made) = self.train(self.flow.aligner, sample.text, &langs, key, events)?;
        *(if made { &mut self.train.sentences } else { &mut self.train.reused }) += pairs;
        let same = if self.flow.back.is_some() {
            let langs = Langs { source: langs.target.clone(), target: langs.target };
            let key = Key::of(ALIGNER).text("same").after(key).key();
            Some(self.train(&AlignerOptions::default(), sample.same, &langs, key, events)?.0)
        } else {
            None
        };
        self.aligner = State::Ready(Box::new(Aligners { direct, same }), key);
        Ok(())
    }

    /// Trains an aligner, or loads it where it was trained before; says whether it was trained now.
    fn train(
        &mut self,
        options: &AlignerOptions,
        text: Spool,
        langs: &Langs,
        key: Key,
        events: &Sender<Progress>,
    ) -> Result<(Aligner, bool)> {
        let (folder, mut trained) = (self.flow.folder, None);
        let made = timed(&mut self.train.seconds, || {
            folder.keep(ALIGNER, key, MODEL, |path| {
                let tell = &mut |progress| tell(events, progress);
                let aligner = in_pool(|| Aligner::train(options, text, langs, tell))?.aligner;
                aligner.save(path)?;
                trained = Some(aligner);
                Ok(())
            })
        })?;
        let aligner = match trained {
            Some(aligner) => aligner,
            None => Aligner::load(&folder.path(ALIGNER, key, MODEL))?,
        };
        Ok((aligner, made))
    }

    /// Projects the windows to which nothing more comes.
    fn project_full(
        &mut self,
        write: &mut (dyn FnMut(Pair) -> Result<()> + Send),
        events: &Sender<Progress>,
    ) -> Result<()> {
        while self.waiting.len() > 1 || self.waiting.front().is_some_and(|first| first.batches.len() as u64 == WINDOW) {
            let Some(window) = self.waiting.pop_front() else { break };
            self.project(window, write, events)?;
        }
        Ok(())
    }

    fn project(
        &mut self,
        mut window: Window,
        write: &mut (dyn FnMut(Pair) -> Result<()> + Send),
        events: &Sender<Progress>,
    ) -> Result<()> {
        let (flow, aligner) = (self.flow, &self.aligner);
        let Some(projection) = flow.method else {
            for batch in &mut window.batches {
                batch.take(flow.folder)?.into_iter().try_for_each(&mut *write)?;
            }
            return Ok(());
        };
        let (aligners, aligner_key) = match aligner {
            State::Ready(aligner, key) => (Some(&**aligner), Some(*key)),
            _ => (None, None),
        };
        let mut key =
            Key::of(PROJECT).text(format!("{projection:?} {} {:?} {:?}", flow.keep_labels, flow.back, flow.decision));
        if flow.links {
            key = key.text("links");
        }
        if let Some(encoder) = &flow.encoder {
            key = key.text(encoder.signature());
        }
        if let Some(judging) = &flow.judging {
            key = key.text(judging.signature());
        }
        for part in aligner_key.into_iter().chain(window.batches.iter().map(|batch| batch.key)) {
            key = key.after(part);
        }
        let (key, length) = (key.key(), window.batches.iter().map(|batch| batch.length).sum::<u64>());
        let figures = flow.folder.path(PROJECT, key, "decision.json");
        let mut projected = None;
        let done = self.project.sentences + self.project.reused;
        let made = timed(&mut self.project.seconds, || {
            flow.folder.keep(PROJECT, key, PAIRS, |path| {
                let mut pairs = Vec::with_capacity(length as usize);
                let mut numbers = Vec::with_capacity(length as usize);
                let taken = window.batches.par_iter_mut().map(|batch| batch.take(flow.folder));
                let taken: Vec<Result<Vec<Pair>>> = taken.collect();
                for (batch, taken) in window.batches.iter().zip(taken) {
                    pairs.append(&mut taken?);
                    numbers.extend(batch.first()..batch.first() + batch.length);
                }
                let fail = |index: usize, pair: &Pair, problem: xlner_project::Error| {
                    (flow.fail)(numbers[index], pair, problem.to_string())
                };
                if let Some(encoder) = &flow.encoder {
                    encoder.link(&mut pairs, &fail)?;
                }
                let projector = |aligner| CorpusProjector {
                    method: projection,
                    aligner,
                    keep_labels: flow.keep_labels,
                    keep_links: flow.links,
                    decision: flow.decision,
                    judging: flow.judging,
                    fail: &fail,
                };
                // Of the stages in a window the listener hears as of one, which goes through all pairs of the run.
                let mut listener = |progress: Progress| {
                    if let (Stage::Project, Some(total)) = (progress.stage, progress.total) {
                        let done = done + length * progress.done / total.max(1);
                        tell(events, Progress { stage: Stage::Project, done, total: None });
                    }
                };
                let direct = aligners.map(|aligners| &aligners.direct);
                let decision = in_pool(|| {
                    let mut decision = None;
                    match (flow.back, aligners.and_then(|aligners| Some((&aligners.direct, aligners.same.as_ref()?)))) {
                        (Some(Back::Project), Some((direct, same))) => {
                            let mut first = back::first_step(&pairs)?;
                            projector(Some(direct)).run(&mut first, &mut listener)?;
                            let lost = back::lost(&first);
                            let mut second = back::second_step(&pairs, first);
                            projector(Some(same)).run(&mut second, &mut listener)?;
                            back::join(&mut pairs, lost, second);
                        }
                        (Some(back), Some((direct, same))) => {
                            back::link(&mut pairs, direct, same, back)?;
                            decision = projector(Some(direct)).run(&mut pairs, &mut listener)?.decision;
                        }
                        _ => {
                            decision = projector(direct).run(&mut pairs, &mut listener)?.decision;
                        }
                    }
                    Ok::<_, Error>(decision)
                })?;
                // Before the pairs: where they are whole, the figures are.
                save_decision(&figures, decision.as_ref())?;
                // They were for the decision only.
                pairs.iter_mut().for_each(|pair| pair.source.probabilities = None);
                RunFolder::save(path, &pairs)?;
                projected = Some(pairs);
                Ok(())
            })
        })?;
        let mut decision = load_decision(&figures)?;
        if let Some(judge) = decision.as_mut().and_then(|decision| decision.judge.as_mut()).filter(|_| !made) {
            judge.forget_cost();
        }
        match (decision, &mut self.decision) {
            (Some(new), Some(sum)) => sum.add(&new),
            (new @ Some(_), none) => *none = new,
            (None, _) => {}
        }
        *(if made { &mut self.project.sentences } else { &mut self.project.reused }) += length;
        let pairs = match projected {
            Some(pairs) => pairs,
            None => flow.folder.load(PROJECT, key)?,
        };
        tell(events, Progress { stage: Stage::Project, done: done + length, total: None });
        in_pool(|| pairs.into_iter().try_for_each(write))
    }
}

/// Keeps what was decided on a window beside its pairs; nothing where nothing was.
fn save_decision(path: &Path, figures: Option<&DecisionFigures>) -> Result<()> {
    let Some(figures) = figures else { return Ok(()) };
    let failed = |problem: std::io::Error| Error::File { path: path.to_owned(), problem };
    let text = serde_json::to_vec(figures).map_err(|error| failed(error.into()))?;
    std::fs::write(path, text).map_err(failed)
}

/// What was decided on a window, where a decision was asked.
fn load_decision(path: &Path) -> Result<Option<DecisionFigures>> {
    let failed = |problem: std::io::Error| Error::File { path: path.to_owned(), problem };
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| failed(error.into())),
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(problem) => Err(failed(problem)),
    }
}

/// The key of all that an aligner is trained on beside the pairs at hand.
fn options_key(options: &AlignerOptions) -> Result<KeyBuilder> {
    let mut key = Key::of(ALIGNER).text(format!("{:?}", options.bitext_options));
    if let Some(memory) = options.memory {
        key = key.text(format!("memory {memory}"));
    }
    let files = [
        ("model", options.model.as_slice()),
        ("bitext", &options.bitext),
        ("dictionary", &options.dictionary),
        ("vectors", &options.vectors),
    ];
    for (kind, paths) in files {
        for path in paths {
            key = key.text(kind).after(Key::of_file(path)?);
        }
    }
    Ok(key)
}
