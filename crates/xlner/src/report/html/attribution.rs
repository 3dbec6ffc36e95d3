//! What each stage costs.

use maud::{Markup, html};

use super::super::attribute::{Attribution, Cost};
use super::plots::bar;
use super::{count, fraction};

pub fn of_system(attribution: &Attribution) -> Markup {
    html! {
        p { "One stage at a time is replaced by gold; the others stay as they are. The cost is the F1 that this adds to "
            (fraction(attribution.f1)) ". Costs do not add up: an entity may be wrong in more than one way, and then no single stage helps." }
        (table(&attribution.by_class, "By class of error. Missed and spurious entities are laid at a stage’s door by links, which may be wrong."))
        @if attribution.unknown > 0 {
            p.soft { "Of " (count(attribution.unknown)) " errors no stage is known: there is no source side, or there are no links." }
        }
        @if let Some(again) = &attribution.projected_again {
            (table(&again.stages, &format!(
                "Projected again by the links, with gold of a stage and without it (F1 {}).", fraction(again.f1)
            )))
        }
    }
}

fn table(costs: &[Cost], caption: &str) -> Markup {
    let most = costs.iter().map(|cost| cost.cost).fold(0.0, f64::max);
    html! {
        div.scroll { table {
            caption { (caption) }
            thead { tr { th { "stage" } th.n { "F1 with gold" } th.n { "cost" } th {} th.n { "95%" } } }
            tbody { @for cost in costs {
                tr {
                    th { (cost.stage.title()) } td.n { (fraction(cost.f1)) } td.n { (fraction(cost.cost)) }
                    td { (bar(if most > 0.0 { cost.cost / most } else { 0.0 }, "bar")) }
                    td.n { @if let Some([low, high]) = cost.ci95 { (fraction(low)) " to " (fraction(high)) } }
                }
            } }
        } }
    }
}
