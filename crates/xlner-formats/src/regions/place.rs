//! Where words stand, and the regions of tokens that follow from it.

use std::ops::Range;

use serde_json::{Value, json};
use xlner_core::Region;

use super::document::Word;
use crate::notes::NoteKind;

/// Confidences that are none.
pub(super) const CONFIDENCES: NoteKind = NoteKind::new("confidences", "confidences outside of their range (left out)");

/// Left, top, right, bottom.
pub(super) type Edges = [f64; 4];

/// The largest coordinate and the latest second: beyond it, thousandths are lost, and no page or recording is so long.
const LARGEST: f64 = 1e12;

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

impl Place {
    pub(super) fn boxed(edges: Option<Edges>) -> Place {
        edges.map_or(Place::Unknown, |edges| Place::Boxes(vec![edges]))
    }

    /// Start and end, in seconds.
    pub(super) fn time(&self) -> Option<(f64, f64)> {
        match *self {
            Place::Time { start, end } => Some((start, end)),
            _ => None,
        }
    }

    /// The box around all boxes.
    pub(super) fn around<'a>(places: impl Iterator<Item = &'a Place>) -> Place {
        let boxes = places.flat_map(|place| match place {
            Place::Boxes(boxes) => boxes.as_slice(),
            _ => &[],
        });
        let around = boxes.copied().reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
        Place::boxed(around)
    }
}

/// Whether it may be a coordinate or a second: finite, and not beyond all measure.
pub(super) fn is_sensible(number: f64) -> bool {
    number.abs() <= LARGEST
}

/// The edges that four numbers give.
pub(super) fn edges(numbers: &[f64]) -> Option<Edges> {
    let edges: Edges = numbers.try_into().ok()?;
    edges.iter().all(|&edge| is_sensible(edge)).then_some(edges)
}

/// A confidence of 0 to 1 from a number, a hair above 1 being rounding's.
pub(super) fn confidence(number: f64) -> Option<f64> {
    (0.0..1.001).contains(&number).then(|| number.min(1.0))
}

/// A word of the text that was put together.
pub(super) struct Placed {
    pub bytes: Range<usize>,
    /// The same range in characters.
    pub characters: Range<usize>,
    pub word: Word,
}

/// Counts characters up to bytes of a text. Bytes that are asked for one after the other cost one pass over the text.
pub(super) struct Positions<'a> {
    text: &'a str,
    byte: usize,
    characters: usize,
}

impl<'a> Positions<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Positions { text, byte: 0, characters: 0 }
    }

    /// The characters before a byte.
    pub(super) fn of(&mut self, byte: usize) -> usize {
        if byte >= self.byte {
            self.characters += self.text[self.byte..byte].chars().count();
        } else {
            self.characters -= self.text[byte..self.byte].chars().count();
        }
        self.byte = byte;
        self.characters
    }
}

/// The page that regions name.
pub(super) struct Page {
    pub number: Option<usize>,
    pub edges: Option<Edges>,
    pub image: Option<String>,
}

impl Page {
    /// The region of a token of these characters that comes from these words.
    pub(super) fn region(&self, token: Range<usize>, words: &[Placed]) -> Region {
        let mut boxes: Vec<&Edges> = Vec::new();
        let mut time: Option<(f64, f64)> = None;
        let mut confidence: Option<f64> = None;
        for Placed { characters, word, .. } in words {
            match &word.place {
                Place::Unknown => {}
                Place::Boxes(more) => boxes.extend(more),
                &Place::Time { start, end } => {
                    let share = |character: usize| {
                        let before = character.clamp(characters.start, characters.end) - characters.start;
                        start + (end - start) * before as f64 / characters.len() as f64
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
                if let Some(image) = &self.image {
                    region["image"] = image.as_str().into();
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
