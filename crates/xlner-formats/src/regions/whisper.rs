//! JSON of Whisper: openai-whisper's and its relatives' `segments` with `words`, whisper.cpp's `transcription` with `tokens`. Where
//! a segment has no words its characters share its time. A pause of two seconds ends a sentence.

use serde::Deserialize;

use super::Documents;
use super::document::{Document, Place, Word};
use crate::error::{Error, ErrorKind, Result};
use crate::json::ItemReader;

/// Seconds of silence that end a sentence.
const PAUSE: f64 = 2.0;

/// Whether the text of a JSON value is such a transcript.
pub(crate) fn fits(text: &str) -> bool {
    let has = |name: &str| memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some();
    text.starts_with('{')
        && (has("\"segments\"") || has("\"transcription\""))
        && serde_json::from_str::<Transcript>(text)
            .is_ok_and(|found| found.segments.is_some() || found.transcription.is_some())
}

#[derive(Deserialize)]
struct Transcript {
    language: Option<String>,
    segments: Option<Vec<Segment>>,
    result: Option<CppResult>,
    transcription: Option<Vec<CppSegment>>,
}

#[derive(Deserialize)]
struct Segment {
    text: String,
    start: f64,
    end: f64,
    #[serde(default)]
    words: Vec<Timed>,
}

#[derive(Deserialize)]
struct Timed {
    #[serde(alias = "text")]
    word: String,
    start: Option<f64>,
    end: Option<f64>,
    #[serde(alias = "score")]
    probability: Option<f64>,
}

#[derive(Deserialize)]
struct CppResult {
    language: Option<String>,
}

#[derive(Deserialize)]
struct CppSegment {
    text: String,
    offsets: Offsets,
    #[serde(default)]
    tokens: Vec<CppToken>,
}

#[derive(Deserialize)]
struct CppToken {
    text: String,
    offsets: Option<Offsets>,
    p: Option<f64>,
}

/// Milliseconds.
#[derive(Deserialize)]
struct Offsets {
    from: f64,
    to: f64,
}

impl From<CppSegment> for Segment {
    fn from(segment: CppSegment) -> Self {
        // Tokens like `[_BEG_]` are not spoken.
        let spoken = segment.tokens.into_iter().filter(|token| !token.text.starts_with("[_"));
        let words = spoken
            .map(|token| {
                let (start, end) = token.offsets.map(|offsets| (offsets.from / 1000.0, offsets.to / 1000.0)).unzip();
                Timed { word: token.text, start, end, probability: token.p }
            })
            .collect();
        let (start, end) = (segment.offsets.from / 1000.0, segment.offsets.to / 1000.0);
        Segment { text: segment.text, start, end, words }
    }
}

impl Segment {
    /// The words with their times. Where they are not those of the text, the text's, which share the segment's time.
    fn words(self) -> Vec<Word> {
        let mut words = Vec::with_capacity(self.words.len());
        let mut at = 0;
        for timed in &self.words {
            let text = timed.word.trim();
            let Some(offset) = self.text[at..].find(text) else { return self.shared() };
            let place = match (timed.start, timed.end) {
                (Some(start), Some(end)) if start <= end => Place::Time { start, end },
                _ => Place::Unknown,
            };
            let glued = at > 0 && offset == 0;
            at += offset + text.len();
            words.push(Word { confidence: timed.probability, glued, ..Word::new(text, place) });
        }
        if words.is_empty() || !self.text[at..].trim().is_empty() { self.shared() } else { words }
    }

    fn shared(self) -> Vec<Word> {
        vec![Word::new(self.text, Place::Time { start: self.start, end: self.end.max(self.start) })]
    }
}

pub(super) struct Reader {
    items: ItemReader,
    recordings: usize,
}

impl Reader {
    pub(super) fn new(items: ItemReader) -> Self {
        Reader { items, recordings: 0 }
    }
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        let Some((line, text)) = self.items.next()? else { return Ok(None) };
        let parsed = serde_json::from_str::<Transcript>(text).map_err(|error| (error.to_string(), error.line()));
        let (segments, language) = match parsed {
            Ok(Transcript { segments: Some(segments), language, .. }) => (segments, language),
            Ok(Transcript { transcription: Some(segments), result, .. }) => {
                (segments.into_iter().map(Segment::from).collect(), result.and_then(|result| result.language))
            }
            other => {
                let (message, offset) = match other {
                    Err(error) => error,
                    Ok(_) => ("it has neither `segments` nor `transcription`".to_owned(), 1),
                };
                let kind = ErrorKind::Json { expected: "a transcript by Whisper", message };
                let line = line + offset.saturating_sub(1) as u64;
                return Err(Error::at_line(self.items.file(), line, kind));
            }
        };
        self.recordings += 1;
        let name = if self.recordings == 1 { String::new() } else { format!("recording{}", self.recordings) };
        let words = segments.into_iter().flat_map(Segment::words);
        let blocks = Document::speech(words, PAUSE);
        Ok(Some(Document { name, lang: language, blocks, ..Document::default() }))
    }
}
