//! The JSON of the programs, brought into one shape.

use serde::Deserialize;

use super::languages::LANGUAGES;

/// A recording.
#[derive(Deserialize)]
pub(super) struct Transcript {
    language: Option<String>,
    segments: Option<Vec<Segment>>,
    /// Of the pipeline of Hugging Face.
    chunks: Option<Vec<Chunk>>,
    /// Of OpenAI's API, beside the text.
    words: Option<Vec<Timed>>,
    text: Option<String>,
    /// Of whisper.cpp.
    result: Option<CppResult>,
    transcription: Option<Vec<CppSegment>>,
}

impl Transcript {
    /// The language that it names.
    pub(super) fn take_language(&mut self) -> Option<String> {
        let language = self.language.take().or_else(|| self.result.take()?.language)?;
        let code = LANGUAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&language));
        Some(code.map_or(language, |(_, code)| (*code).to_owned()))
    }

    /// Its segments; `None` where it is no transcript.
    pub(super) fn segments(self) -> Option<Vec<Segment>> {
        let segments = self.segments.filter(|segments| !segments.is_empty() || self.words.is_none());
        if let Some(segments) = segments {
            // Without segments all that was said is in the text.
            let text = self.text.filter(|text| segments.is_empty() && !text.trim().is_empty());
            return Some(if text.is_some() { vec![Segment { text, ..Segment::default() }] } else { segments });
        }
        if let Some(segments) = self.transcription {
            return Some(segments.into_iter().map(Segment::from).collect());
        }
        if let Some(chunks) = self.chunks {
            return Some(chunks.into_iter().map(Segment::from).collect());
        }
        let Some(words) = self.words else {
            // The API's plain JSON.
            return Some(vec![Segment { text: Some(self.text?), ..Segment::default() }]);
        };
        Some(vec![Segment { text: self.text, words: Some(words), ..Segment::default() }])
    }
}

/// What was said without a break; times in seconds.
#[derive(Default, Deserialize)]
pub(super) struct Segment {
    pub text: Option<String>,
    pub start: Option<f64>,
    pub end: Option<f64>,
    pub words: Option<Vec<Timed>>,
    pub speaker: Option<String>,
}

/// A word.
#[derive(Deserialize)]
pub(super) struct Timed {
    /// Some programs leave it out where they found no time.
    #[serde(alias = "text", default, deserialize_with = "or_empty")]
    pub word: String,
    pub start: Option<f64>,
    pub end: Option<f64>,
    #[serde(alias = "score")]
    pub probability: Option<f64>,
}

fn or_empty<'de, D: serde::Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

#[derive(Deserialize)]
struct Chunk {
    text: String,
    /// Start and end in seconds.
    timestamp: Option<(Option<f64>, Option<f64>)>,
}

impl From<Chunk> for Segment {
    fn from(chunk: Chunk) -> Self {
        let (start, end) = chunk.timestamp.unwrap_or_default();
        Segment { text: Some(chunk.text), start, end, ..Segment::default() }
    }
}

#[derive(Deserialize)]
struct CppResult {
    language: Option<String>,
}

#[derive(Deserialize)]
struct CppSegment {
    text: String,
    offsets: Option<Offsets>,
    tokens: Option<Vec<CppToken>>,
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
    from: Option<f64>,
    to: Option<f64>,
}

impl Offsets {
    /// Start and end in seconds.
    fn seconds(offsets: Option<Offsets>) -> (Option<f64>, Option<f64>) {
        let seconds = |milliseconds: f64| milliseconds / 1000.0;
        offsets.map_or((None, None), |Offsets { from, to }| (from.map(seconds), to.map(seconds)))
    }
}

impl From<CppSegment> for Segment {
    fn from(segment: CppSegment) -> Self {
        // Tokens like `[_BEG_]` are not spoken.
        let spoken = segment.tokens.into_iter().flatten().filter(|token| !token.text.starts_with("[_"));
        let words = spoken.map(|token| {
            let (start, end) = Offsets::seconds(token.offsets);
            Timed { word: token.text, start, end, probability: token.p }
        });
        let words = Some(words.collect());
        let (start, end) = Offsets::seconds(segment.offsets);
        Segment { text: Some(segment.text), start, end, words, speaker: None }
    }
}
