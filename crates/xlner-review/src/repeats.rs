//! The same form elsewhere, to correct it there too.

use serde::Serialize;
use xlner_core::Span;

use crate::Store;
use crate::error::{Error, Result};
use crate::version::{Mark, State};

/// Sentences that are listed, at most.
const LIMIT: usize = 500;

/// A place where a form stands, and what is there in the version of the person who asks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Repeat {
    /// Key of the item.
    pub id: String,
    /// The text of the sentence, cut to what is round the form: before it, it, and after it.
    pub context: [String; 3],
    /// First token.
    pub start: usize,
    /// Exclusive end: one past the last token.
    pub end: usize,
    /// Entities that share a token with it.
    pub entities: Vec<Mark>,
    /// The version's sequence number, which operations are based on.
    pub seq: u64,
    /// Its round of suggestions.
    pub round: u32,
    /// How far the person is with it.
    pub state: State,
}

/// The places of a form in other items, in their order, at most 500; and how many there are in all.
///
/// # Errors
/// [`Error::Refused`] where the span is not in the sentence.
pub fn repeats(store: &Store, item: usize, span: Span, annotator: &str) -> Result<(Vec<Repeat>, usize)> {
    let target = &store.items()[item].pair.target;
    if span.is_empty() || span.end > target.len() {
        return Err(Error::Refused(format!("{span} is no span of this sentence of {} tokens", target.len())));
    }
    let form: Vec<&str> = span.range().map(|token| target.token(token)).collect();
    let (mut found, mut total) = (Vec::new(), 0);
    for (at, other) in store.items().iter().enumerate().filter(|(at, _)| *at != item) {
        let sentence = &other.pair.target;
        for start in 0..(sentence.len() + 1).saturating_sub(form.len()) {
            if (0..form.len()).any(|token| sentence.token(start + token) != form[token]) {
                continue;
            }
            total += 1;
            if found.len() == LIMIT {
                continue;
            }
            let span = Span::new(start, start + form.len());
            let version = store.version(at, annotator)?;
            let entities =
                version.entities.iter().filter(|entity| entity.span.overlaps(span)).map(Mark::from).collect();
            let bytes = sentence.byte_range(span.start).start..sentence.byte_range(span.end - 1).end;
            let text = sentence.text();
            found.push(Repeat {
                id: other.key.clone(),
                context: [
                    end_of(&text[..bytes.start]),
                    text[bytes.clone()].to_owned(),
                    crate::shorten(&text[bytes.end..]),
                ],
                start: span.start,
                end: span.end,
                entities,
                seq: version.seq,
                round: version.round,
                state: version.state,
            });
        }
    }
    Ok((found, total))
}

fn end_of(text: &str) -> String {
    match text.char_indices().rev().nth(60) {
        Some((at, _)) => format!("…{}", &text[at..]),
        None => text.to_owned(),
    }
}
