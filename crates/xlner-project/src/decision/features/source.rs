//! What the source says: the source tagger and the projection.

use xlner_core::text::{Lcs, dice, fold};

use super::{View, log_odds};

pub(super) fn projected(view: &View<'_>) -> f32 {
    view.of_projection(|_| 1.0)
}

pub(super) fn label(view: &View<'_>) -> f32 {
    view.of_projection(|projected| log_odds(projected.source.of(view.label)))
}

pub(super) fn any_label(view: &View<'_>) -> f32 {
    view.of_projection(|projected| log_odds(projected.source.any()))
}

pub(super) fn rival(view: &View<'_>) -> f32 {
    view.of_projection(|projected| {
        let span = projected.source.span;
        let rivals = view.source.spans.iter().flatten().filter(|rival| rival.span != span && rival.span.overlaps(span));
        log_odds(rivals.map(|rival| rival.of(view.label)).fold(0.0, f32::max))
    })
}

pub(super) fn capitals(view: &View<'_>) -> f32 {
    view.of_projection(|projected| {
        let span = projected.source.span;
        let capital = |token: &usize| super::shape::is_capital(view.pair.source.token(*token));
        span.range().filter(capital).count() as f32 / span.len() as f32
    })
}

pub(super) fn score(view: &View<'_>) -> f32 {
    view.of_projection(|projected| projected.entity.score.unwrap_or(0.0).min(15.0) as f32 / 5.0)
}

pub(super) fn rank(view: &View<'_>) -> f32 {
    view.of_projection(|projected| {
        let (scores, own) = (&view.corpus.scores, projected.entity.score.unwrap_or(0.0));
        scores.partition_point(|score| *score <= own) as f32 / scores.len().max(1) as f32
    })
}

pub(super) fn margin(view: &View<'_>) -> f32 {
    view.of_projection(|projected| projected.entity.margin.unwrap_or(0.0).max(0.0).ln_1p() as f32)
}

/// Folded letters of both forms.
fn forms(view: &View<'_>) -> Option<(String, String)> {
    let source = view.projected?.source.span.range().map(|token| fold(view.pair.source.token(token)));
    Some((source.collect(), view.tokens().map(fold).collect()))
}

pub(super) fn equal(view: &View<'_>) -> f32 {
    view.of_projection(|projected| {
        let source = &view.source.lower[projected.source.span.range()];
        f32::from(u8::from(source == &view.target.lower[view.span.range()]))
    })
}

pub(super) fn similar(view: &View<'_>) -> f32 {
    let Some((source, target)) = forms(view) else { return 0.0 };
    let mut lcs = Lcs::default();
    lcs.set_pattern(source.as_bytes());
    lcs.extend(target.as_bytes());
    dice(lcs.common(), source.len(), target.len())
}

fn ratio(view: &View<'_>) -> f32 {
    view.of_projection(|projected| (view.span.len() as f32 / projected.source.span.len() as f32).ln())
}

pub(super) fn longer(view: &View<'_>) -> f32 {
    ratio(view).max(0.0)
}

pub(super) fn shorter(view: &View<'_>) -> f32 {
    (-ratio(view)).max(0.0)
}

pub(super) fn overlap(view: &View<'_>) -> f32 {
    f32::from(u8::from(view.overlapping.is_some()))
}

pub(super) fn overlap_label(view: &View<'_>) -> f32 {
    view.overlapping.map_or(0.0, |projected| log_odds(projected.source.of(view.label)))
}

#[cfg(test)]
mod tests {
    use super::super::log_odds;
    use super::super::tests::{close, pair, value};

    fn of(name: &str, span: (usize, usize), label: &str) -> f32 {
        value(name, span, label, pair(), 1)
    }

    #[test]
    fn the_source_tagger_speaks_of_label_span_and_rivals() {
        close(of("projected", (0, 1), "PER"), 1.0);
        close(of("source", (0, 1), "PER"), log_odds(0.9));
        close(of("source", (0, 1), "ORG"), log_odds(0.05));
        close(of("source-any", (0, 1), "ORG"), log_odds(0.95));
        close(of("source-rival", (2, 4), "LOC"), log_odds(0.1));
        close(of("source-rival", (0, 1), "PER"), log_odds(0.0));
        close(of("source-capitals", (2, 4), "LOC"), 1.0);
    }

    #[test]
    fn the_match_speaks_of_score_and_form() {
        close(of("score", (0, 1), "PER"), 1.0);
        close(of("score-rank", (0, 1), "PER"), 1.0);
        close(of("margin", (0, 1), "PER"), 2f32.ln());
        close(of("equal", (2, 4), "LOC"), 1.0);
        close(of("equal", (0, 1), "PER"), 0.0);
        close(of("similar", (0, 1), "PER"), 8.0 / 9.0);
        close(of("longer", (0, 1), "PER"), 0.0);
        close(of("shorter", (0, 1), "PER"), 0.0);
    }

    #[test]
    fn what_only_the_target_tagger_found_has_a_neighbour_at_most() {
        close(of("projected", (1, 4), "LOC"), 0.0);
        close(of("source", (1, 4), "LOC"), 0.0);
        close(of("overlap", (1, 4), "LOC"), 1.0);
        close(of("overlap-source", (1, 4), "LOC"), log_odds(0.8));
        close(of("overlap", (2, 4), "LOC"), 0.0);
    }
}
