//! Sentences to look at: their text with entities marked, what is meant, and the alignment view.

use maud::{Markup, html};
use xlner_core::{Entity, Sentence, Span};

use super::super::analysis::{Example, Named, SystemAnalysis};
use super::super::classify::ErrorClass;
use super::super::excerpt::{Excerpt, within};
use super::{Palette, count, is_right_to_left, links, places};

pub fn of_system(system: &SystemAnalysis, index: usize, palette: &Palette) -> Markup {
    let with_gold = system.figures.is_some();
    html! {
        p.soft { span.key.solid style="margin-left:0" {} "entities of the source and predicted ones"
            @if with_gold { span.key.dashed {} "gold entities" }
            span.key.focus {} "what the example is about. "
            "Lines are links of the alignment, the stronger the more probable; a shaded band leads from a source entity to what was projected from it." }
        @if index == 0 {
            div #filter hidden {
                label for="words" { "Only sentences with" }
                input #words type="search" autocomplete="off" placeholder="words, labels, ids";
                output for="words" {}
            }
        }
        @for group in &system.errors {
            (details(
                group.class.title(),
                &shown(group.examples.len(), group.count),
                group.class.explanation(),
                &group.examples,
                palette,
            ))
        }
        @for (reason, examples) in &system.unprojected {
            @let number = system.projection.as_ref().and_then(|counts| counts.unprojected.get(reason)).copied();
            (details(
                &format!("not projected: {reason}"),
                &shown(examples.len(), number.unwrap_or(0)),
                ErrorClass::Unprojected.explanation(),
                examples,
                palette,
            ))
        }
        @let (title, explanation) = match with_gold {
            true => ("without error", "All entities of the sentence were found, and nothing else."),
            false => ("sentences", "Sentences with entities."),
        };
        (details(title, &format!("{} shown", system.sentences.len()), explanation, &system.sentences, palette))
    }
}

fn shown(shown: usize, all: u64) -> String {
    if shown as u64 == all { count(all) } else { format!("{} of {} shown, drawn evenly", shown, count(all)) }
}

fn details(title: &str, number: &str, explanation: &str, examples: &[Example], palette: &Palette) -> Markup {
    html! {
        @if !examples.is_empty() {
            details.class {
                summary { (title) " " span.soft { "(" (number) ")" } }
                p.soft { (explanation) }
                @for example in examples { (one(example, palette)) }
            }
        }
    }
}

fn one(example: &Example, palette: &Palette) -> Markup {
    let (source, target) = (&example.pair.source, &example.pair.target);
    let focus = Focus::of(example);
    let gold = example.gold_entities.as_deref();
    let same = gold.is_some_and(|gold| same_entities(gold, &target.entities));
    html! {
        div.example {
            h4 {
                "Sentence " (count(example.number))
                @if !example.id.is_empty() { " " span.soft { (example.id) } }
                @if let Some(gold) = &example.gold { " · gold " (named(gold, palette)) }
                @if let Some(predicted) = &example.predicted { " · predicted " (named(predicted, palette)) }
                @if let Some(source) = &example.source { " · from " (named(source, palette)) }
                @if let Some(reason) = example.reason { " · " (reason) }
            }
            @if !example.excerpt.is_whole() { p.soft { (left_out(&example.excerpt)) } }
            dl.text {
                @if !source.is_empty() {
                    dt { "source" }
                    dd dir=(direction(source)) lang=[source.lang.as_deref()] { (marked(source, &source.entities, focus.source, false, palette)) }
                }
                dt { @if same { "target" } @else { "predicted" } }
                dd dir=(direction(target)) lang=[target.lang.as_deref()] { (marked(target, &target.entities, focus.predicted, false, palette)) }
                @if let Some(gold) = gold.filter(|_| !same) {
                    dt { "gold" }
                    dd dir=(direction(target)) lang=[target.lang.as_deref()] { (marked(target, gold, focus.gold, true, palette)) }
                }
            }
            @if !source.is_empty() { (links::view(example, &focus, palette)) }
            (places::view(source, &[], palette))
            (places::view(target, gold.unwrap_or_default(), palette))
        }
    }
}

/// Which tokens are shown.
fn left_out(excerpt: &Excerpt) -> String {
    let sides = [("source", &excerpt.source, excerpt.of[0]), ("target", &excerpt.target, excerpt.of[1])];
    let cut = sides.into_iter().filter(|(_, shown, of)| shown.len() < *of).map(|(side, shown, of)| {
        let number = |token: usize| count(token as u64);
        format!("tokens {} to {} of {} of the {side}", number(shown.start + 1), number(shown.end), number(of))
    });
    format!("A part is shown: {}.", cut.collect::<Vec<_>>().join(", "))
}

/// The direction of a text; the labels in it would mislead `dir="auto"`.
fn direction(sentence: &Sentence) -> &'static str {
    if is_right_to_left(sentence.text()) { "rtl" } else { "ltr" }
}

/// The spans that an example is about.
pub struct Focus {
    pub source: Option<Span>,
    pub predicted: Option<Span>,
    pub gold: Option<Span>,
}

impl Focus {
    fn of(example: &Example) -> Focus {
        let Excerpt { source, target, .. } = &example.excerpt;
        let span = |named: &Option<Named>, shown| within(Span::new(named.as_ref()?.start, named.as_ref()?.end), shown);
        Focus {
            source: span(&example.source, source),
            predicted: span(&example.predicted, target),
            gold: span(&example.gold, target),
        }
    }
}

fn named(named: &Named, palette: &Palette) -> Markup {
    html! { bdi { (named.form) } " " span class={ "label " (palette.class(&named.label)) } { (named.label) } }
}

fn same_entities(a: &[Entity], b: &[Entity]) -> bool {
    let key = |entities: &[Entity]| {
        let mut keys: Vec<(Span, String)> = entities.iter().map(|e| (e.span, e.label.clone())).collect();
        keys.sort_unstable();
        keys
    };
    key(a) == key(b)
}

/// The text of a sentence with its entities marked; of entities that overlap, those that begin first.
fn marked(sentence: &Sentence, entities: &[Entity], focus: Option<Span>, gold: bool, palette: &Palette) -> Markup {
    let mut order: Vec<&Entity> = entities.iter().collect();
    order.sort_by_key(|entity| entity.span);
    let text = sentence.text();
    let mut done = 0;
    let mut parts: Vec<(&str, Option<(&Entity, &str)>)> = Vec::new();
    for entity in order {
        let bytes = sentence.byte_range(entity.span.start).start..sentence.byte_range(entity.span.end - 1).end;
        if bytes.start >= done {
            parts.push((&text[done..bytes.start], Some((entity, &text[bytes.clone()]))));
            done = bytes.end;
        }
    }
    parts.push((&text[done..], None));
    html! {
        @for (before, entity) in parts {
            (before)
            @if let Some((entity, form)) = entity {
                mark class={ (palette.class(&entity.label))
                    (if gold { " gold" } else { "" }) (if focus == Some(entity.span) { " focus" } else { "" }) }
                { (form) small { (entity.label) } }
            }
        }
    }
}
