//! What the cross-fitted tagger of the target language says.

use super::{View, log_odds};

/// Log-odds of what a function makes of the tagger's spans; 0 where there is no tagger.
fn asked(view: &View<'_>, probability: impl Fn(&[crate::decision::corpus::Marginal]) -> f32) -> f32 {
    view.target.spans.as_ref().map_or(0.0, |spans| log_odds(probability(spans)))
}

pub(super) fn label(view: &View<'_>) -> f32 {
    asked(view, |_| view.target.at(view.span).map_or(0.0, |marginal| marginal.of(view.label)))
}

pub(super) fn any_label(view: &View<'_>) -> f32 {
    asked(view, |_| view.target.at(view.span).map_or(0.0, |marginal| marginal.any()))
}

pub(super) fn rival(view: &View<'_>) -> f32 {
    asked(view, |spans| {
        let rivals = spans.iter().filter(|rival| rival.span != view.span && rival.span.overlaps(view.span));
        rivals.map(|rival| rival.of(view.label)).fold(0.0, f32::max)
    })
}

/// Mean probability of the span's tokens to be in an entity: of spans that are told, which hold all but a little.
fn inside(view: &View<'_>, of: impl Fn(&crate::decision::corpus::Marginal) -> f32) -> f32 {
    let spans = view.target.spans.iter().flatten().filter(|other| other.span.overlaps(view.span));
    let tokens = spans.map(|other| {
        let common = other.span.end.min(view.span.end) - other.span.start.max(view.span.start);
        common as f32 * of(other)
    });
    tokens.sum::<f32>() / view.span.len() as f32
}

pub(super) fn tokens(view: &View<'_>) -> f32 {
    asked(view, |_| inside(view, |other| other.of(view.label)))
}

pub(super) fn outside(view: &View<'_>) -> f32 {
    asked(view, |_| 1.0 - inside(view, |other| other.any()))
}

#[cfg(test)]
mod tests {
    use super::super::log_odds;
    use super::super::tests::{close, pair, value};

    #[test]
    fn the_target_tagger_speaks_of_span_rivals_and_tokens() {
        let of = |name, span, label| value(name, span, label, pair(), 1);
        close(of("target", (0, 1), "PER"), log_odds(0.5));
        close(of("target", (0, 1), "ORG"), log_odds(0.0));
        close(of("target-any", (0, 1), "ORG"), log_odds(0.5));
        close(of("target-rival", (2, 4), "LOC"), log_odds(0.2));
        close(of("target-tokens", (2, 4), "LOC"), log_odds(0.9));
        close(of("target-outside", (2, 4), "LOC"), log_odds(0.1));
    }

    #[test]
    fn without_a_tagger_nothing_is_said() {
        let mut pair = pair();
        pair.target.probabilities = None;
        for name in ["target", "target-any", "target-rival", "target-tokens", "target-outside", "target-form-tagged"] {
            close(value(name, (0, 1), "PER", pair.clone(), 1), 0.0);
        }
    }
}
