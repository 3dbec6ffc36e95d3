//! Projection of a corpus that lies in parts, on one machine or many: as [`Projector::apply`] projects it in one place, to the byte.
//!
//! What looks at the whole corpus, the training of the aligner and the score `span`, is made of passes. In each every part is counted
//! ([`Passes::count`]), the counts are whole numbers that are added up ([`Passes::advance`]), and what they come to is handed to
//! all for the next pass. When none is left, each part is projected by itself ([`Passes::apply`]).
//!
//! The decision, which compares the candidates of the whole corpus, is not made here: every entity of the source is projected as it
//! is, as with [`DecisionChoice::None`].

mod counts;
mod state;
#[cfg(test)]
mod tests;

use xlner_align::{Bitext, PairCounts, Scratch, TrainOptions, Trainer, WordCounts};
use xlner_core::{Pair, Posteriors};
use xlner_project::Method;
use xlner_project::scores::span::{SpanModel, SpanProjector, Statistics};

use self::counts::Counts;
use self::state::State;
use super::method::{has_span, needs_links, needs_posteriors};
use super::prepare::Preparation;
use super::projector::Place;
use super::run::{drop_links, settle};
use super::{Origin, ProjectModels, ProjectReport, Projector};
use crate::aligner::{Aligner, LinkExtraction, dictionary};
use crate::decision::DecisionChoice;
use crate::progress::Listener;
use crate::signs::Signs;
use crate::{Error, Result};

/// The passes over a corpus in parts: what is known of it so far, and what is to be counted next.
#[derive(Debug, Clone)]
pub struct Passes {
    projector: Projector,
    linked: bool,
    state: State,
}

impl Passes {
    /// Before the first pass. `linked` says whether the first pair of the corpus has links, and `aligner` is a trained one, which is
    /// taken as it is.
    ///
    /// # Errors
    /// [`Error::Options`] for options that do not go together, for a decision, and for other bitexts to train on, which are
    /// to be added to the corpus.
    pub fn new(projector: Projector, linked: bool, aligner: Option<Aligner>) -> Result<Passes> {
        let mut passes = Passes { linked: linked && aligner.is_none(), projector, state: State::Words };
        let chosen = passes.projector.method.decision.clone();
        if chosen.choice.is_some_and(|choice| choice != DecisionChoice::None) || chosen.cut.is_some() {
            return Err(Error::Options(
                "a decision looks at the whole corpus at once: leave out option `decision`, option `min_probability` and option \
                 `expect` here"
                    .into(),
            ));
        }
        passes.forbid_bitext()?;
        if passes.projector.method.decides(passes.linked) {
            passes.projector.method.decision.choice = Some(DecisionChoice::None);
        }
        let method = passes.projector.method.resolve(passes.linked)?;
        let trains = needs_posteriors(&method) || needs_links(&method) && !passes.linked;
        passes.state = match aligner {
            _ if !trains => State::done(None),
            Some(aligner) => passes.trained(aligner)?,
            None => State::Words,
        };
        Ok(passes)
    }

