//! What the corpus says of the same names elsewhere. What this occurrence brought to the counts is left out, or halved where it
//! would say nothing else.

use super::{View, log_odds, share};
use crate::decision::corpus::Form;

/// What a function makes of the counts of the source form; 0 where nothing is projected here.
fn source(view: &View<'_>, of: impl Fn(&Form, f32) -> f32) -> f32 {
    view.of_projection(|projected| {
        let form = view.corpus.source_forms.get(&projected.source.form);
        // Forms too long to be counted occur here.
        form.map_or(0.0, |form| of(form, form.seen.max(1.0)))
    })
}

pub(super) fn source_form(view: &View<'_>) -> f32 {
    let own = view.projected.map_or(0.0, |projected| projected.source.of(view.label));
    source(view, |form, seen| log_odds(share(Form::of(&form.tagged, view.label) - own / 2.0, seen - 0.5)))
}

pub(super) fn source_form_any(view: &View<'_>) -> f32 {
    let own = view.projected.map_or(0.0, |projected| projected.source.any());
    source(view, |form, seen| log_odds(share(form.tagged.iter().sum::<f32>() - own / 2.0, seen - 0.5)))
}

pub(super) fn source_form_seen(view: &View<'_>) -> f32 {
    source(view, |_, seen| (seen - 1.0).ln_1p())
}

/// The same of the target form.
fn target(view: &View<'_>, of: impl Fn(&Form, f32) -> f32) -> f32 {
    let form = view.corpus.target_forms.get(&crate::decision::corpus::form(&view.target.lower, view.span));
    form.map_or(0.0, |form| of(form, form.seen.max(1.0)))
}

pub(super) fn target_form(view: &View<'_>) -> f32 {
    let own = view.projected.map_or(0.0, |projected| projected.source.of(view.label));
    target(view, |form, seen| match seen > 1.0 {
        true => log_odds(share(Form::of(&form.projected, view.label) - own, seen - 1.0)),
        false => 0.0,
    })
}

pub(super) fn target_form_other(view: &View<'_>) -> f32 {
    target(view, |form, seen| {
        log_odds(share(form.projected.iter().sum::<f32>() - Form::of(&form.projected, view.label), seen))
    })
}

pub(super) fn target_form_tagged(view: &View<'_>) -> f32 {
    if view.target.spans.is_none() {
        return 0.0;
    }
    let own = view.target.at(view.span).map_or(0.0, |marginal| marginal.of(view.label));
    target(view, |form, seen| log_odds(share(Form::of(&form.tagged, view.label) - own / 2.0, seen - 0.5)))
}

pub(super) fn target_form_seen(view: &View<'_>) -> f32 {
    target(view, |_, seen| (seen - 1.0).ln_1p())
}

pub(super) fn target_form_once(view: &View<'_>) -> f32 {
    target(view, |_, seen| f32::from(u8::from(seen <= 1.0)))
}

pub(super) fn target_form_small(view: &View<'_>) -> f32 {
    target(view, |form, seen| form.small / seen)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{close, pair, value};
    use super::super::{log_odds, share};

    #[test]
    fn other_occurrences_speak() {
        let of = |name, span, label| value(name, span, label, pair(), 3);
        close(of("source-form", (0, 1), "PER"), log_odds(share(2.25, 2.5)));
        close(of("source-form-any", (0, 1), "PER"), log_odds(share(0.95 * 2.5, 2.5)));
        close(of("source-form-seen", (0, 1), "PER"), 3f32.ln());
        close(of("target-form", (2, 4), "LOC"), log_odds(share(1.6, 2.0)));
        close(of("target-form-other", (0, 1), "ORG"), log_odds(share(2.7, 3.0)));
        close(of("target-form-tagged", (0, 1), "PER"), log_odds(share(1.25, 2.5)));
        close(of("target-form-seen", (2, 4), "LOC"), 3f32.ln());
        close(of("target-form-once", (2, 4), "LOC"), 0.0);
        close(of("target-form-small", (1, 4), "LOC"), 1.0);
    }

    #[test]
    fn one_occurrence_does_not_speak_for_itself() {
        close(value("target-form", (2, 4), "LOC", pair(), 1), 0.0);
        close(value("target-form-once", (2, 4), "LOC", pair(), 1), 1.0);
    }
}
