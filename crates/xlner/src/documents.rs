//! Documents: taken apart into sentences, and put together again with the entities that were found in them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Sentence, split};

/// Documents on their way: those whose sentences have been given out and have not all come back.
#[derive(Default)]
pub(crate) struct Documents {
    waiting: Mutex<VecDeque<Waiting>>,
}

struct Waiting {
    document: Sentence,
    /// Where in its text each sentence begins, in bytes.
    starts: Vec<usize>,
    back: Vec<Sentence>,
}

impl Documents {
    /// Takes a document apart. The sentences have its language, and its tokens where it has some; else they are tokenised.
    ///
    /// # Errors
    /// Tokens that cannot be told from each other.
    pub fn take_apart(&self, document: Sentence) -> xlner_core::Result<Vec<Sentence>> {
        let text = document.text();
        let mut ranges = split::sentences(text, document.lang.as_deref());
        let tokens: Vec<_> = (0..document.len()).map(|index| document.byte_range(index)).collect();
        if document.is_tokenized() {
            // A token that goes over the end of a sentence ties it to the next.
            ranges.dedup_by(|next, range| {
                let tied = tokens.iter().any(|token| token.start < range.end && next.start < token.end);
                if tied {
                    range.end = next.end;
                }
                tied
            });
        }
        let mut sentences = Vec::with_capacity(ranges.len());
        for range in &ranges {
            let mut sentence = Sentence::from_text(&text[range.clone()]);
            sentence.lang = document.lang.clone();
            if document.is_tokenized() {
                let inside = tokens.iter().filter(|token| range.start <= token.start && token.end <= range.end);
                sentence.set_token_ranges(inside.map(|token| token.start - range.start..token.end - range.start))?;
            } else {
                tokenize_sentence(&mut sentence)?;
            }
            sentences.push(sentence);
        }
        let starts = ranges.into_iter().map(|range| range.start).collect();
        self.lock().push_back(Waiting { document, starts, back: Vec::new() });
        Ok(sentences)
    }

    /// Takes the next sentence back, and gives the documents that are whole then, in their order.
    ///
    /// # Errors
    /// Tokens that do not fit the document.
    pub fn put_back(&self, sentence: Sentence) -> xlner_core::Result<Vec<Sentence>> {
        let mut waiting = self.lock();
        let mut whole = empty(&mut waiting);
        if let Some(first) = waiting.front_mut() {
            first.back.push(sentence);
            if first.back.len() == first.starts.len()
                && let Some(first) = waiting.pop_front()
            {
                whole.push(first.join()?);
            }
        }
        Ok(whole)
    }

    /// The documents that are left when all sentences have come back: those without any.
    pub fn rest(&self) -> Vec<Sentence> {
        empty(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The documents without sentences at the front.
fn empty(waiting: &mut VecDeque<Waiting>) -> Vec<Sentence> {
    let mut documents = Vec::new();
    while waiting.front().is_some_and(|first| first.starts.is_empty()) {
        documents.extend(waiting.pop_front().map(|first| first.document));
    }
    documents
}

impl Waiting {
    /// The document with the tokens and entities of its sentences.
    fn join(self) -> xlner_core::Result<Sentence> {
        let Waiting { mut document, starts, back } = self;
        let (mut ranges, mut entities) = (Vec::new(), Vec::new());
        for (sentence, start) in back.iter().zip(starts) {
            let first = ranges.len();
            ranges.extend((0..sentence.len()).map(|index| {
                let range = sentence.byte_range(index);
                range.start + start..range.end + start
            }));
            for entity in &sentence.entities {
                let mut entity = entity.clone();
                entity.span.start += first;
                entity.span.end += first;
                // The source entity that it came from is one of its sentence's pair, which the document does not have.
                entity.from = None;
                entities.push(entity);
            }
        }
        if !document.is_tokenized() {
            document.set_token_ranges(ranges)?;
        }
        document.entities = entities;
        document.probabilities = None;
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::Entity;

    use super::*;

    #[test]
    fn a_document_comes_back_with_entities_where_they_stand() {
        let documents = Documents::default();
        let texts = ["", "Anna lives here. Bob left\nfor Rome.\n\nShe  stayed.", " \n"];
        let mut all = Vec::new();
        for text in texts {
            let sentences = documents.take_apart(Sentence::from_text(text)).unwrap();
            for mut sentence in sentences {
                let names = (0..sentence.len()).filter(|&at| ["Anna", "Bob", "Rome"].contains(&sentence.token(at)));
                sentence.entities = names.map(|at| Entity::new(at..at + 1, "X")).collect();
                all.push(sentence);
            }
        }
        assert_eq!(all.len(), 3);
        let mut whole = Vec::new();
        for sentence in all {
            whole.extend(documents.put_back(sentence).unwrap());
        }
        whole.extend(documents.rest());
        assert_eq!(whole.iter().map(Sentence::text).collect::<Vec<_>>(), texts);
        let names: Vec<&str> = whole[1].entities.iter().map(|entity| whole[1].span_text(entity.span)).collect();
        assert_eq!(names, ["Anna", "Bob", "Rome"]);
    }

    #[test]
    fn tokens_that_are_given_stay() {
        let documents = Documents::default();
        let tokens = ["Hi", ".", "Ann", "came", ". Then", "left", "."];
        let document = Sentence::from_text_and_tokens("Hi. Ann came. Then left.", tokens).unwrap();
        let sentences = documents.take_apart(document).unwrap();
        assert_eq!(sentences.iter().map(Sentence::len).collect::<Vec<_>>(), [2, 5]);
        let whole: Vec<Sentence> =
            sentences.into_iter().flat_map(|sentence| documents.put_back(sentence).unwrap()).collect();
        assert_eq!(whole[0].tokens().collect::<Vec<_>>(), tokens);
    }
}
