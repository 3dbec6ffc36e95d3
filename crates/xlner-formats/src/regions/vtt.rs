//! WebVTT (<https://www.w3.org/TR/webvtt1/>). Time tags inside a cue (`<00:00:01.500>`) time its words; between two times the
//! characters share the time. A pause of two seconds, or another voice (`<v Name>`), ends a sentence. What rolling captions show again
//! is read once.
//!
//! Files that players forgive are read as well: cues right after the header or without a blank line between them, commas in times.
//! So is SubRip (`.srt`), which has no header.

mod cue;
mod rolling;

use std::path::Path;
use std::sync::Arc;

use super::Documents;
use super::document::{Block, Document, Word};
use super::place::is_sensible;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::line_reader::LineReader;
use crate::notes::NoteKind;
use crate::reader::Status;
use cue::Cue;

/// Seconds of silence that end a sentence.
const PAUSE: f64 = 2.0;

const SHOWN_AGAIN: NoteKind = NoteKind::new("shown-again", "lines that rolling captions show again (read once)");
const RUBY: NoteKind = NoteKind::new("ruby", "ruby annotations, the pronunciation beside a word (left out)");
const LOOSE: NoteKind = NoteKind::new("loose-text", "texts without a time (read with the cue before them)");

pub(super) struct Reader {
    lines: LineReader,
    /// A line that was looked at.
    waiting: Option<(u64, String)>,
    status: Arc<Status>,
    done: bool,
}

impl Reader {
    pub(super) fn open(path: &Path, status: &Arc<Status>) -> Result<Self> {
        let mut lines = LineReader::open(path, status)?;
        // Sentences are only found once all is read.
        lines.begin();
        Ok(Reader { lines, waiting: None, status: Arc::clone(status), done: false })
    }

    fn line(&mut self) -> Result<Option<(u64, String)>> {
        if self.waiting.is_some() {
            return Ok(self.waiting.take());
        }
        Ok(self.lines.next()?.map(|line| (line.number, line.text.to_owned())))
    }

    /// The next line; it stays to be read.
    fn peek(&mut self) -> Result<Option<&str>> {
        self.waiting = self.line()?;
        Ok(self.waiting.as_ref().map(|(_, line)| line.as_str()))
    }

    /// The lines before an empty one and before the times of a cue. `blank` lines end them, or only those without a character.
    fn text(&mut self, blank: bool) -> Result<Vec<(u64, String)>> {
        let mut text = Vec::new();
        while let Some((number, line)) = self.line()? {
            if times(&line).is_some() {
                self.waiting = Some((number, line));
                break;
            }
            if line.is_empty() || blank && line.trim().is_empty() {
                break;
            }
            text.push((number, line));
        }
        Ok(text)
    }

