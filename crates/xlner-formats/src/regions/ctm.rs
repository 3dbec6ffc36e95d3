//! CTM, the time-marked words of NIST's scoring tools: `recording channel start duration word [confidence]`, in seconds.
//!
//! There is no punctuation as a rule, so a pause of a second ends a sentence. Of alternatives (`<ALT_BEGIN>`) the first is
//! read; silence (`<eps>`, `<sil>`) is passed over.

use std::path::Path;
use std::sync::Arc;

use super::Documents;
use super::document::{Document, Place, Word};
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::line_reader::LineReader;
use crate::reader::Status;

/// Seconds of silence that end a sentence.
const PAUSE: f64 = 1.0;

pub(super) struct Reader {
    lines: LineReader,
    /// First word of the next recording.
    waiting: Option<(String, Word)>,
    /// Whether alternatives but the first are being passed over.
    alternative: bool,
}

impl Reader {
    pub(super) fn open(path: &Path, status: &Arc<Status>) -> Result<Self> {
        Ok(Reader { lines: LineReader::open(path, status)?, waiting: None, alternative: false })
    }

    /// The next word, with the recording and its channel.
    fn word(&mut self) -> Result<Option<(String, Word)>> {
        loop {
            let Some(line) = self.lines.next()? else { return Ok(None) };
            if line.text.starts_with(";;") || line.text.trim().is_empty() {
                continue;
            }
            let mut columns = line.text.split_whitespace();
            let mut next = || columns.next();
            let found = (|| Some((next()?, next()?, next()?, next()?, next()?)))();
            let confidence = columns.next().and_then(|value| value.parse::<f64>().ok());
            let parsed = found.and_then(|(recording, channel, start, duration, word)| {
                if word.starts_with("<ALT") {
                    self.alternative = word == "<ALT>";
                    return Some(None);
                }
                let seconds = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
                let (start, duration) = (seconds(start)?, seconds(duration)?);
                let mut word = Word::new(word, Place::Time { start, end: start + duration });
                word.confidence = confidence.filter(|value| value.is_finite());
                Some(Some((format!("{recording}.{channel}"), word)))
            });
            match parsed {
                Some(Some((_, word))) if self.alternative || matches!(word.text.as_str(), "<eps>" | "<sil>") => {}
                Some(Some(word)) => return Ok(Some(word)),
                Some(None) => {}
                None => {
                    let expected = "`recording channel start duration word`, with seconds from 0 up";
                    let kind = ErrorKind::BadLine { line: shorten(line.text), expected };
                    let number = line.number;
                    return Err(Error::at_line(self.lines.file(), number, kind));
                }
            }
        }
    }
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        let first = match self.waiting.take() {
            Some(first) => Some(first),
            None => self.word()?,
        };
        let Some((name, word)) = first else { return Ok(None) };
        let mut words = vec![word];
        while let Some((recording, word)) = self.word()? {
            if recording != name {
                self.waiting = Some((recording, word));
                break;
            }
            words.push(word);
        }
        Ok(Some(Document { name, blocks: Document::speech(words, PAUSE), ..Document::default() }))
    }
}
