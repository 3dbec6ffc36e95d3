//! What the target text itself says: case, length, digits, the confidence of whoever read it from a page or a recording.

use super::View;

pub(super) fn is_capital(token: &str) -> bool {
    token.chars().next().is_some_and(char::is_uppercase)
}

fn flag(value: bool) -> f32 {
    f32::from(u8::from(value))
}

pub(super) fn capital_first(view: &View<'_>) -> f32 {
    flag(is_capital(view.pair.target.token(view.span.start)))
}

pub(super) fn capital_last(view: &View<'_>) -> f32 {
    flag(is_capital(view.pair.target.token(view.span.end - 1)))
}

pub(super) fn capitals(view: &View<'_>) -> f32 {
    view.tokens().filter(|token| is_capital(token)).count() as f32 / view.span.len() as f32
}

pub(super) fn capitals_sentence(view: &View<'_>) -> f32 {
    let target = &view.pair.target;
    target.tokens().filter(|token| is_capital(token)).count() as f32 / target.len() as f32
}

pub(super) fn capital_before(view: &View<'_>) -> f32 {
    flag(view.span.start > 1 && is_capital(view.pair.target.token(view.span.start - 1)))
}

pub(super) fn capital_behind(view: &View<'_>) -> f32 {
    let target = &view.pair.target;
    flag(view.span.end < target.len() && is_capital(target.token(view.span.end)))
}

pub(super) fn sentence_start(view: &View<'_>) -> f32 {
    flag(view.span.start == 0)
}

pub(super) fn upper(view: &View<'_>) -> f32 {
    let letters = view.tokens().flat_map(str::chars).filter(|c| c.is_alphabetic());
    flag(letters.clone().count() > 1 && letters.clone().all(char::is_uppercase))
}

pub(super) fn digit(view: &View<'_>) -> f32 {
    flag(view.tokens().any(|token| token.chars().any(char::is_numeric)))
}

pub(super) fn punctuation(view: &View<'_>) -> f32 {
    flag(view.tokens().any(|token| !token.chars().any(char::is_alphanumeric)))
}

pub(super) fn one_token(view: &View<'_>) -> f32 {
    flag(view.span.len() == 1)
}

pub(super) fn two_tokens(view: &View<'_>) -> f32 {
    flag(view.span.len() == 2)
}

pub(super) fn three_tokens(view: &View<'_>) -> f32 {
    flag(view.span.len() == 3)
}

pub(super) fn letters(view: &View<'_>) -> f32 {
    (view.pair.target.span_text(view.span).chars().count() as f32).ln_1p()
}

fn labelled(view: &View<'_>, names: &[&str]) -> f32 {
    flag(names.contains(&view.corpus.labels[usize::from(view.label)].as_str()))
}

pub(super) fn person(view: &View<'_>) -> f32 {
    labelled(view, &["PER", "PERSON"])
}

pub(super) fn location(view: &View<'_>) -> f32 {
    labelled(view, &["LOC", "LOCATION", "GPE"])
}

pub(super) fn organisation(view: &View<'_>) -> f32 {
    labelled(view, &["ORG", "ORGANIZATION"])
}

pub(super) fn confidence(view: &View<'_>) -> f32 {
    let regions = view.pair.target.regions.iter().flatten();
    let inside = regions.skip(view.span.start).take(view.span.len());
    let known = inside.filter_map(|region| region.get("confidence")?.as_f64());
    known.reduce(f64::min).map_or(0.0, |least| super::log_odds(least as f32))
}

#[cfg(test)]
mod tests {
    use super::super::log_odds;
    use super::super::tests::{close, pair, value};

    #[test]
    fn case_length_and_place() {
        let of = |name, span, label| value(name, span, label, pair(), 1);
        close(of("capital-first", (0, 1), "PER"), 1.0);
        close(of("capital-first", (1, 4), "LOC"), 0.0);
        close(of("capital-last", (1, 4), "LOC"), 1.0);
        close(of("capitals", (1, 4), "LOC"), 2.0 / 3.0);
        close(of("capitals-sentence", (0, 1), "PER"), 0.75);
        close(of("capital-before", (2, 4), "LOC"), 0.0);
        close(of("capital-behind", (0, 1), "PER"), 0.0);
        close(of("sentence-start", (0, 1), "PER"), 1.0);
        close(of("upper", (0, 1), "PER"), 0.0);
        close(of("digit", (0, 1), "PER"), 0.0);
        close(of("punctuation", (0, 1), "PER"), 0.0);
        close(of("tokens-1", (0, 1), "PER"), 1.0);
        close(of("tokens-2", (2, 4), "LOC"), 1.0);
        close(of("tokens-3", (1, 4), "LOC"), 1.0);
        close(of("letters", (0, 1), "PER"), 6f32.ln());
        close(of("person", (0, 1), "PER"), 1.0);
        close(of("location", (2, 4), "LOC"), 1.0);
        close(of("organisation", (0, 1), "ORG"), 1.0);
    }

    #[test]
    fn the_least_confidence_counts() {
        let mut pair = pair();
        close(value("confidence", (2, 4), "LOC", pair.clone(), 1), 0.0);
        let region = |confidence: f64| serde_json::json!({ "confidence": confidence });
        pair.target.regions = Some(vec![region(0.99), region(0.99), region(0.9), region(0.6)]);
        close(value("confidence", (2, 4), "LOC", pair, 1), log_odds(0.6));
    }
}
