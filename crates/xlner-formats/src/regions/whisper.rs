//! JSON of Whisper: openai-whisper's and its relatives' `segments` with `words` (faster-whisper, WhisperX), the API's `words` beside the
//! `text`, the `chunks` of Hugging Face's pipeline, whisper.cpp's `transcription` with `tokens`.
//!
//! All of a segment's text is read. Words that have no time share that between their neighbours, and where a segment has no words
//! its characters share its time. A pause of two seconds, or another speaker, ends a sentence.

mod languages;
mod shape;

use std::sync::Arc;

use super::document::{Block, Document, Line, Word};
use super::place::{CONFIDENCES, Place, confidence, is_sensible};
use super::{Documents, TWO_TEXTS, levels};
use crate::error::{Error, ErrorKind, Result};
use crate::json::ItemReader;
use crate::notes::{LeftOut, NoteKind};
use crate::reader::Status;
use shape::{Segment, Timed, Transcript};

/// Seconds of silence that end a sentence.
const PAUSE: f64 = 2.0;

const BACKWARD: NoteKind = NoteKind::new("backward-times", "times that end before they start (the end left out)");

/// Whether the text of a JSON value is such a transcript.
pub(crate) fn fits(text: &str) -> bool {
    let has = |name: &str| memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some();
    text.starts_with('{')
        && ["\"segments\"", "\"transcription\"", "\"chunks\"", "\"words\""].into_iter().any(has)
        && serde_json::from_str::<Transcript>(text).is_ok_and(|found| found.segments().is_some())
}

pub(super) struct Reader {
    items: ItemReader,
    status: Arc<Status>,
    recordings: usize,
}

impl Reader {
    pub(super) fn new(items: ItemReader, status: &Arc<Status>) -> Self {
        Reader { items, status: Arc::clone(status), recordings: 0 }
    }
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        let Some((line, text)) = self.items.next()? else { return Ok(None) };
        let parsed = serde_json::from_str::<Transcript>(text).map_err(|error| (error.to_string(), error.line()));
        let (lang, segments) = match parsed.map(|mut found| (found.take_language(), found.segments())) {
            Ok((lang, Some(segments))) => (lang, segments),
            other => {
                let (message, offset) = match other {
                    Err(error) => error,
                    Ok(_) => {
                        ("it has neither `segments` nor `transcription`, `chunks`, `words` or `text`".to_owned(), 1)
                    }
                };
                let kind = ErrorKind::Json { expected: "a transcript by Whisper", message };
                let line = line + offset.saturating_sub(1) as u64;
                return Err(Error::at_line(self.items.file(), line, kind));
            }
        };
        self.recordings += 1;
        let name = if self.recordings == 1 { String::new() } else { format!("recording{}", self.recordings) };
        let mut left_out = LeftOut::default();
        let fail = |kind| Error::at_line(self.items.file(), line, kind).in_record(&name);
        let mut blocks: Vec<Block> = Vec::new();
        let mut words = Line::new();
        let mut speaker: Option<String> = None;
        for (index, mut segment) in segments.into_iter().enumerate() {
            let new = segment.speaker.take();
            if new.is_some() && new != speaker {
                speaker = new;
                blocks.extend(Document::speech(std::mem::take(&mut words), PAUSE));
            }
            let found = segment.line(line, &mut left_out).map_err(|message| {
                let message = format!("segment {index}: {message}");
                fail(ErrorKind::Json { expected: "a transcript by Whisper", message })
            })?;
            words.extend(found);
        }
        blocks.extend(Document::speech(words, PAUSE));
        self.status.note_all(&left_out, fail)?;
        Ok(Some(Document { name, lang, blocks, ..Document::default() }))
    }
}

/// A time that the file gives.
fn second(value: Option<f64>) -> std::result::Result<Option<f64>, String> {
    match value {
        Some(second) if !is_sensible(second) => Err(format!("{second:e} is not a time in seconds")),
        second => Ok(second),
    }
}

/// The place between two seconds; where the end is missing, or comes first, the start alone is known.
fn time(start: Option<f64>, end: Option<f64>, left_out: &mut LeftOut) -> Option<(f64, f64)> {
    let start = start.or(end)?;
    let end = end.unwrap_or(start);
    if end < start {
        left_out.add(BACKWARD);
    }
    Some((start, end.max(start)))
}

impl Segment {
    /// The words with their times.
    fn line(self, line: u64, left_out: &mut LeftOut) -> std::result::Result<Line, String> {
        let (start, end) = (second(self.start)?, second(self.end)?);
        let timed = self.words.unwrap_or_default();
        let mut words: Line = Vec::with_capacity(timed.len());
        // A word whose end is missing ends where the next starts.
        let mut open: Option<usize> = None;
        let close = |words: &mut Line, open: Option<usize>, at: Option<f64>| {
            if let (Some(Place::Time { start, end }), Some(at)) = (open.map(|open| &mut words[open].place), at) {
                *end = at.max(*start);
            }
        };
        for Timed { word, start, end, probability } in timed.into_iter().filter(|word| !word.word.trim().is_empty()) {
            let (start, end) = (second(start)?, second(end)?);
            close(&mut words, open.take(), start.or(end));
            open = (start.is_some() && end.is_none()).then_some(words.len());
            let place = time(start, end, left_out).map_or(Place::Unknown, |(start, end)| Place::Time { start, end });
            let known = probability.and_then(confidence);
            left_out.add_many(CONFIDENCES, usize::from(probability.is_some() && known.is_none()));
            let glued = !words.is_empty() && !word.starts_with(char::is_whitespace);
            words.push(Word { confidence: known, glued, line, ..Word::new(word, place) });
        }
        close(&mut words, open, end);
        let last = words.iter().filter_map(|word| word.place.time()).map(|(_, end)| end).reduce(f64::max);
        let place = match time(start, end.or(last.filter(|last| start.is_none_or(|start| *last >= start))), left_out) {
            Some((start, end)) => Place::Time { start, end },
            None => Place::Unknown,
        };
        let Some(text) = self.text else {
            // Words that bring their own spaces tell where there are some; others are separated.
            let spaced = words.iter().skip(1).any(|word| !word.glued);
            words.iter_mut().for_each(|word| word.glued &= spaced);
            return if words.is_empty() { Err("it has neither `text` nor `words`".into()) } else { Ok(words) };
        };
        let mut differs = false;
        let merged = levels::merge(&text, &place, line, words, &mut differs);
        left_out.add_many(TWO_TEXTS, usize::from(differs));
        Ok(merged)
    }
}
