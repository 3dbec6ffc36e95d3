//! A pair: the source sentence, and below it the target with the entities of each row. What stands in the file is complete
//! without script; the script draws it as the page of the review does (`crate::drawing`), with lines between the words.

use maud::{Markup, html};
use serde_json::{Value, json};
use xlner_core::{Alignment, Entity, Pair, Sentence, Span};

use super::{Palette, is_right_to_left};
use crate::drawing;

/// The target sentence with entities.
pub struct TargetRow<'a> {
    title: &'a str,
    entities: Vec<&'a Entity>,
    /// The entity that is meant.
    focus: Option<Span>,
    /// Of each entity, whether gold has another one, or none.
    wrong: Vec<bool>,
    is_gold: bool,
}

impl<'a> TargetRow<'a> {
    /// Predicted entities; those that gold does not have are marked.
    pub fn new(title: &'a str, entities: &'a [Entity], gold: Option<&[Entity]>, focus: Option<Span>) -> Self {
        let entities = sorted(entities);
        let has =
            |gold: &[Entity], entity: &Entity| gold.iter().any(|g| g.span == entity.span && g.label == entity.label);
        let wrong = entities.iter().map(|entity| gold.is_some_and(|gold| !has(gold, entity))).collect();
        TargetRow { title, entities, focus, wrong, is_gold: false }
    }

    /// Gold entities.
    pub fn gold(entities: &'a [Entity], focus: Option<Span>) -> Self {
        let entities = sorted(entities);
        TargetRow { title: "gold", wrong: vec![false; entities.len()], entities, focus, is_gold: true }
    }

    fn data(&self) -> Value {
        let entities = self.entities.iter().zip(&self.wrong).map(|(entity, wrong)| {
            let mut data = json!({ "start": entity.span.start, "end": entity.span.end, "label": entity.label });
            if *wrong {
                data["wrong"] = json!(true);
            }
            if self.focus == Some(entity.span) {
                data["focus"] = json!(true);
            }
            data
        });
        entities.collect()
    }
}

fn sorted(entities: &[Entity]) -> Vec<&Entity> {
    let mut list: Vec<&Entity> = entities.iter().collect();
    list.sort_by_key(|entity| entity.span);
    list
}

/// The view; `focus` is the source entity that is meant.
pub fn view(pair: &Pair, focus: Option<Span>, rows: &[TargetRow<'_>], palette: &Palette) -> Markup {
    let (source, target) = (&pair.source, &pair.target);
    let of_source = TargetRow { focus, is_gold: false, ..TargetRow::new("source", &source.entities, None, None) };
    let data = json!({
        "source": text(source), "target": text(target), "links": pair.alignment,
        "entities": of_source.data(), "rows": rows.iter().map(TargetRow::data).collect::<Vec<_>>(),
    });
    html! {
        div.pair data-pair=(data) {
            dl.text {
                @if !source.is_empty() { (row(source, &of_source, "source", palette)) }
                @for (index, of_target) in rows.iter().enumerate() {
                    (row(target, of_target, if index == 0 { "first target" } else { "target" }, palette))
                }
            }
            @if let Some(alignment) = &pair.alignment { (linked(pair, alignment, palette)) }
        }
    }
}

/// A sentence as the script draws it; its entities come row by row.
fn text(sentence: &Sentence) -> Value {
    let mut data = drawing::side(sentence);
    data["entities"] = json!([]);
    data["regions"] = Value::Null;
    data
}

fn row(sentence: &Sentence, row: &TargetRow<'_>, class: &str, palette: &Palette) -> Markup {
    let direction = if is_right_to_left(sentence.text()) { "rtl" } else { "ltr" };
    html! {
        dt class=(class) { (row.title) }
        dd class={ "sentence small " (class) @if row.is_gold { " gold" } } dir=(direction) lang=[sentence.lang.as_deref()] {
            (marked(sentence, row, palette))
        }
    }
}

/// The text of a sentence with its entities marked and their labels; of entities that overlap, those that begin first.
fn marked(sentence: &Sentence, row: &TargetRow<'_>, palette: &Palette) -> Markup {
    let text = sentence.text();
    let mut done = 0;
    // The text before an entity, the entity, whether it is wrong, and its own text.
    let mut parts = Vec::new();
    for (entity, wrong) in row.entities.iter().zip(&row.wrong) {
        let bytes = sentence.byte_range(entity.span.start).start..sentence.byte_range(entity.span.end - 1).end;
        if bytes.start >= done {
            parts.push((&text[done..bytes.start], entity, *wrong, &text[bytes.clone()]));
            done = bytes.end;
        }
    }
    html! {
        @for (before, entity, wrong, form) in parts {
            (before)
            span class={ "entity " (palette.class(&entity.label)) @if wrong { " differs" } @if row.focus == Some(entity.span) { " focus" } }
            { (form) } small class=(palette.class(&entity.label)) { " " (entity.label) }
        }
        (text[done..])
    }
}

/// Where the links of source entities lead, for those who see no lines.
fn linked(pair: &Pair, alignment: &Alignment, palette: &Palette) -> Markup {
    let words = |entity: &Entity| {
        let into = alignment.links().iter().filter(|link| entity.span.contains(link.source as usize));
        let mut tokens: Vec<usize> = into.map(|link| link.target as usize).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens.iter().map(|&token| pair.target.token(token)).collect::<Vec<_>>().join(" ")
    };
    html! {
        @if !pair.source.entities.is_empty() {
            p.linked.soft { "Links: "
                @for (index, entity) in pair.source.entities.iter().enumerate() {
                    @if index > 0 { "; " }
                    bdi class={ "label " (palette.class(&entity.label)) } { (pair.source.span_text(entity.span)) } " – "
                    @let words = words(entity);
                    @if words.is_empty() { "none" } @else { bdi { (words) } }
                }
                "."
            }
        }
    }
}
