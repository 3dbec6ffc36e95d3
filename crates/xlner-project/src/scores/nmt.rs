//! `nmt`: how probable a translation model finds candidate and entity as translations of each other (NMTScore).

use xlner_core::contracts::{GivenTranslation, ModelResult, TranslationScorer};
use xlner_core::{CandidateScore, Pair, Span};

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
) -> ModelResult<()> {
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
) -> ModelResult<Given> {
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
pub(super) mod tests {
    use xlner_core::contracts::{MarkerOptions, Placement};
    use xlner_core::{Entity, Sentence};

    use super::*;

    /// A translation is as probable as it is like the source: minus the difference of their lengths, and minus 1 for another
    /// language.
    pub struct Lengths(pub usize);

    impl TranslationScorer for Lengths {
        fn signature(&self) -> String {
            "lengths".into()
        }

        fn score(&mut self, from: &str, sources: &[&str], targets: &[GivenTranslation<'_>]) -> ModelResult<Vec<f64>> {
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
        ) -> ModelResult<Vec<Vec<Placement>>> {
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
    fn by_hand() {
        let score = nmt_score(0.2f64.ln(), 0.8f64.ln(), 0.3f64.ln(), 0.5f64.ln());
        assert!((score - 0.5 * (0.25 + 0.6)).abs() < 1e-12);
        assert!((nmt_score(-1.0, -1.0, -2.0, -2.0) - 1.0).abs() < 1e-12);
    }
}
