//! Who annotated which texts: exports of several annotators repeat a text for each of them.

use std::collections::HashMap;

/// Texts met so far, each with the annotator whose annotations count.
#[derive(Default)]
pub(super) struct Annotators(HashMap<String, String>);

/// What an annotation of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The first one of the text.
    First,
    /// Another one by the same person.
    Again,
    /// One by another person.
    Second,
}

impl Annotators {
    /// Takes note of an annotation of the text of this key.
    pub(super) fn turn(&mut self, text: String, annotator: &str) -> Turn {
        match self.0.get(&text) {
            None => {
                self.0.insert(text, annotator.to_owned());
                Turn::First
            }
            Some(first) if first == annotator => Turn::Again,
            Some(_) => Turn::Second,
        }
    }
}
