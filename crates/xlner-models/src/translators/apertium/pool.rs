//! Several pipelines beside each other, each started again where it fails.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use xlner_core::contracts::{Translation, TranslatorFigures};

use super::ApertiumOptions;
use super::escape::Escaped;
use super::modes::ENGINE;
use super::process::{Fault, Launch, Process};
use crate::{Error, Result};

/// Texts that a pipeline takes at a time, at most and at least.
const CHUNK: (usize, usize) = (256, 16);

pub(super) struct Pool {
    workers: Vec<Worker>,
}

impl Pool {
    pub fn new(launch: Launch, options: ApertiumOptions) -> Pool {
        let count = if options.processes == 0 { rayon::current_num_threads() } else { options.processes };
        let worker = || Worker { launch: launch.clone(), options: options.clone(), process: None, asked: 0 };
        Pool { workers: std::iter::repeat_with(worker).take(count.max(1)).collect() }
    }

    /// Translates texts, in their order. Of several errors it is that of the first text, whatever the number of workers.
    pub fn translate(&mut self, texts: &[&str], figures: &mut TranslatorFigures) -> Result<Vec<Translation>> {
        let length = texts.len().div_ceil(4 * self.workers.len()).clamp(CHUNK.1, CHUNK.0);
        let chunks: Vec<&[&str]> = texts.chunks(length).collect();
        let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        let done: Vec<Mutex<Option<Result<Chunk>>>> = chunks.iter().map(|_| Mutex::new(None)).collect();
        let work = |worker: &mut Worker| {
            loop {
                let chunk = next.fetch_add(1, Ordering::Relaxed);
                // Chunks before one that failed are still of interest: their error would come first.
                if chunk >= chunks.len() || chunk > failed.load(Ordering::Relaxed) {
                    break;
                }
                let result = worker.translate(chunks[chunk]);
                if result.is_err() {
                    failed.fetch_min(chunk, Ordering::Relaxed);
                }
                if let Ok(mut slot) = done[chunk].lock() {
                    *slot = Some(result);
                }
            }
        };
        let workers = chunks.len().min(self.workers.len());
        thread::scope(|scope| {
            let (first, others) = self.workers.split_at_mut(1.min(workers));
            for worker in others.iter_mut().take(workers.saturating_sub(1)) {
                scope.spawn(|| work(worker));
            }
            first.iter_mut().for_each(work);
        });
        let mut translations = Vec::with_capacity(texts.len());
        let mut sum = *figures;
        for (number, chunk) in done.into_iter().enumerate() {
            let chunk =
                chunk.into_inner().ok().flatten().unwrap_or_else(|| Err(Error::engine(ENGINE, "a thread failed")));
            let chunk = chunk.map_err(|error| match error {
                Error::Sentence { index, problem } => Error::Sentence { index: number * length + index, problem },
                error => error,
            })?;
            sum.unknown_words += chunk.figures.unknown_words;
            sum.untranslated += chunk.figures.untranslated;
            sum.empty += chunk.figures.empty;
            sum.retries += chunk.figures.retries;
            translations.extend(chunk.translations);
        }
        *figures = sum;
        Ok(translations)
    }
}

/// Translations of a chunk of texts, and how that went.
#[derive(Default)]
struct Chunk {
    translations: Vec<Translation>,
    figures: TranslatorFigures,
}

impl Chunk {
    fn push(&mut self, text: String) {
        self.translations.push(text.into());
    }
}

/// A pipeline, started when it is needed.
struct Worker {
    launch: Launch,
    options: ApertiumOptions,
    process: Option<Process>,
    /// Texts sent so far; a number is never used twice, so that no answer is taken for another.
    asked: u64,
}

impl Worker {
    /// Translates texts. After a fault the pipeline is started again, and goes on with the first text that was not answered:
    /// alone, then with twice as many texts each time, until all are done or the next fault. A text that fails alone, again
    /// and again, is at fault itself, unless the pipeline fails without it.
    fn translate(&mut self, texts: &[&str]) -> Result<Chunk> {
        let mut chunk = Chunk::default();
        let escaped: Vec<Escaped> = texts.iter().map(|text| Escaped::new(text)).collect();
        let mut together = texts.len();
        let mut failures = 0;
        while chunk.translations.len() < texts.len() {
            let at = chunk.translations.len();
            if texts[at].trim().is_empty() {
                chunk.push(String::new());
                continue;
            }
            // A blank text is not sent, so the texts before it are.
            let rest =
                texts[at..].iter().position(|text| text.trim().is_empty()).map_or(texts.len(), |blank| at + blank);
            let asked = &escaped[at..rest.min(at + together)];
            let (answers, fault) = self.ask(asked)?;
            if !answers.is_empty() {
                failures = 0;
            }
            for (text, answer) in asked.iter().zip(&answers) {
                let (plain, unknown) = text.plain(answer);
                chunk.figures.unknown_words += unknown;
                chunk.push(plain);
            }
            let Some(fault) = fault else {
                together *= 2;
                continue;
            };
            let complaints = self.process.take().map(|process| process.last_words(fault)).unwrap_or_default();
            chunk.figures.retries += 1;
            failures += usize::from(asked.len() == 1);
            together = 1;
            if failures == self.options.attempts {
                self.give_up(&mut chunk, texts, fault, &complaints)?;
                failures = 0;
            }
        }
        Ok(chunk)
    }

    /// Settles what becomes of the next text, which always fails.
    fn give_up(&mut self, chunk: &mut Chunk, texts: &[&str], fault: Fault, complaints: &str) -> Result<()> {
        let index = chunk.translations.len();
        if fault == Fault::Empty {
            chunk.figures.empty += 1;
            chunk.push(String::new());
            return Ok(());
        }
        let said = if complaints.is_empty() { String::new() } else { format!(" (it says: {complaints})") };
        if let (_, Some(fault)) = self.ask(&[Escaped::new("")])? {
            self.process = None;
            let command = format!("{} {}", self.launch.program.display(), self.launch.arguments.join(" "));
            return Err(Error::engine(ENGINE, format!("{}{said}; does `echo | {command}` work?", fault.what())));
        }
        if self.options.pass_through {
            chunk.figures.untranslated += 1;
            chunk.push(texts[index].replace(['\n', '\r'], " "));
            return Ok(());
        }
        let (text, attempts) = (texts[index], self.options.attempts);
        let problem = format!("apertium fails on “{text}” each of {attempts} times: {}{said}", fault.what());
        Err(Error::Sentence { index, problem })
    }

    /// Asks the pipeline, started first where it does not run.
    fn ask(&mut self, texts: &[Escaped]) -> Result<(Vec<String>, Option<Fault>)> {
        let first = self.asked;
        self.asked += texts.len() as u64;
        let process = match &mut self.process {
            Some(process) => process,
            empty => {
                let failed = |error| Error::engine(ENGINE, format!("{}: {error}", self.launch.program.display()));
                empty.insert(Process::start(&self.launch).map_err(failed)?)
            }
        };
        Ok(process.ask(first, texts, self.options.timeout))
    }
}
