//! WebVTT (<https://www.w3.org/TR/webvtt1/>). Time tags inside a cue (`<00:00:01.500>`) time its words; between two times the
//! characters share the time. A pause of two seconds, or another voice (`<v Name>`), ends a sentence.

use std::path::Path;
use std::sync::Arc;

use quick_xml::escape::{resolve_html5_entity, unescape_with};

use super::Documents;
use super::document::{Block, Document, Place, Word};
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::line_reader::LineReader;
use crate::reader::Status;

/// Seconds of silence that end a sentence.
const PAUSE: f64 = 2.0;

pub(super) struct Reader {
    lines: LineReader,
    done: bool,
}

impl Reader {
    pub(super) fn open(path: &Path, status: &Arc<Status>) -> Result<Self> {
        Ok(Reader { lines: LineReader::open(path, status)?, done: false })
    }

    /// The lines up to the next blank one, with the number of the first; none at the end.
    fn block(&mut self) -> Result<(u64, Vec<String>)> {
        let (mut number, mut block) = (0, Vec::new());
        while let Some(line) = self.lines.next()? {
            if !line.text.trim().is_empty() {
                if block.is_empty() {
                    number = line.number;
                }
                block.push(line.text.to_owned());
            } else if !block.is_empty() {
                break;
            }
        }
        Ok((number, block))
    }

    fn bad(&self, number: u64, line: &str, expected: &'static str) -> Error {
        Error::at_line(self.lines.file(), number, ErrorKind::BadLine { line: shorten(line), expected })
    }
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let (number, header) = self.block()?;
        let first = header.first().map_or("", String::as_str);
        if !first.starts_with("WEBVTT") {
            return Err(self.bad(number.max(1), first, "the first line of WebVTT (`WEBVTT`)"));
        }
        let lang = header.iter().find_map(|line| line.strip_prefix("Language:")).map(|lang| lang.trim().to_owned());
        let (mut blocks, mut words): (Vec<Block>, _) = (Vec::new(), Vec::new());
        let mut voice = String::new();
        loop {
            let (number, block) = self.block()?;
            let Some(line) = block.first() else { break };
            if ["NOTE", "STYLE", "REGION"].iter().any(|kind| line.starts_with(kind)) && !line.contains("-->") {
                continue;
            }
            let Some(at) = block.iter().take(2).position(|line| line.contains("-->")) else {
                return Err(self.bad(number, line, "a cue (`00:00:01.000 --> 00:00:02.500`)"));
            };
            let timing = &block[at];
            let (start, rest) = timing.split_once("-->").unwrap_or_default();
            let end = rest.split_whitespace().next().unwrap_or_default();
            let Some((start, end)) = seconds(start).zip(seconds(end)).filter(|(start, end)| start <= end) else {
                return Err(self.bad(number + at as u64, timing, "a cue's times (`00:00:01.000 --> 00:00:02.500`)"));
            };
            let cue = Cue::parse(&block[at + 1..].join("\n"), start, end);
            if let Some(new) = &cue.voice
                && *new != voice
            {
                voice.clone_from(new);
                blocks.extend(Document::speech(std::mem::take(&mut words), PAUSE));
            }
            words.extend(cue.words());
        }
        blocks.extend(Document::speech(words, PAUSE));
        Ok(Some(Document { lang, blocks, ..Document::default() }))
    }
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
    let seconds = seconds.parse::<f64>().ok().filter(|seconds| seconds.is_finite())?;
    Some(f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + seconds)
}

/// A cue: its text without tags, and times of places in it.
struct Cue {
    text: String,
    /// Byte of the text and second, in order; the first and the last are the cue's own.
    times: Vec<(usize, f64)>,
    voice: Option<String>,
}

impl Cue {
    fn parse(payload: &str, start: f64, end: f64) -> Cue {
        let mut cue = Cue { text: String::new(), times: vec![(0, start)], voice: None };
        let mut rest = payload;
        while !rest.is_empty() {
            let (plain, tag) = rest.split_once('<').unwrap_or((rest, ""));
            match unescape_with(plain, resolve_html5_entity) {
                Ok(plain) => cue.text.push_str(&plain),
                Err(_) => cue.text.push_str(plain),
            }
            let (tag, behind) = tag.split_once('>').unwrap_or((tag, ""));
            rest = behind;
            if let Some(voice) = tag.strip_prefix('v').filter(|voice| voice.starts_with([' ', '.'])) {
                cue.voice = Some(voice.to_owned());
            }
            let last = cue.times.last().map_or(start, |&(_, time)| time);
            if let Some(time) = seconds(tag).filter(|time| (last..=end).contains(time)) {
                cue.times.push((cue.text.len(), time));
            }
        }
        cue.times.push((cue.text.len(), end));
        cue
    }

    /// The second at which a byte of the text is spoken.
    fn second(&self, byte: usize) -> f64 {
        let behind = self.times.partition_point(|&(at, _)| at <= byte).clamp(1, self.times.len() - 1);
        let ((from, start), (to, end)) = (self.times[behind - 1], self.times[behind]);
        let count = |from: usize, to: usize| self.text[from..to].chars().count() as f64;
        if to <= from { start } else { start + (end - start) * count(from, byte.clamp(from, to)) / count(from, to) }
    }

    fn words(&self) -> impl Iterator<Item = Word> + '_ {
        self.text.split_whitespace().map(|word| {
            let start = word.as_ptr() as usize - self.text.as_ptr() as usize;
            let place = Place::Time { start: self.second(start), end: self.second(start + word.len()) };
            Word::new(word, place)
        })
    }
}
