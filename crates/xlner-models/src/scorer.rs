//! What says how probable a given translation is, and the scores of candidates made of it.

use xlner_core::{CandidateScore, Pair, Span};

use crate::Result;

/// A translation whose probability is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenTranslation<'a> {
    /// Index of the source text.
    pub source: usize,
    /// Its language, BCP 47.
    pub lang: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Says how probable given translations are.
pub trait TranslationScorer: Send {
    /// Name and checksum of the model: what a score that was kept depends on.
    fn signature(&self) -> String;

    /// How probable each of `targets` is as a translation of its source text, a text of the language `from` (BCP 47; source and
    /// target may be of one language): mean log-probability of a token, the one that ends it included, one that tells the
    /// language not (natural logarithm, ≤ 0). The targets of one source share what is calculated for it.
    ///
    /// # Errors
    /// [`Error::Options`](crate::Error::Options) for a language that the model does not know,
    /// [`Error::Sentence`](crate::Error::Sentence), with the index of the source, where a text is too long.
    fn score(&mut self, from: &str, sources: &[&str], targets: &[GivenTranslation<'_>]) -> Result<Vec<f64>>;

    /// Where one pair of markers, `[` and `]`, stands in a given translation, for every text of `marked`: that is `plain` with
    /// markers round a part. `langs` are those of the texts and of the translation, which is given by its words. The most
    /// probable places, the best first, at most [`MarkerOptions::best`].
    ///
    /// # Errors
    /// [`Error::Options`](crate::Error::Options) for a language that the model does not know, or markers that it has no
    /// tokens for; [`Error::Sentence`](crate::Error::Sentence) with the index 0 where a text is too long.
    fn place_markers(
        &mut self,
        langs: [&str; 2],
        plain: &str,
        marked: &[&str],
        words: &[&str],
        options: &MarkerOptions,
    ) -> Result<Vec<Vec<Placement>>>;
}

/// How places of markers are searched (CODEC).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarkerOptions {
    /// Places that are looked at in the end; as many as published by default, 5.
    pub best: usize,
    /// Words between the markers at most; 10.
    pub longest: usize,
    /// By how much (natural logarithm) a place may turn out better than it looks; infinite: none is overlooked. 1.
    pub slack: f32,
}

impl Default for MarkerOptions {
    fn default() -> MarkerOptions {
        MarkerOptions { best: 5, longest: 10, slack: 1.0 }
    }
}

/// A place of markers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// The words between them.
    pub span: Span,
    /// Log-probability (natural logarithm) of the translation with markers there, as a whole.
    pub log_probability: f64,
}

/// The name of the score of [`score_markers`] in [`Pair::scores`].
pub const CODEC: &str = "codec";

/// Scores candidates of a pair by constrained decoding (CODEC; Le et al. 2024): for every source entity, how probable it is that its
/// markers stand round a span of the target, among the best places found; 0 to 1, in sum 1 for an entity. They become the
/// pair's scores [`CODEC`]; what was there is replaced. Texts are their tokens with spaces between them, as in the paper.
///
/// The paper takes the place that is best for every entity, or chooses again by the probability of the entity given the span and
/// by their letters; here a matcher chooses, to which the scores [`NMT`] and `string` say the same.
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
) -> Result<()> {
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

/// The name of the score in [`Pair::scores`].
pub const NMT: &str = "nmt";

/// Options of [`score_candidates`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NmtOptions {
    /// Lower scores are left out.
    pub cut: f64,
}

impl Default for NmtOptions {
    /// The published cut (Politov et al. 2025).
    fn default() -> NmtOptions {
        NmtOptions { cut: 0.1 }
    }
}

/// Direct NMTScore, both ways and normalised (Vamvas and Sennrich 2022, section 3; METHODS.md section 2):
/// sim(A, B) = ½ [P(A|B)/P(A|A) + P(B|A)/P(B|B)], P the geometric mean of the tokens' probabilities. Given are the means of their
/// logarithms.
pub fn nmt_score(a_given_b: f64, a_given_a: f64, b_given_a: f64, b_given_b: f64) -> f64 {
    0.5 * ((a_given_b - a_given_a).exp() + (b_given_a - b_given_b).exp())
}

