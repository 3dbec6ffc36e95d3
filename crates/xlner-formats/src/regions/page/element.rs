//! Regions, lines, words and glyphs, and the one text that they are.

use std::collections::HashMap;

use super::custom_index;
use crate::regions::document::{Block, Line, Word, one_line};
use crate::regions::levels;
use crate::regions::markup::Tag;
use crate::regions::place::{Edges, Place, edges};

/// What an element holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Region,
    Line,
    Word,
    Glyph,
}

impl Level {
    pub(super) fn of(name: &str) -> Option<Level> {
        match name {
            "TextLine" => Some(Level::Line),
            "Word" => Some(Level::Word),
            "Glyph" | "Grapheme" | "GraphemeGroup" | "NonPrintingChar" => Some(Level::Glyph),
            "TableCell" => Some(Level::Region),
            _ => name.ends_with("Region").then_some(Level::Region),
        }
    }
}

/// One `TextEquiv`.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    pub index: Option<i64>,
    pub confidence: Option<f64>,
    pub text: String,
}

/// An element that may have text.
#[derive(Debug)]
pub(super) struct Element {
    level: Level,
    id: Option<String>,
    /// Its index in Transkribus' reading order.
    index: Option<i64>,
    line: u64,
    pub points: Vec<(f64, f64)>,
    pub readings: Vec<Reading>,
    pub children: Vec<Element>,
}

/// What was found on a page.
#[derive(Default)]
pub(super) struct Found {
    /// Blocks with their rank in reading order.
    pub blocks: Vec<(Option<usize>, Block)>,
    /// Lines of the file with a reading that is not read.
    pub other_readings: Vec<u64>,
    /// Lines of the file with an element whose parts read otherwise.
    pub two_texts: Vec<u64>,
}

impl Element {
    pub(super) fn new(level: Level, tag: &Tag, line: u64) -> Element {
        let (id, index) = (tag.get("id").map(str::to_owned), custom_index(tag));
        Element { level, id, index, line, points: Vec::new(), readings: Vec::new(), children: Vec::new() }
    }

    /// The reading that counts; the others are noted.
    fn take_reading(&mut self, found: &mut Found) -> Reading {
        let mut readings = std::mem::take(&mut self.readings);
        readings.retain(|reading| !reading.text.trim().is_empty());
        found.other_readings.extend((1..readings.len()).map(|_| self.line));
        let by_index = |reading: &Reading| reading.index.map_or((1, 0), |index| (0, index));
        let certainty = |reading: &Reading| reading.confidence.unwrap_or(-1.0);
        // Both sorts are stable: what stands first wins among equals.
        readings.sort_by(|a, b| by_index(a).cmp(&by_index(b)).then(certainty(b).total_cmp(&certainty(a))));
        readings.into_iter().next().unwrap_or_default()
    }

    fn place(&self) -> Place {
        Place::boxed(enclosing(&self.points))
    }

    /// Its blocks and those of the regions in it.
    pub(super) fn blocks(self, ranks: &HashMap<String, usize>, found: &mut Found) {
        self.ranked(None, ranks, found);
    }

    fn ranked(mut self, inherited: Option<usize>, ranks: &HashMap<String, usize>, found: &mut Found) {
        let own = self.id.as_ref().and_then(|id| ranks.get(id).copied());
        let transkribus = || self.index.filter(|_| ranks.is_empty()).and_then(|index| usize::try_from(index).ok());
        let rank = own.or_else(transkribus).or(inherited);
        let (text, place) = (self.take_reading(found).text, self.place());
        let first = found.blocks.len();
        let (regions, mut rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.children).into_iter().partition(|child| child.level == Level::Region);
        // Lines in the order that Transkribus gives them, if it gives one to each.
        if rest.iter().all(|line| line.index.is_some()) {
            rest.sort_by_key(|line| line.index);
        }
        let block: Block = rest.into_iter().map(|child| child.words(found)).collect();
        found.blocks.push((rank, block));
        for region in regions {
            region.ranked(rank, ranks, found);
        }
        if text.trim().is_empty() {
            return;
        }
        let texts: Vec<String> =
            found.blocks[first..].iter().flat_map(|(_, block)| block).map(|line| line_text(line)).collect();
        if holds(&texts, &text) {
            return;
        }
        let lines = found.blocks.split_off(first).into_iter().flat_map(|(_, block)| block).collect();
        let mut differs = false;
        let lines = region_lines(&text, &place, self.line, lines, &texts, &mut differs);
        found.two_texts.extend(differs.then_some(self.line));
        found.blocks.push((rank, lines));
    }