    fn at(&self, number: u64) -> impl FnOnce(ErrorKind) -> Error + '_ {
        move |kind| Error::at_line(self.lines.file(), number, kind)
    }

    fn bad(&self, number: u64, line: &str, expected: &'static str) -> Error {
        self.at(number)(ErrorKind::BadLine { line: shorten(line), expected })
    }

    /// The language that the header names.
    fn header(&mut self) -> Result<Option<String>> {
        let (mut number, mut first) = self.line()?.unwrap_or((1, String::new()));
        while first.trim().is_empty() && self.peek()?.is_some() {
            (number, first) = self.line()?.unwrap_or_default();
        }
        // SubRip: a number, and the times after it.
        if first.trim().parse::<u64>().is_ok() && self.peek()?.is_some_and(|next| times(next).is_some()) {
            return Ok(None);
        }
        if first.strip_prefix("WEBVTT").is_none_or(|rest| !rest.is_empty() && !rest.starts_with([' ', '\t'])) {
            return Err(self.bad(
                number,
                &first,
                "the first line of WebVTT (`WEBVTT`) or the number of the first cue of SubRip",
            ));
        }
        let lines = self.text(true)?;
        let lang = lines.iter().find_map(|(_, line)| line.strip_prefix("Language:"));
        Ok(lang.map(|lang| lang.trim().to_owned()))
    }

    /// All cues.
    fn cues(&mut self) -> Result<Vec<Cue>> {
        let mut cues: Vec<Cue> = Vec::new();
        // The number of the cue before, where cues are numbered.
        let mut last_id: Option<u64> = None;
        while let Some((number, line)) = self.line()? {
            if line.trim().is_empty() {
                continue;
            }
            let (mut id, mut number, mut timing) = (None, number, line);
            if !timing.contains("-->") {
                if self.peek()?.is_some_and(|next| next.contains("-->")) {
                    id = Some(std::mem::take(&mut timing));
                    (number, timing) = self.line()?.unwrap_or_default();
                } else if is_comment(&timing) {
                    self.text(true)?;
                    continue;
                } else {
                    let Some(cue) = cues.last_mut() else {
                        return Err(self.bad(number, &timing, "a cue (`00:00:01.000 --> 00:00:02.500`)"));
                    };
                    cue.payload.push((number, timing));
                    let text = self.text(true)?;
                    cue.payload.extend(text);
                    self.status.note(LOOSE, 1, self.at(number))?;
                    continue;
                }
            }
            let Some((start, end)) = times(&timing).filter(|(start, end)| start <= end) else {
                return Err(self.bad(number, &timing, "a cue's times (`00:00:01.000 --> 00:00:02.500`)"));
            };
            let mut payload = self.text(false)?;
            let id = id.and_then(|id| id.trim().parse().ok()).or(last_id.map(|id| id + 1));
            last_id = id;
            // No empty line before the next cue: its identifier looks like text.
            if self.waiting.is_some() && is_identifier(&payload, id) {
                payload.pop();
            }
            cues.push(Cue { start, end, payload });
        }
        Ok(cues)
    }
}

/// Whether the last line of a payload is the identifier of the next cue; `id` is this cue's number.
fn is_identifier(payload: &[(u64, String)], id: Option<u64>) -> bool {
    let Some(((_, last), before)) = payload.split_last() else { return false };
    let after_blank = before.len() > 1 && before.last().is_some_and(|(_, line)| line.trim().is_empty());
    after_blank || !before.is_empty() && id.is_some_and(|id| last.trim().parse() == Ok(id + 1))
}

/// Whether the block that begins with this line is a comment, a style or a region.
fn is_comment(line: &str) -> bool {
    let keyword = |name| line.strip_prefix(name).filter(|rest: &&str| rest.is_empty() || rest.starts_with([' ', '\t']));
    keyword("NOTE").is_some()
        || ["STYLE", "REGION"].into_iter().any(|name| keyword(name).is_some_and(|rest| rest.trim().is_empty()))
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let lang = self.header()?;
        let cues = self.cues()?;
        let mut shown: Vec<cue::Shown> = Vec::with_capacity(cues.len());
        for cue in &cues {
            let cue = cue.show();
            self.status.note(RUBY, cue.ruby, self.at(cue.line))?;
            shown.push(cue);
        }
        for line in rolling::take_out(&mut shown) {
            self.status.note(SHOWN_AGAIN, 1, self.at(line))?;
        }
        let (mut blocks, mut words): (Vec<Block>, Vec<Word>) = (Vec::new(), Vec::new());
        let mut voice: Option<Arc<str>> = None;
        for (new, word) in shown.into_iter().flat_map(|cue| cue.rows).flatten() {
            if new.is_some() && new != voice {
                voice = new;
                blocks.extend(Document::speech(std::mem::take(&mut words), PAUSE));
            }
            words.push(word);
        }
        blocks.extend(Document::speech(words, PAUSE));
        Ok(Some(Document { lang, blocks, ..Document::default() }))
    }
}

/// The times of a cue: `00:00:01.000 --> 00:00:02.500 align:start`.
fn times(line: &str) -> Option<(f64, f64)> {
    let (start, rest) = line.split_once("-->")?;
    seconds(start).zip(seconds(rest.split_whitespace().next()?))
}

/// `01:02:03.500` or `02:03.500`.
fn seconds(text: &str) -> Option<f64> {
    let mut parts = text.trim().split(':');
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
    let (hours, minutes, seconds) = match third {
        Some(third) => (first, second, third),
        None => ("0", first, second),
    };
    if parts.next().is_some() || !seconds.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = seconds.replace(',', ".").parse::<f64>().ok()?;
    Some(f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + seconds).filter(|&seconds| is_sensible(seconds))
}