/// Scores candidates of a pair by [`nmt_score`]: every source entity against every target span in `candidates`, with the words as
/// the texts have them. Those that reach [`NmtOptions::cut`] become the pair's scores [`NMT`], by entity and span; what was there is
/// replaced. The scorer must know both languages in both directions and from each into itself, as M2M100 and NLLB-200 do.
///
/// Every entity and every candidate is encoded once, and all targets of it are scored with it.
///
/// # Errors
/// Those of [`TranslationScorer::score`].
///
/// # Panics
/// Where a candidate or an entity is outside its sentence, or a sentence is not tokenised.
pub fn score_candidates(
    scorer: &mut dyn TranslationScorer,
    pair: &mut Pair,
    candidates: &[Span],
    [source_lang, target_lang]: [&str; 2],
    options: NmtOptions,
) -> Result<()> {
    let entities: Vec<&str> = pair.source.entities.iter().map(|entity| pair.source.span_text(entity.span)).collect();
    let mut spans = candidates.to_vec();
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    spans.dedup();
    let texts: Vec<&str> = spans.iter().map(|span| pair.target.span_text(*span)).collect();
    let one = scores_of(scorer, source_lang, &entities, target_lang, &texts)?;
    let other = scores_of(scorer, target_lang, &texts, source_lang, &entities)?;
    let mut scores = Vec::new();
    for entity in 0..entities.len() {
        for (number, span) in spans.iter().enumerate() {
            let score =
                nmt_score(other.of[number][entity], one.itself[entity], one.of[entity][number], other.itself[number]);
            if score >= options.cut {
                scores.push(CandidateScore { entity, span: *span, score });
            }
        }
    }
    pair.scores.insert(NMT.to_owned(), scores);
    Ok(())
}

/// How probable every text of `others` is given every text, and how every text given itself.
struct Given {
    of: Vec<Vec<f64>>,
    itself: Vec<f64>,
}

fn scores_of(
    scorer: &mut dyn TranslationScorer,
    from: &str,
    texts: &[&str],
    to: &str,
    others: &[&str],
) -> Result<Given> {
    let mut targets = Vec::with_capacity(texts.len() * (others.len() + 1));
    for (source, text) in texts.iter().enumerate() {
        targets.push(GivenTranslation { source, lang: from, text });
        targets.extend(others.iter().map(|text| GivenTranslation { source, lang: to, text }));
    }
    let scores = scorer.score(from, texts, &targets)?;
    let rows = scores.chunks_exact(others.len() + 1);
    Ok(Given { itself: rows.clone().map(|row| row[0]).collect(), of: rows.map(|row| row[1..].to_vec()).collect() })
}

#[cfg(test)]
mod tests {
    use xlner_core::{Entity, Sentence};

    use super::*;

    /// A translation is as probable as it is like the source: minus the difference of their lengths, and minus 1 for another
    /// language.
    struct Lengths(usize);

    impl TranslationScorer for Lengths {
        fn signature(&self) -> String {
            "lengths".into()
        }

        fn score(&mut self, from: &str, sources: &[&str], targets: &[GivenTranslation<'_>]) -> Result<Vec<f64>> {
            self.0 += 1;
            let score = |target: &GivenTranslation<'_>| {
                let difference = sources[target.source].len().abs_diff(target.text.len()) as f64;
                -difference - f64::from(u8::from(target.lang != from))
            };
            Ok(targets.iter().map(score).collect())
        }

        /// Every word is as good a place as it is like the marked one.
        fn place_markers(
            &mut self,
            langs: [&str; 2],
            plain: &str,
            marked: &[&str],
            words: &[&str],
            options: &MarkerOptions,
        ) -> Result<Vec<Vec<Placement>>> {
            assert_eq!((langs, plain, options.best), (["en", "it"], "Obama in Rome", 5));
            let places = |text: &&str| {
                let name = text.split(['[', ']']).nth(1).unwrap().trim();
                let place = |(at, word): (usize, &&str)| Placement {
                    span: Span::new(at, at + 1),
                    log_probability: -(name.len().abs_diff(word.len()) as f64),
                };
                words.iter().enumerate().map(place).collect()
            };
            Ok(marked.iter().map(places).collect())
        }
    }

    #[test]
    fn candidates_get_their_scores() {
        let mut pair = Pair {
            source: Sentence::from_tokens(["Obama", "in", "Rome"]),
            target: Sentence::from_tokens(["Obama", "a", "Roma"]),
            ..Pair::default()
        };
        for (start, end) in [(0, 1), (2, 3)] {
            pair.source.entities.push(Entity::new(Span::new(start, end), "X"));
        }
        let candidates = [Span::new(2, 3), Span::new(0, 1), Span::new(0, 1), Span::new(1, 2)];
        let mut scorer = Lengths(0);
        score_candidates(&mut scorer, &mut pair, &candidates, ["en", "it"], NmtOptions::default()).unwrap();
        assert_eq!(scorer.0, 2);
        let found: Vec<(usize, usize)> =
            pair.scores[NMT].iter().map(|score| (score.entity, score.span.start)).collect();
        assert_eq!(found, [(0, 0), (0, 2), (1, 0), (1, 2)]);
        let expected = [-1f64, -2.0, -2.0, -1.0];
        for (found, expected) in pair.scores[NMT].iter().zip(expected) {
            assert!((found.score - expected.exp()).abs() < 1e-12);
        }
    }

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

    #[test]
    fn by_hand() {
        let score = nmt_score(0.2f64.ln(), 0.8f64.ln(), 0.3f64.ln(), 0.5f64.ln());
        assert!((score - 0.5 * (0.25 + 0.6)).abs() < 1e-12);
        assert!((nmt_score(-1.0, -1.0, -2.0, -2.0) - 1.0).abs() < 1e-12);
    }
}
