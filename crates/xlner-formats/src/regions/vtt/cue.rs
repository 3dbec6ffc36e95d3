//! The text of a cue.

use std::sync::Arc;

use super::seconds;
use crate::regions::document::Word;
use crate::regions::place::Place;
use crate::regions::references::unescape;

/// A cue as the file has it.
pub(super) struct Cue {
    pub start: f64,
    pub end: f64,
    /// Its lines, each with its number in the file.
    pub payload: Vec<(u64, String)>,
}

/// Words in a line of a cue, each with its voice.
pub(super) type Row = Vec<(Option<Arc<str>>, Word)>;

/// A cue as it is shown.
pub(super) struct Shown {
    pub start: f64,
    pub end: f64,
    /// Its first line in the file.
    pub line: u64,
    /// Lines that are not blank.
    pub rows: Vec<Row>,
    /// Ruby annotations that were left out.
    pub ruby: usize,
}

/// What a tag does.
enum Tag {
    Time(f64),
    Voice(Option<String>),
    /// Begins or ends what is read beside a word.
    Annotation(bool),
    Ignored,
}

impl Tag {
    /// The tag of this text between `<` and `>`; `None` where it is text.
    fn of(inner: &str) -> Option<Tag> {
        if let Some(time) = seconds(inner) {
            return Some(Tag::Time(time));
        }
        let (name, rest) = inner.split_at(inner.find(['.', ' ', '\t', '\n']).unwrap_or(inner.len()));
        Some(match name {
            "v" => Tag::Voice(Some(rest.trim().to_owned())),
            "/v" => Tag::Voice(None),
            "rt" | "rp" => Tag::Annotation(true),
            "/rt" | "/rp" | "/ruby" => Tag::Annotation(false),
            _ => {
                let name = name.trim_start_matches('/').trim_end_matches('/').to_ascii_lowercase();
                let known = ["", "c", "i", "b", "u", "s", "ruby", "lang", "font", "span", "em", "strong", "p", "br"];
                return known.contains(&name.as_str()).then_some(Tag::Ignored);
            }
        })
    }
}

/// A payload without the codes for places and looks that SubRip has from SubStation Alpha: `{\\an8}`.
fn without_codes(payload: &str) -> String {
    let mut text = String::with_capacity(payload.len());
    let mut rest = payload;
    while let Some((before, after)) = rest.split_once("{\\") {
        text.push_str(before);
        match after.split_once('}').filter(|(code, _)| !code.contains(['{', '\n'])) {
            Some((_, after)) => rest = after,
            None => {
                text.push_str("{\\");
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

impl Cue {
    /// Its words, with times.
    pub(super) fn show(&self) -> Shown {
        let line = self.payload.first().map_or(0, |(line, _)| *line);
        let mut shown = Shown { start: self.start, end: self.end, line, rows: Vec::new(), ruby: 0 };
        let lines: Vec<&str> = self.payload.iter().map(|(_, line)| line.as_str()).collect();
        let payload = without_codes(&lines.join("\n"));
        // The text without tags, times and voices of places in it.
        let mut text = String::with_capacity(payload.len());
        let mut times = vec![(0, self.start)];
        let mut voices: Vec<(usize, Option<Arc<str>>)> = Vec::new();
        let mut annotation = false;
        let mut rest = payload.as_str();
        while !rest.is_empty() {
            let open = rest.find('<').unwrap_or(rest.len());
            let add = |plain: &str, text: &mut String| {
                if annotation {
                    // Its line breaks still are line breaks of the cue.
                    text.extend(plain.matches('\n'));
                } else {
                    text.push_str(&unescape(plain));
                }
            };
            add(&rest[..open], &mut text);
            rest = &rest[open..];
            if rest.is_empty() {
                break;
            }
            let inner = rest[1..].find(['<', '>']).map(|end| &rest[1..1 + end]);
            let closed = inner.filter(|inner| rest[1 + inner.len()..].starts_with('>'));
            let Some((tag, inner)) = closed.and_then(|inner| Some((Tag::of(inner)?, inner))) else {
                add("<", &mut text);
                rest = &rest[1..];
                continue;
            };
            // A tag may stand on two lines.
            text.extend(inner.matches('\n'));
            rest = &rest[inner.len() + 2..];
            match tag {
                Tag::Time(time) => {
                    let last = times.last().map_or(self.start, |&(_, time)| time);
                    if (last..=self.end).contains(&time) {
                        times.push((text.len(), time));
                    }
                }
                Tag::Voice(voice) => voices.push((text.len(), voice.map(Arc::from))),
                Tag::Annotation(begins) => {
                    shown.ruby += usize::from(begins && !annotation);
                    annotation = begins;
                }
                Tag::Ignored => {}
            }
        }
        times[0].0 = text.len() - text.trim_start().len();
        times.push((text.trim_end().len().max(times[0].0), self.end));
        let mut clock = Clock::new(&text, times);
        let mut voices = voices.into_iter().peekable();
        let mut voice = None;
        let mut start = 0;
        for (row, line) in text.split('\n').enumerate() {
            let number = self.payload.get(row).map_or(0, |(number, _)| *number);
            let mut words = Row::new();
            for word in line.split_whitespace() {
                let at = start + (word.as_ptr() as usize - line.as_ptr() as usize);
                while let Some((_, new)) = voices.next_if(|(place, _)| *place <= at) {
                    voice = new;
                }
                let place = Place::Time { start: clock.second(at, false), end: clock.second(at + word.len(), true) };
                words.push((voice.clone(), Word { line: number, ..Word::new(word, place) }));
            }
            start += line.len() + 1;
            if !words.is_empty() {
                shown.rows.push(words);
            }
        }
        shown
    }
}

/// Seconds of bytes of a text, asked for in order: the text is gone through once.
struct Clock<'a> {
    text: &'a str,
    /// Bytes and their seconds, in order.
    times: Vec<(usize, f64)>,
    /// The last time before the byte that was asked for.
    at: usize,
    /// A byte after that time, and the characters between.
    byte: usize,
    characters: usize,
    /// The characters up to the next time.
    span: usize,
}

impl<'a> Clock<'a> {
    fn new(text: &'a str, times: Vec<(usize, f64)>) -> Self {
        let mut clock = Clock { text, times, at: 0, byte: 0, characters: 0, span: 0 };
        clock.enter(0);
        clock
    }

    fn enter(&mut self, at: usize) {
        let (from, to) = (self.times[at].0, self.times.get(at + 1).map_or(self.text.len(), |next| next.0));
        (self.at, self.byte, self.characters) = (at, from, 0);
        self.span = self.text.get(from..to).map_or(0, |between| between.chars().count());
    }

    /// The second at which a byte is spoken; `ends`: at which what ends there was.
    fn second(&mut self, byte: usize, ends: bool) -> f64 {
        while self.times.get(self.at + 2).is_some_and(|_| {
            let next = self.times[self.at + 1].0;
            next < byte || next == byte && !ends
        }) {
            self.enter(self.at + 1);
        }
        let (start, end) = (self.times[self.at].1, self.times[self.at + 1].1);
        if byte > self.byte {
            self.characters += self.text[self.byte..byte].chars().count();
            self.byte = byte;
        }
        if self.span == 0 {
            start
        } else {
            start + (end - start) * self.characters.min(self.span) as f64 / self.span as f64
        }
    }
}
