//! A page or a recording, and its sentences.

use std::path::Path;

use xlner_core::Sentence;
use xlner_core::split;
use xlner_core::tokenize::tokenize;

use super::hyphens;
use super::place::{Edges, Page, Place, Placed, Positions};
use crate::ReadOptions;
use crate::error::{Error, Result};
use crate::limits::check_tokens;
use crate::notes::NoteKind;
use crate::reader::Status;
use crate::record::from_line;

const LONE_HALVES: NoteKind =
    NoteKind::new("lone-halves", "halves of hyphenated words whose other half does not follow (kept as they stand)");

/// A word as the file has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Word {
    pub text: String,
    pub place: Place,
    /// 0 to 1.
    pub confidence: Option<f64>,
    /// No space separates it from the word before it.
    pub glued: bool,
    /// A hyphen after it that the file keeps apart from its text.
    pub hyphen: String,
    /// The file says that it is half of a word that a line break divides.
    pub half: Option<Half>,
    /// The line of the file, counted from 1.
    pub line: u64,
}

/// Which half a word is; with the whole word, where the file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Half {
    First(Option<String>),
    Second(Option<String>),
}

impl Word {
    pub(super) fn new(text: impl Into<String>, place: Place) -> Self {
        Word { text: text.into(), place, ..Word::default() }
    }
}

/// Words between two line breaks.
pub(super) type Line = Vec<Word>;
/// Lines that belong together: a paragraph of a page, speech without a long pause.
pub(super) type Block = Vec<Line>;

/// A page or a recording.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// What the ids of its sentences begin with; may be empty.
    pub name: String,
    pub lang: Option<String>,
    /// Number of the page, counted from 1; none in a recording.
    pub page: Option<usize>,
    /// The page's own box.
    pub edges: Option<Edges>,
    /// The file of the page's image, as the file names it.
    pub image: Option<String>,
    pub blocks: Vec<Block>,
}

impl Document {
    /// Blocks of spoken words: a pause of so many seconds begins a new one.
    pub(super) fn speech(words: impl IntoIterator<Item = Word>, pause: f64) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut last = None;
        for word in words {
            let time = word.place.time();
            let pauses = time.zip(last).is_some_and(|((start, _), end)| start - end >= pause);
            last = time.map(|(_, end)| end).or(last);
            match blocks.last_mut() {
                Some(block) if !pauses => block[0].push(word),
                _ => blocks.push(vec![vec![word]]),
            }
        }
        blocks
    }

    /// The sentences, tokenised, with one region per token.
    pub(super) fn sentences(mut self, file: &Path, options: &ReadOptions, status: &Status) -> Result<Vec<Sentence>> {
        let on_page = self.page.is_some();
        if on_page {
            for line in hyphens::join(&mut self.blocks) {
                status.note(LONE_HALVES, 1, |kind| Error::at_line(file, line, kind))?;
            }
        }
        let lang = options.lang.clone().or(self.lang);
        let (text, words) = assemble(self.blocks, on_page);
        let page = Page { number: self.page, edges: self.edges, image: self.image };
        let mut positions = Positions::new(&text);
        let mut first = 0;
        let mut sentences = Vec::new();
        for range in split::sentences(&text, lang.as_deref()) {
            first += words[first..].partition_point(|word| word.bytes.end <= range.start);
            let fail = |kind| match words.get(first).map(|word| word.word.line) {
                Some(line @ 1..) => Error::at_line(file, line, kind),
                _ => Error::in_file(file, kind),
            };
            let mut sentence = if options.tokenized {
                from_line(&text[range.clone()], true, None)
            } else {
                let mut sentence = Sentence::from_text(&text[range.clone()]);
                sentence
                    .set_token_ranges(tokenize(sentence.text(), lang.as_deref()))
                    .map_err(|error| fail(error.into()))?;
                sentence
            };
            check_tokens(sentence.len(), options).map_err(fail)?;
            let regions = (0..sentence.len()).map(|token| {
                let token = sentence.byte_range(token);
                let token = range.start + token.start..range.start + token.end;
                first += words[first..].partition_point(|word| word.bytes.end <= token.start);
                let count = words[first..].partition_point(|word| word.bytes.start < token.end);
                page.region(positions.of(token.start)..positions.of(token.end), &words[first..first + count])
            });
            sentence.regions = Some(regions.collect());
            sentence.lang.clone_from(&lang);
            let number = sentences.len() + 1;
            let id = if self.name.is_empty() { number.to_string() } else { format!("{}.{number}", self.name) };
            sentence.extra.insert("id", id.into());
            sentences.push(sentence);
        }
        Ok(sentences)
    }
}

/// The text of the blocks, between most of which there is a blank line, and where each word stands in it.
fn assemble(blocks: Vec<Block>, on_page: bool) -> (String, Vec<Placed>) {
    let mut text = String::new();
    let (mut words, mut counted, mut characters) = (Vec::new(), 0, 0);
    for block in blocks {
        let mut first = true;
        for mut word in block.into_iter().flatten() {
            word.text = one_line(&word.text);
            if word.text.is_empty() {
                continue;
            }
            if first {
                // A paragraph of a page that begins in lower case goes on with the one before it: the layout was misread.
                let goes_on = on_page && word.text.starts_with(char::is_lowercase);
                text.push_str(if text.is_empty() {
                    ""
                } else if goes_on {
                    " "
                } else {
                    "\n\n"
                });
            } else if !(word.glued || text.ends_with(is_unspaced) && word.text.starts_with(is_unspaced)) {
                text.push(' ');
            }
            first = false;
            let start = text.len();
            text.push_str(&word.text);
            characters += text[counted..start].chars().count();
            counted = text.len();
            let length = word.text.chars().count();
            words.push(Placed { bytes: start..counted, characters: characters..characters + length, word });
            characters += length;
        }
    }
    (text, words)
}

/// The text with single spaces for white space.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for piece in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(piece);
    }
    line
}

/// Whether words of this script are not separated: Chinese and Japanese.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FF9F}' | '\u{20000}'..='\u{3FFFF}')
}