    /// The passes that train an aligner, and no others.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn training(projector: Projector) -> Result<Passes> {
        let passes = Passes { linked: true, projector, state: State::Words };
        passes.forbid_bitext()?;
        Ok(passes)
    }

    fn forbid_bitext(&self) -> Result<()> {
        match self.projector.aligner.bitext.is_empty() {
            true => Ok(()),
            false => Err(Error::Options("option `bitext`: add these pairs to the corpus, without entities".into())),
        }
    }

    /// The passes as they are at another place, of [`save`](Self::save).
    ///
    /// # Errors
    /// [`Error::Options`] where the bytes are of something else.
    pub fn restore(projector: Projector, linked: bool, bytes: &[u8]) -> Result<Passes> {
        let mut passes = Passes { projector, linked, state: State::Words };
        if passes.projector.method.decides(linked) {
            passes.projector.method.decision.choice = Some(DecisionChoice::None);
        }
        let options = passes.options()?;
        passes.state = State::from_bytes(bytes, &options)?;
        Ok(passes)
    }

    /// What was found out so far, as bytes: the same bytes wherever the parts were cut.
    ///
    /// # Errors
    /// None that is known.
    pub fn save(&self) -> Result<Vec<u8>> {
        self.state.to_bytes()
    }

    /// Whether the pairs have links.
    pub fn linked(&self) -> bool {
        self.linked
    }

    /// What is to be counted next; `None` when nothing is.
    pub fn next(&self) -> Option<&'static str> {
        self.state.next()
    }

    /// The aligner, when it is trained.
    pub fn aligner(&self) -> Option<&Aligner> {
        self.state.aligner()
    }

    /// Counts a part; the sum of several is made by [`advance`](Self::advance).
    ///
    /// # Errors
    /// [`Error::Pair`] for a pair that is not as it should be.
    pub fn count(&self, mut pairs: Vec<Pair>) -> Result<Vec<u8>> {
        self.prepare(&mut pairs)?;
        if let Some(aligner) = self.aligner() {
            self.link(&mut pairs, aligner)?;
        }
        if let State::Labels(aligner, statistics) = &self.state {
            let labels = self.span()?.project(&mut pairs, &posteriors(aligner), statistics);
            return Counts::Labels(labels.map_err(|(index, problem)| of_pair(index, &pairs[index], problem))?)
                .to_bytes();
        }
        let fail = |(index, problem): (usize, xlner_project::Error)| of_pair(index, &pairs[index], problem);
        let counts = match &self.state {
            State::Words => Counts::Words(WordCounts::of(&bitext(&pairs))),
            State::Keys(_, vocabularies) => Counts::Pairs(PairCounts::of(&bitext(&pairs), vocabularies)),
            State::Train(trainer) => {
                Counts::Expected(trainer.expect(&bitext(&pairs)).to_columns(trainer).map_err(other)?)
            }
            State::Corpus(aligner) => Counts::Corpus(self.span()?.count(&pairs, &posteriors(aligner)).map_err(fail)?),
            State::Habits(aligner, corpus) => {
                Counts::Habits(self.span()?.learn(&pairs, &posteriors(aligner), corpus).map_err(fail)?)
            }
            State::Labels(..) | State::Done(..) => {
                return Err(Error::Options("there is nothing left to be counted".into()));
            }
        };
        counts.to_bytes()
    }

    /// Adds up the counts of all parts, in any order, and goes on to the next pass.
    ///
    /// # Errors
    /// [`Error::Options`] for counts of something else.
    pub fn advance(self, counts: impl IntoIterator<Item = Vec<u8>>) -> Result<Passes> {
        let options = self.options()?;
        let mut sum = Counts::nothing(&self.state)?;
        for part in counts {
            sum.merge(Counts::from_bytes(&part)?)?;
        }
        let state = match (self.state.clone(), sum) {
            (State::Words, Counts::Words(words)) => State::keys(words, &options),
            (State::Keys(_, vocabularies), Counts::Pairs(pairs)) => {
                let keys = pairs.keys(options.max_parameters);
                State::Train(Box::new(Trainer::new(*vocabularies, keys, &options, None)))
            }
            (State::Train(mut trainer), Counts::Expected(columns)) => {
                let counts = xlner_align::Counts::from_columns(&columns, &trainer).map_err(other)?;
                trainer.maximise(counts).map_err(other)?;
                match trainer.is_done() {
                    true => self.trained(trainer.finish().into())?,
                    false => State::Train(trainer),
                }
            }
            (State::Corpus(aligner), Counts::Corpus(corpus)) => State::Habits(aligner, Box::new(corpus)),
            (State::Habits(aligner, corpus), Counts::Habits(consistency)) => {
                State::Labels(aligner, Box::new(Statistics { corpus: *corpus, consistency }))
            }
            (State::Labels(aligner, statistics), Counts::Labels(labels)) => {
                State::Done(Some(aligner), Some((statistics, labels)))
            }
            _ => return Err(Error::Options("these counts are of another pass".into())),
        };
        Ok(Passes { state, ..self })
    }

    /// Projects the pairs of a part, when nothing is left to be counted. The models are those of [`Projector::apply_with`]; with the
    /// score `span` taggers and translators are due before the first pass ([`Projector::prepare`]).
    ///
    /// # Errors
    /// As [`Projector::apply_with`].
    pub fn apply<'a>(
        &'a self,
        pairs: &mut Vec<Pair>,
        models: ProjectModels<'a>,
        listener: Listener<'a>,
    ) -> Result<ProjectReport> {
        match &self.state {
            State::Done(Some(aligner), Some((statistics, labels))) => {
                let sides = pairs.iter().flat_map(|pair| [&pair.source, &pair.target]);
                let untokenized = sides.filter(|side| !side.is_tokenized()).count() as u64;
                self.prepare(pairs)?;
                self.link(pairs, aligner)?;
                let span = self.span()?;
                let result = span.project(pairs, &posteriors(aligner), statistics);
                result.map_err(|(index, problem)| of_pair(index, &pairs[index], problem))?;
                span.correct(pairs, labels);
                if self.projector.keep_links {
                    self.give_links(pairs, aligner)?;
                }
                let mut report = ProjectReport::new(Some(&Method::Match(span.matching)), Origin::Trained);
                report.input.tokenized_sentences = untokenized;
                pairs.retain_mut(|pair| settle(pair, &self.projector, &mut report, false));
                pairs.iter_mut().for_each(|pair| drop_links(pair, &self.projector));
                Ok(report)
            }
            State::Done(aligner, _) => {
                let models = ProjectModels { aligner: aligner.as_ref().or(models.aligner), ..models };
                self.projector.apply_as(self.linked, pairs, models, listener)
            }
            _ => Err(Error::Options("the corpus is not counted to the end".into())),
        }
    }

    fn options(&self) -> Result<TrainOptions> {
        let dictionary = dictionary(&self.projector.aligner.dictionary)?;
        Ok(TrainOptions { dictionary, ..TrainOptions::default() })
    }

    /// What comes when the aligner is trained.
    fn trained(&self, aligner: Aligner) -> Result<State> {
        let method = self.projector.method.resolve(self.linked)?;
        Ok(if needs_posteriors(&method) { State::Corpus(aligner) } else { State::done(Some(aligner)) })
    }

    /// The projector of the score `span`.
    fn span(&self) -> Result<SpanProjector> {
        match self.projector.method.resolve(self.linked)? {
            Method::Match(matching) if has_span(&matching) => Ok(SpanProjector {
                model: SpanModel::default(),
                matching,
                correct_labels: !self.projector.method.keep_labels,
            }),
            _ => Err(Error::Options("the method does not look at the whole corpus".into())),
        }
    }

    fn prepare(&self, pairs: &mut [Pair]) -> Result<()> {
        let models = ProjectModels { aligner: self.aligner(), ..ProjectModels::default() };
        Preparation::new(&self.projector, models, Place::memory(), false, &Signs::default())?.work(pairs, 1)
    }

    /// Gives pairs the links that the method looks at.
    fn link(&self, pairs: &mut [Pair], aligner: &Aligner) -> Result<()> {
        match needs_links(&self.projector.method.resolve(self.linked)?) {
            true => self.give_links(pairs, aligner),
            false => Ok(()),
        }
    }

    fn give_links(&self, pairs: &mut [Pair], aligner: &Aligner) -> Result<()> {
        crate::engine::pump::each(pairs, 1, |scratch: &mut Scratch, pair, number| {
            if pair.alignment.is_none() {
                let links = aligner.links(pair, &LinkExtraction::of_entities(), scratch);
                pair.alignment = Some(links.map_err(|error| Place::memory().fail(number, pair, error.into()))?);
            }
            Ok(())
        })
    }
}

impl Projector {
    /// Makes pairs ready in place: the side that they lack, tokens, entities of the source, by the models. What
    /// [`apply_with`](Self::apply_with) does before it aligns.
    ///
    /// # Errors
    /// As [`apply_with`](Self::apply_with).
    pub fn prepare<'a>(&'a self, pairs: &mut [Pair], models: ProjectModels<'a>) -> Result<()> {
        let mut preparation = Preparation::new(self, models, Place::memory(), false, &Signs::default())?;
        preparation.work(pairs, 1)?;
        preparation.finish()
    }
}

fn posteriors(aligner: &Aligner) -> impl Fn(&mut Scratch, &Pair) -> Posteriors + Sync + '_ {
    |scratch, pair| aligner.posteriors(pair, scratch)
}

/// The tokens of pairs.
fn bitext(pairs: &[Pair]) -> Bitext {
    let mut bitext = Bitext::default();
    pairs.iter().for_each(|pair| bitext.push(pair.source.tokens(), pair.target.tokens()));
    bitext
}

fn of_pair(index: usize, pair: &Pair, problem: xlner_project::Error) -> Error {
    Place::memory().fail(index as u64 + 1, pair, problem)
}

fn other(error: impl ToString) -> Error {
    Error::Options(error.to_string())
}