    /// The words of a line, or of what stands where a line should.
    fn words(mut self, found: &mut Found) -> Line {
        let (reading, place, line) = (self.take_reading(found), self.place(), self.line);
        let level = self.level;
        let mut parts: Line =
            std::mem::take(&mut self.children).into_iter().flat_map(|child| child.words(found)).collect();
        // A word without a box has that of its line.
        for part in parts.iter_mut().filter(|part| part.place == Place::Unknown) {
            part.place.clone_from(&place);
        }
        let mut differs = false;
        let words = match level {
            Level::Word | Level::Glyph => {
                let glyphs: String = parts.iter().map(|part| part.text.as_str()).collect();
                let (own, parts_text) = (reading.text.trim(), glyphs.trim());
                let taken = if own.is_empty() || parts_text.contains(own) { parts_text } else { own };
                differs = !own.is_empty() && !parts_text.is_empty() && !own.contains(parts_text) && taken == own;
                let place =
                    if place == Place::Unknown { Place::around(parts.iter().map(|part| &part.place)) } else { place };
                let least = || parts.iter().filter_map(|part| part.confidence).reduce(f64::min);
                let confidence = reading.confidence.or_else(least);
                let glued = level == Level::Glyph;
                vec![Word { confidence, line, glued, ..Word::new(taken, place) }]
            }
            Level::Line | Level::Region if parts.iter().all(|part| part.text.trim().is_empty()) => {
                // A line without words is one word: its tokens share its box.
                vec![Word { confidence: reading.confidence, line, ..Word::new(reading.text, place) }]
            }
            Level::Line | Level::Region => levels::merge(&reading.text, &place, line, parts, &mut differs),
        };
        found.two_texts.extend(differs.then_some(line));
        words
    }
}

/// Whether lines hold all of a region's text; how it is broken into lines, and hyphens, do not count.
fn holds(lines: &[String], text: &str) -> bool {
    let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let all = bare(&lines.concat());
    !all.is_empty() && all == bare(text)
        || levels::is_within(text, lines.iter().flat_map(|line| line.split_whitespace()))
}

/// The lines of a region whose text holds what they do not; `texts`: those of the lines.
fn region_lines(
    text: &str,
    place: &Place,
    line: u64,
    mut lines: Vec<Line>,
    texts: &[String],
    differs: &mut bool,
) -> Vec<Line> {
    let own: Vec<String> = text.lines().map(one_line).filter(|line| !line.is_empty()).collect();
    let whole = own.join(" ");
    let as_word = |text: &str| vec![Word { line, ..Word::new(text, place.clone()) }];
    let some = texts.iter().any(|line| !line.is_empty());
    if some && let Some(pieces) = levels::weave(&whole, texts.iter().map(String::as_str)) {
        let taken = pieces.into_iter().map(|piece| match piece.part {
            Some(part) => std::mem::take(&mut lines[part]),
            None => as_word(&whole[piece.bytes]),
        });
        return taken.collect();
    }
    if own.len() == lines.len() {
        let merged = own.iter().zip(lines).map(|(own, words)| {
            let around = Place::around(words.iter().map(|word| &word.place));
            let place = if around == Place::Unknown { place.clone() } else { around };
            if words.iter().all(|word| word.text.trim().is_empty()) {
                vec![Word { line, ..Word::new(own.as_str(), place) }]
            } else {
                levels::merge(own, &place, line, words, differs)
            }
        });
        return merged.collect();
    }
    *differs |= some;
    own.iter().map(|own| as_word(own)).collect()
}

/// The words of a line with spaces between them.
fn line_text(words: &[Word]) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() && !word.glued {
            text.push(' ');
        }
        text.push_str(&one_line(&word.text));
    }
    text
}

/// The box around the points.
fn enclosing(points: &[(f64, f64)]) -> Option<Edges> {
    let (&(x, y), rest) = points.split_first()?;
    let around = rest.iter().fold([x, y, x, y], |[left, top, right, bottom], &(x, y)| {
        [left.min(x), top.min(y), right.max(x), bottom.max(y)]
    });
    edges(&around)
}
