//! `codec`: where a translation model puts the markers of an entity into a given translation (CODEC).

use xlner_core::contracts::{MarkerOptions, ModelResult, TranslationScorer};
use xlner_core::{CandidateScore, Pair, Span};

/// The name of the score of [`score_markers`] in [`Pair::scores`].
pub const CODEC: &str = "codec";

/// Scores candidates of a pair by constrained decoding (CODEC; Le et al. 2024): for every source entity, how probable it is that its
/// markers stand round a span of the target, among the best places found; 0 to 1, in sum 1 for an entity. They become the
/// pair's scores [`CODEC`]; what was there is replaced. Texts are their tokens with spaces between them, as in the paper.
///
/// The paper takes the place that is best for every entity, or chooses again by the probability of the entity given the span and
/// by their letters; here a matcher chooses, to which the scores [`NMT`](super::NMT) and `string` say the same.
///
/// # Errors
/// Those of [`TranslationScorer::place_markers`].
///
/// # Panics
/// Where an entity is outside its sentence, or a sentence is not tokenised.
pub fn score_markers(
    scorer: &mut dyn TranslationScorer,
    pair: &mut Pair,
    langs: [&str; 2],
    options: &MarkerOptions,
) -> ModelResult<()> {
    let tokens: Vec<&str> = pair.source.tokens().collect();
    let marked: Vec<String> = pair.source.entities.iter().map(|entity| marked(&tokens, entity.span)).collect();
    let marked: Vec<&str> = marked.iter().map(String::as_str).collect();
    let words: Vec<&str> = pair.target.tokens().collect();
    let places = scorer.place_markers(langs, &tokens.join(" "), &marked, &words, options)?;
    let mut scores = Vec::new();
    for (entity, places) in places.iter().enumerate() {
        let most = places.first().map_or(0.0, |place| place.log_probability);
        let sum: f64 = places.iter().map(|place| (place.log_probability - most).exp()).sum();
        for place in places {
            let score = (place.log_probability - most).exp() / sum;
            scores.push(CandidateScore { entity, span: place.span, score });
        }
    }
    pair.scores.insert(CODEC.to_owned(), scores);
    Ok(())
}

/// A text with markers round a span.
fn marked(tokens: &[&str], span: Span) -> String {
    let (before, after) = (&tokens[..span.start], &tokens[span.end..]);
    [before, &["["], &tokens[span.range()], &["]"], after].concat().join(" ")
}

#[cfg(test)]
mod tests {
    use xlner_core::{Entity, Sentence};

    use super::super::nmt::tests::Lengths;
    use super::*;

    #[test]
    fn places_of_markers_get_their_share() {
        let mut pair = Pair {
            source: Sentence::from_tokens(["Obama", "in", "Rome"]),
            target: Sentence::from_tokens(["Obama", "a", "Roma"]),
            ..Pair::default()
        };
        pair.source.entities = vec![Entity::new(0..1, "X"), Entity::new(2..3, "X")];
        score_markers(&mut Lengths(0), &mut pair, ["en", "it"], &MarkerOptions::default()).unwrap();
        let scores: Vec<f64> = pair.scores[CODEC].iter().map(|score| score.score).collect();
        let sum = 1.0 + (-4f64).exp() + (-1f64).exp();
        assert!((scores[0] - 1.0 / sum).abs() < 1e-12 && (scores[2] - (-1f64).exp() / sum).abs() < 1e-12);
        assert!((scores[..3].iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(scores[5] > scores[3] && pair.scores[CODEC][5].entity == 1);
        assert_eq!(marked(&["a", "b", "c"], Span::new(1, 3)), "a [ b c ]");
    }
}
