//! What looks suspicious when all sentences are looked at together: the three flags of Adelani et al. (2022), "MasakhaNER 2.0",
//! with which annotators were sent back to their sentences.

use rustc_hash::FxHashMap;
use serde::Serialize;
use xlner_core::{Entity, Sentence, Span};

use crate::item::Item;

/// Tokens of the longest form that is looked at.
const LONGEST: usize = 10;
/// A form is usually named where it occurs so often, and more than half of that is named.
const OFTEN: u32 = 3;
/// Share of a form's entities that have its usual label.
const NEARLY_ALWAYS: f64 = 0.8;
/// Entities of a form from which on its labels say something.
const ENOUGH: u32 = 5;
/// Share of the sentences that end or begin in one way, from which on another way is suspicious.
const MOSTLY: f64 = 0.8;

/// What is suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// A form that usually is an entity stands here without one.
    Unnamed,
    /// A form has a label here that is nearly always another.
    RareLabel,
    /// The sentence does not end, or begin, as sentences here do: it may be cut wrongly.
    Boundary,
}

impl Flag {
    /// All flags.
    pub const ALL: [Flag; 3] = [Flag::Unnamed, Flag::RareLabel, Flag::Boundary];

    /// The name: `unnamed`, `rare-label`, `boundary`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Flag::Unnamed => "unnamed",
            Flag::RareLabel => "rare-label",
            Flag::Boundary => "boundary",
        }
    }
}

/// The tokens of a span as one text.
pub(crate) fn form(sentence: &Sentence, span: Span) -> String {
    let tokens: Vec<&str> = span.range().map(|token| sentence.token(token)).collect();
    tokens.join(" ")
}

#[derive(Default)]
struct Form<'a> {
    occurrences: u32,
    named: u32,
    labels: FxHashMap<&'a str, u32>,
}

impl<'a> Form<'a> {
    /// The label that nearly all of its entities have.
    fn usual(&self) -> Option<&'a str> {
        let (label, count) =
            self.labels.iter().map(|(&label, &count)| (label, count)).max_by_key(|(_, count)| *count)?;
        let usual = self.named >= ENOUGH && f64::from(count) >= NEARLY_ALWAYS * f64::from(self.named);
        usual.then_some(label)
    }
}

/// The flags of every item, by its current entities.
pub fn flags(items: &[Item]) -> Vec<Vec<Flag>> {
    let mut forms: FxHashMap<String, Form<'_>> = FxHashMap::default();
    for item in items {
        for entity in item.current().iter().filter(|entity| entity.span.len() <= LONGEST) {
            let form = forms.entry(form(&item.pair.target, entity.span)).or_default();
            form.named += 1;
            *form.labels.entry(entity.label.as_str()).or_default() += 1;
        }
    }
    let mut occurrences: FxHashMap<String, u32> = FxHashMap::default();
    for item in items {
        each_form(&item.pair.target, |form| forms.contains_key(form), &mut |form, _| match occurrences.get_mut(form) {
            Some(count) => *count += 1,
            None => drop(occurrences.insert(form.to_owned(), 1)),
        });
    }
    for (form, count) in occurrences {
        if let Some(known) = forms.get_mut(&form) {
            known.occurrences = count;
        }
    }
    let (closed, capital) = habits(items);
    items
        .iter()
        .map(|item| {
            let (target, entities) = (&item.pair.target, item.current());
            let mut flags = Vec::new();
            let mut unnamed = false;
            each_form(target, |form| forms.contains_key(form), &mut |text, span| {
                let known = &forms[text];
                let usual = known.occurrences >= OFTEN && 2 * known.named > known.occurrences;
                unnamed |= usual && !entities.iter().any(|entity| entity.span.overlaps(span));
            });
            if unnamed {
                flags.push(Flag::Unnamed);
            }
            let rare = |entity: &Entity| {
                let known = forms.get(&form(target, entity.span));
                known.and_then(Form::usual).is_some_and(|label| label != entity.label)
            };
            if entities.iter().any(rare) {
                flags.push(Flag::RareLabel);
            }
            if closed && !ends(target) || capital && !begins(target) {
                flags.push(Flag::Boundary);
            }
            flags
        })
        .collect()
}

/// Calls back with every form that is known and where it stands.
pub(crate) fn each_form(sentence: &Sentence, known: impl Fn(&str) -> bool, found: &mut impl FnMut(&str, Span)) {
    let mut text = String::new();
    for start in 0..sentence.len() {
        text.clear();
        for end in start..sentence.len().min(start + LONGEST) {
            if end > start {
                text.push(' ');
            }
            text.push_str(sentence.token(end));
            if known(&text) {
                found(&text, Span::new(start, end + 1));
            }
        }
    }
}

/// Whether most sentences end in punctuation, and whether most begin with a capital.
fn habits(items: &[Item]) -> (bool, bool) {
    let share = |habit: fn(&Sentence) -> bool| {
        let count = items.iter().filter(|item| habit(&item.pair.target)).count();
        !items.is_empty() && count as f64 >= MOSTLY * items.len() as f64
    };
    (share(ends), share(begins))
}

fn ends(sentence: &Sentence) -> bool {
    let last = sentence.text().trim_end().chars().last();
    last.is_some_and(|c| !c.is_alphanumeric() && !matches!(c, ',' | ';' | '(' | '[' | '-' | '،' | '、'))
}

fn begins(sentence: &Sentence) -> bool {
    sentence.text().chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use xlner_core::Pair;

    use super::*;

    type Line<'a> = (&'a str, &'a [(usize, usize, &'a str)]);

    fn items(lines: &[Line<'_>]) -> Vec<Item> {
        let item = |(at, (text, entities)): (usize, &Line<'_>)| {
            let mut target = Sentence::from_tokens(text.split(' '));
            target.entities = entities.iter().map(|&(start, end, label)| Entity::new(start..end, label)).collect();
            Item {
                key: at.to_string(),
                pair: Pair { target, ..Pair::default() },
                suggestions: Vec::new(),
                routes: Vec::new(),
            }
        };
        lines.iter().enumerate().map(item).collect()
    }

    #[test]
    fn the_three_flags() {
        let named: &[(usize, usize, &str)] = &[(0, 1, "LOC")];
        let mut lines = vec![("Gulu is big .", named); 6];
        lines.push(("Gulu is big .", &[]));
        lines.push(("Gulu is big .", &[(0, 1, "PER")]));
        lines.push(("Gulu is", named));
        let flags = flags(&items(&lines));
        assert!(flags[..6].iter().all(Vec::is_empty), "{flags:?}");
        assert_eq!(flags[6], [Flag::Unnamed]);
        assert_eq!(flags[7], [Flag::RareLabel]);
        assert_eq!(flags[8], [Flag::Boundary]);
    }

    #[test]
    fn a_script_without_capitals_has_no_habit_of_them() {
        let lines: Vec<Line<'_>> = vec![("काठ ।", &[]); 3];
        assert!(flags(&items(&lines)).iter().all(Vec::is_empty));
    }
}
