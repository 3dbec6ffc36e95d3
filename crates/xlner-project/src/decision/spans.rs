//! Uncertain entities: the spans that a tagger holds possible.

use xlner_core::{Entity, LabelProbabilities, Sentence, Span};

/// Spans of a lower probability are not handed over.
pub const MIN_PROBABILITY: f64 = 0.03;
/// Spans of a lower probability are not looked at.
pub(crate) const FLOOR: f64 = 0.01;

/// The spans that may be entities of a label, with their probability as `score`, by start, end and label.
///
/// Exact where the tagger gave them ([`LabelProbabilities::spans`]). Else from the rows of a token's tags: an entity begins
/// with the probability of its first tag and goes on with `P(I at k) / P(B or I at k - 1)`. For a linear chain of IOB2
/// tags that is exact but for one thing: it takes what follows `B` and what follows `I` for equally likely.
pub fn marginals(probabilities: &LabelProbabilities) -> Vec<Entity> {
    if !probabilities.spans.is_empty() {
        return probabilities.spans.iter().filter(|span| span.score.is_some_and(|p| p >= FLOOR)).cloned().collect();
    }
    let columns = Columns::of(&probabilities.labels);
    let rows = &probabilities.rows;
    let mut spans = Vec::new();
    for (label, columns) in &columns {
        let sum = |token: usize, columns: &[usize]| -> f64 {
            columns.iter().map(|&column| f64::from(rows[token].get(column).copied().unwrap_or(0.0))).sum()
        };
        let inside = |token| sum(token, &columns.begin) + sum(token, &columns.inside);
        // How likely an entity that holds the token before goes on with this one.
        let goes_on = |token: usize| match (rows.get(token), inside(token - 1)) {
            (Some(_), before) if before > 1e-9 => (sum(token, &columns.inside) / before).min(1.0),
            _ => 0.0,
        };
        for start in 0..rows.len() {
            let mut probability = sum(start, &columns.begin);
            if columns.begin.is_empty() {
                let before = if start == 0 { 0.0 } else { goes_on(start) * inside(start - 1) };
                probability = (inside(start) - before).max(0.0);
            }
            let mut end = start + 1;
            while probability >= FLOOR {
                let next = goes_on(end);
                if probability * (1.0 - next) >= FLOOR {
                    let mut entity = Entity::new(start..end, label.as_str());
                    entity.score = Some(probability * (1.0 - next));
                    spans.push(entity);
                }
                probability *= next;
                end += 1;
            }
        }
    }
    spans.sort_by(|a, b| (a.span.start, a.span.end, &a.label).cmp(&(b.span.start, b.span.end, &b.label)));
    spans
}

/// The columns of a label.
#[derive(Default)]
struct Columns {
    begin: Vec<usize>,
    inside: Vec<usize>,
}

impl Columns {
    fn of(tags: &[String]) -> Vec<(String, Columns)> {
        let mut columns: Vec<(String, Columns)> = Vec::new();
        for (at, tag) in tags.iter().enumerate() {
            let Some((prefix, label)) = tag.split_once('-') else { continue };
            let place = columns.iter().position(|(known, _)| known == label).unwrap_or_else(|| {
                columns.push((label.to_owned(), Columns::default()));
                columns.len() - 1
            });
            let of = &mut columns[place].1;
            (if matches!(prefix, "B" | "S" | "U") { &mut of.begin } else { &mut of.inside }).push(at);
        }
        columns
    }
}

/// Spans with the probabilities of their labels, by span.
pub(crate) fn by_span(spans: Vec<Entity>) -> Vec<(Span, Vec<(String, f64)>)> {
    let mut grouped: Vec<(Span, Vec<(String, f64)>)> = Vec::new();
    for entity in spans {
        let labelled = (entity.label, entity.score.unwrap_or(1.0));
        match grouped.iter_mut().find(|(span, _)| *span == entity.span) {
            Some((_, labels)) => labels.push(labelled),
            None => grouped.push((entity.span, vec![labelled])),
        }
    }
    grouped
}

/// Replaces the entities of a sentence by the spans that its tagger holds possible, and returns those that were there: each
/// span once, with its likeliest label and as score the probability that it is an entity of whatever label. `None`, and
/// nothing is changed, where the sentence has no probabilities: its entities are certain.
pub fn hand_over(sentence: &mut Sentence) -> Option<Vec<Entity>> {
    let spans = by_span(marginals(sentence.probabilities.as_ref()?));
    let handed = spans.into_iter().filter_map(|(span, labels)| {
        let total: f64 = labels.iter().map(|(_, probability)| probability).sum();
        let best = labels.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let mut entity = Entity::new(span, best.0);
        entity.score = Some(total.min(1.0));
        (total >= MIN_PROBABILITY).then_some(entity)
    });
    Some(std::mem::replace(&mut sentence.entities, handed.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probabilities(tags: &[&str], rows: &[&[f32]]) -> LabelProbabilities {
        let labels = tags.iter().map(|tag| (*tag).to_owned()).collect();
        LabelProbabilities { labels, rows: rows.iter().map(|row| row.to_vec()).collect(), spans: Vec::new() }
    }

    fn found(probabilities: &LabelProbabilities) -> Vec<(usize, usize, f64)> {
        let round = |x: f64| (x * 1000.0).round() / 1000.0;
        let spans = marginals(probabilities);
        spans.iter().map(|e| (e.span.start, e.span.end, round(e.score.unwrap()))).collect()
    }

    #[test]
    fn spans_share_the_probability_of_their_beginning() {
        let rows: [&[f32]; 2] = [&[0.2, 0.8, 0.0], &[0.4, 0.0, 0.6]];
        assert_eq!(found(&probabilities(&["O", "B-PER", "I-PER"], &rows)), [(0, 1, 0.2), (0, 2, 0.6)]);
    }

    #[test]
    fn without_begin_tags_an_entity_begins_where_none_goes_on() {
        let rows: [&[f32]; 3] = [&[0.1, 0.9], &[0.1, 0.9], &[1.0, 0.0]];
        assert_eq!(found(&probabilities(&["O", "I-PER"], &rows)), [(0, 2, 0.9)]);
    }

    #[test]
    fn given_spans_are_exact() {
        let mut given = probabilities(&["O", "B-PER", "I-PER"], &[&[0.5, 0.5, 0.0]]);
        given.spans = vec![Entity { score: Some(0.25), ..Entity::new(0..1, "PER") }];
        assert_eq!(found(&given), [(0, 1, 0.25)]);
    }

    #[test]
    fn a_span_is_handed_over_once_and_certain_entities_stay() {
        let mut sentence = Sentence::from_tokens(["Bern"]);
        sentence.entities = vec![Entity::new(0..1, "PER")];
        assert_eq!(hand_over(&mut sentence), None);
        sentence.probabilities = Some(probabilities(&["O", "B-LOC", "B-PER"], &[&[0.3, 0.4, 0.3]]));
        assert_eq!(hand_over(&mut sentence).unwrap(), [Entity::new(0..1, "PER")]);
        assert_eq!(sentence.entities.len(), 1);
        assert_eq!(sentence.entities[0].label, "LOC");
        assert!((sentence.entities[0].score.unwrap() - 0.7).abs() < 1e-6);
    }
}
