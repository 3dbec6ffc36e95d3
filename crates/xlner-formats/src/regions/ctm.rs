//! CTM, the time-marked words of NIST's scoring tools: `recording channel start duration word [confidence]`, in seconds.
//!
//! There is no punctuation as a rule, so a pause of a second ends a sentence. Channels may be interleaved: each is read by itself, in
//! the order of its times. Of alternatives (`<ALT_BEGIN>`) the first is read; silence (`<eps>`, `<sil>`) is passed over.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::document::{Document, Word};
use super::place::{CONFIDENCES, Place, confidence, is_sensible};
use super::{Documents, OTHER_READINGS};
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::line_reader::LineReader;
use crate::notes::NoteKind;
use crate::reader::Status;

/// Seconds of silence that end a sentence.
const PAUSE: f64 = 1.0;

const UNSORTED: NoteKind =
    NoteKind::new("unsorted-words", "words that stand after later ones (put in the order of their times)");

pub(super) struct Reader {
    lines: LineReader,
    status: Arc<Status>,
    /// Recordings with their channels, in the order of their first words, once the file is read.
    recordings: Option<std::vec::IntoIter<(String, Vec<Word>)>>,
    /// Whether alternatives but the first are being passed over.
    alternative: bool,
}

/// What a line holds.
enum Entry {
    Word {
        recording: String,
        word: Word,
    },
    /// `<ALT_BEGIN>`, `<ALT>`, `<ALT_END>`
    Mark {
        alternative: bool,
    },
}

impl Entry {
    fn parse(line: &str, number: u64) -> Option<(Entry, Option<f64>)> {
        let mut columns = line.split_whitespace();
        let mut next = || columns.next();
        let (recording, channel, start, duration, text) = (next()?, next()?, next()?, next()?, next()?);
        if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("<ALT")) {
            return Some((Entry::Mark { alternative: text.eq_ignore_ascii_case("<ALT>") }, None));
        }
        let seconds = |text: &str| text.parse::<f64>().ok().filter(|&value| is_sensible(value) && value >= 0.0);
        let (start, duration) = (seconds(start)?, seconds(duration)?);
        let word = Word { line: number, ..Word::new(text, Place::Time { start, end: start + duration }) };
        Some((
            Entry::Word { recording: format!("{recording}.{channel}"), word },
            next().and_then(|value| value.parse().ok()),
        ))
    }
}

impl Reader {
    pub(super) fn open(path: &Path, status: &Arc<Status>) -> Result<Self> {
        let mut lines = LineReader::open(path, status)?;
        // Sentences are only found once all is read.
        lines.begin();
        Ok(Reader { lines, status: Arc::clone(status), recordings: None, alternative: false })
    }

    /// The next word, with the recording and its channel.
    fn word(&mut self) -> Result<Option<(String, Word)>> {
        loop {
            let Some(line) = self.lines.next()? else { return Ok(None) };
            if line.text.trim_start().starts_with(";;") || line.text.trim().is_empty() {
                continue;
            }
            let number = line.number;
            let Some((entry, given)) = Entry::parse(line.text, number) else {
                let expected = "`recording channel start duration word`, with seconds from 0 up";
                let kind = ErrorKind::BadLine { line: shorten(line.text), expected };
                return Err(Error::at_line(self.lines.file(), number, kind));
            };
            let at = |kind| Error::at_line(self.lines.file(), number, kind);
            match entry {
                Entry::Mark { alternative } => self.alternative = alternative,
                Entry::Word { word, .. } if is_silence(&word.text) => {}
                Entry::Word { .. } if self.alternative => self.status.note(OTHER_READINGS, 1, at)?,
                Entry::Word { recording, mut word } => {
                    word.confidence = given.and_then(confidence);
                    self.status.note(CONFIDENCES, usize::from(given.is_some() && word.confidence.is_none()), at)?;
                    return Ok(Some((recording, word)));
                }
            }
        }
    }

    /// All words of the file.
    fn recordings(&mut self) -> Result<Vec<(String, Vec<Word>)>> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut recordings: Vec<(String, Vec<Word>)> = Vec::new();
        while let Some((name, word)) = self.word()? {
            let place = match places.get(&name) {
                Some(&place) => place,
                None => {
                    places.insert(name.clone(), recordings.len());
                    recordings.push((name, Vec::new()));
                    recordings.len() - 1
                }
            };
            recordings[place].1.push(word);
        }
        for (_, words) in &mut recordings {
            let start = |word: &Word| word.place.time().map_or(0.0, |(start, _)| start);
            for two in words.windows(2).filter(|two| start(&two[1]) < start(&two[0])) {
                self.status.note(UNSORTED, 1, |kind| Error::at_line(self.lines.file(), two[1].line, kind))?;
            }
            words.sort_by(|a, b| start(a).total_cmp(&start(b)));
        }
        Ok(recordings)
    }
}

/// Whether the word stands for silence.
fn is_silence(word: &str) -> bool {
    ["<eps>", "<sil>", "!sil"].iter().any(|silence| word.eq_ignore_ascii_case(silence))
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        if self.recordings.is_none() {
            self.recordings = Some(self.recordings()?.into_iter());
        }
        let next = self.recordings.as_mut().and_then(Iterator::next);
        Ok(next.map(|(name, words)| Document { name, blocks: Document::speech(words, PAUSE), ..Document::default() }))
    }
}
