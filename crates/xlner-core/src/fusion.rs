//! A sentence beside its tagged translation, as one sequence that a tagger reads (TransFusion, arXiv 2305.13582).

use crate::{Entity, Sentence};

/// The token between a sentence and its translation. Tokens like it in either of them are written otherwise.
pub const SEPARATOR: &str = "|||";
/// What such tokens become.
const OTHERWISE: &str = "||";

/// The tokens of a sentence, [`SEPARATOR`], and those of its translation, with a token before and after each of its entities:
/// `<PER>`, `</PER>`. The entities are those of the sentence, at their places. Entities of the translation may nest.
pub fn fuse(sentence: &Sentence, translation: &Sentence) -> Sentence {
    let escaped = |token: &str| if token == SEPARATOR { OTHERWISE } else { token }.to_owned();
    let mut tokens: Vec<String> = sentence.tokens().map(escaped).collect();
    tokens.push(SEPARATOR.to_owned());
    let ends = |at: usize| translation.entities.iter().filter(move |entity| entity.span.end == at);
    let starts = |at: usize| translation.entities.iter().filter(move |entity| entity.span.start == at);
    // The longer of two that begin together begins first, and ends last.
    let ordered = |found: &mut Vec<&Entity>| found.sort_by_key(|entity| (entity.span.len(), entity.label.clone()));
    for (at, token) in translation.tokens().enumerate() {
        let mut opened: Vec<&Entity> = starts(at).collect();
        ordered(&mut opened);
        tokens.extend(opened.iter().rev().map(|entity| format!("<{}>", entity.label)));
        tokens.push(escaped(token));
        let mut closed: Vec<&Entity> = ends(at + 1).collect();
        ordered(&mut closed);
        tokens.extend(closed.iter().map(|entity| format!("</{}>", entity.label)));
    }
    let mut fused = Sentence::from_tokens(tokens);
    fused.lang.clone_from(&sentence.lang);
    fused.entities.clone_from(&sentence.entities);
    fused
}

/// Tokens of the sentence itself in what [`fuse`] made; `None` where there is no translation beside it.
pub fn own_tokens(fused: &Sentence) -> Option<usize> {
    fused.tokens().position(|token| token == SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_stands_before_its_tagged_translation() {
        let mut sentence = Sentence::from_tokens(["Ana", "|||", "Goma"]);
        sentence.entities = vec![Entity::new(2..3, "LOC")];
        let mut translation = Sentence::from_tokens(["University", "of", "Goma", "|||"]);
        translation.entities = vec![Entity::new(0..3, "ORG"), Entity::new(2..3, "LOC")];
        let fused = fuse(&sentence, &translation);
        let tokens: Vec<&str> = fused.tokens().collect();
        let expected = "Ana || Goma ||| <ORG> University of <LOC> Goma </LOC> </ORG> ||";
        assert_eq!(tokens, expected.split(' ').collect::<Vec<_>>());
        assert_eq!((own_tokens(&fused), &fused.entities), (Some(3), &sentence.entities));
        fused.validate().unwrap();
        assert_eq!(own_tokens(&sentence).map(|at| at + 1), Some(2));
        assert_eq!(own_tokens(&fuse(&Sentence::default(), &Sentence::default())), Some(0));
    }
}
