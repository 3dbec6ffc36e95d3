//! A page or a recording, and its sentences.

use std::ops::Range;

use serde_json::{Value, json};
use xlner_core::split;
use xlner_core::tokenize::tokenize;
use xlner_core::{Region, Sentence};

use crate::ReadOptions;
use crate::record::from_line;

/// Left, top, right, bottom.
pub(super) type Edges = [f64; 4];

/// Where a word stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Place {
    #[default]
    Unknown,
    /// Boxes on the page, in reading order.
    Boxes(Vec<Edges>),
    /// Seconds.
    Time { start: f64, end: f64 },
}

/// A word as the file has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Word {
    pub text: String,
    pub place: Place,
    /// 0 to 1.
    pub confidence: Option<f64>,
    /// No space separates it from the word before it.
    pub glued: bool,
    /// The file says that it goes on in the next line; the text of both parts, where the file has it.
    pub hyphenated: Option<Option<String>>,
}

impl Word {
    pub(super) fn new(text: impl Into<String>, place: Place) -> Self {
        Word { text: text.into(), place, ..Word::default() }
    }
}

/// Lines that belong together: a paragraph of a page, speech without a long pause.
pub(super) type Block = Vec<Vec<Word>>;

/// A page or a recording.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// What the ids of its sentences begin with; may be empty.
    pub name: String,
    pub lang: Option<String>,
    /// Number of the page, counted from 1.
    pub page: Option<usize>,
    /// The page's own box.
    pub edges: Option<Edges>,
    pub blocks: Vec<Block>,
}

impl Document {
    /// Blocks of spoken words: a pause of so many seconds begins a new one.
    pub(super) fn speech(words: impl IntoIterator<Item = Word>, pause: f64) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut last = None;
        for word in words {
            let time = match word.place {
                Place::Time { start, end } => Some((start, end)),
                _ => None,
            };
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
    pub(super) fn sentences(self, options: &ReadOptions) -> xlner_core::Result<Vec<Sentence>> {
        let lang = options.lang.clone().or(self.lang);
        let (text, words) = assemble(self.blocks);
        let page = Page { number: self.page, edges: self.edges };
        let mut first = 0;
        let mut sentences = Vec::new();
        for range in split::sentences(&text, lang.as_deref()) {
            let mut sentence = if options.tokenized {
                from_line(&text[range.clone()], true, None)
            } else {
                let mut sentence = Sentence::from_text(&text[range.clone()]);
                sentence.set_token_ranges(tokenize(sentence.text(), lang.as_deref()))?;
                sentence
            };
            let regions = (0..sentence.len()).map(|token| {
                let token = sentence.byte_range(token);
                let token = range.start + token.start..range.start + token.end;
                first += words[first..].partition_point(|(word, _)| word.end <= token.start);
                let count = words[first..].partition_point(|(word, _)| word.start < token.end);
                page.region(&text, &token, &words[first..first + count])
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

/// The text of the blocks, between most of which there is a blank line, and the range of each word in it.
fn assemble(blocks: Vec<Block>) -> (String, Vec<(Range<usize>, Word)>) {
    let mut text = String::new();
    let mut words = Vec::new();
    for block in blocks {
        let mut first = true;
        for mut word in joined(block) {
            word.text = word.text.split_whitespace().collect::<Vec<_>>().join(" ");
            if word.text.is_empty() {
                continue;
            }
            if first {
                // A paragraph of a page that begins in lower case goes on with the one before it: the layout was misread.
                let on_page = matches!(word.place, Place::Boxes(_));
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
            words.push((start..text.len(), word));
        }
    }
    (text, words)
}

/// The words of a block; the two parts of one that is hyphenated at a line's end are one.
fn joined(block: Block) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for mut line in block {
        line.retain(|word| !word.text.trim().is_empty());
        let mut line = line.into_iter().peekable();
        let whole = words.last().zip(line.peek()).and_then(|(first, second)| whole(first, second));
        if let (Some(whole), Some(second), Some(first)) =
            (whole.clone(), whole.and_then(|_| line.next()), words.last_mut())
        {
            first.text = whole;
            first.hyphenated = second.hyphenated;
            first.confidence = first.confidence.zip(second.confidence).map(|(a, b)| a.min(b));
            if let (Place::Boxes(boxes), Place::Boxes(more)) = (&mut first.place, second.place) {
                boxes.extend(more);
            }
        }
        words.extend(line);
    }
    words
}

/// The whole word, if these are the parts before and behind a line break: the file says so, or there is a hyphen, which
/// stays before a capital (`Jean-Claude`).
fn whole(first: &Word, second: &Word) -> Option<String> {
    if !matches!((&first.place, &second.place), (Place::Boxes(_), Place::Boxes(_))) {
        return None;
    }
    let (head, tail) = (first.text.trim(), second.text.trim());
    let stem = head.trim_end_matches(HYPHENS);
    if let Some(whole) = &first.hyphenated {
        return Some(whole.clone().unwrap_or_else(|| format!("{stem}{tail}")));
    }
    let soft = head.ends_with(['\u{ad}', '¬']);
    let letters = stem.ends_with(char::is_alphabetic) && tail.starts_with(char::is_alphabetic);
    if head.len() == stem.len() || !letters {
        return None;
    }
    Some(if soft || tail.starts_with(char::is_lowercase) { format!("{stem}{tail}") } else { format!("{head}{tail}") })
}

const HYPHENS: [char; 6] = ['-', '\u{2010}', '\u{ad}', '¬', '⸗', '\u{2e17}'];

/// Whether words of this script are not separated: Chinese and Japanese.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FF9F}' | '\u{20000}'..='\u{3FFFF}')
}

struct Page {
    number: Option<usize>,
    edges: Option<Edges>,
}

impl Page {
    /// The region of a token that comes from these words.
    fn region(&self, text: &str, token: &Range<usize>, words: &[(Range<usize>, Word)]) -> Region {
        let mut boxes: Vec<&Edges> = Vec::new();
        let mut time: Option<(f64, f64)> = None;
        let mut confidence: Option<f64> = None;
        for (range, word) in words {
            match &word.place {
                Place::Unknown => {}
                Place::Boxes(more) => boxes.extend(more),
                Place::Time { start, end } => {
                    let share = |byte: usize| {
                        let byte = byte.clamp(range.start, range.end);
                        let before = text[range.start..byte].chars().count() as f64;
                        start + (end - start) * before / text[range.clone()].chars().count() as f64
                    };
                    let (from, to) = (share(token.start), share(token.end));
                    time = Some(time.map_or((from, to), |(first, last)| (first.min(from), last.max(to))));
                }
            }
            confidence = word.confidence.map_or(confidence, |new| Some(confidence.map_or(new, |old| old.min(new))));
        }
        boxes.dedup();
        let mut region = match (boxes.as_slice(), time) {
            ([first, rest @ ..], _) => {
                let mut region = json!({"bbox": numbers(first)});
                if !rest.is_empty() {
                    region["bboxes"] = boxes.iter().map(|edges| numbers(edges)).collect();
                }
                if let Some(page) = self.number {
                    region["page"] = page.into();
                }
                if let Some(edges) = &self.edges {
                    region["page_bbox"] = numbers(edges);
                }
                region
            }
            (_, Some((start, end))) => json!({"start": thousandths(start), "end": thousandths(end)}),
            _ => return Value::Null,
        };
        if let Some(confidence) = confidence {
            region["confidence"] = thousandths(confidence);
        }
        region
    }
}

fn numbers(edges: &Edges) -> Value {
    edges.iter().map(|&edge| thousandths(edge)).collect()
}

/// Rounded to thousandths: milliseconds, and no noise of the arithmetic. Whole numbers have no point.
fn thousandths(number: f64) -> Value {
    let rounded = (number * 1000.0).round() / 1000.0;
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 { (rounded as i64).into() } else { rounded.into() }
}
