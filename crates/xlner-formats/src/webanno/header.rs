//! The header: which column holds the values of the entities.

use crate::Column;

/// Columns before those of the layers: numbers, offsets, token.
pub(super) const FIRST: usize = 3;

/// A feature of a layer, and its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Feature {
    pub(super) layer: String,
    pub(super) name: String,
    pub(super) column: usize,
    /// Of a layer of spans; of others (relations, chains) there are no entities.
    pub(super) is_span: bool,
}

/// Layers that are no entities.
const SYNTAX: [&str; 6] = ["POS", "Lemma", "MorphologicalFeatures", "SurfaceForm", "Stem", "Sentence"];

impl Feature {
    /// The layer's name without its namespace.
    fn short_layer(&self) -> &str {
        self.layer.rsplit('.').next().unwrap_or_default()
    }

    pub(super) fn full_name(&self) -> String {
        format!("{}.{}", self.short_layer(), self.name)
    }
}

/// The features that the lines of a header name, in the order of their columns.
pub(super) fn features<'a>(header: impl Iterator<Item = &'a str>) -> Vec<Feature> {
    let mut features: Vec<Feature> = Vec::new();
    let mut column = FIRST;
    for line in header {
        let (is_span, rest) = match line.split_once('=') {
            Some(("#T_SP", rest)) => (true, rest),
            Some(("#T_RL" | "#T_CH", rest)) => (false, rest),
            _ => continue,
        };
        let mut parts = rest.split('|');
        let layer = parts.next().unwrap_or_default();
        let names: Vec<&str> = parts.filter(|name| !name.is_empty()).collect();
        // A layer without features has a column that says where its annotations are.
        let names = if names.is_empty() { vec![""] } else { names };
        for name in names {
            features.push(Feature { layer: layer.to_owned(), name: name.to_owned(), column, is_span });
            column += 1;
        }
    }
    features
}

/// The feature whose values are the labels: the one asked for, or the one that is most likely. `None` where there is none, or several are
/// as likely.
pub(super) fn choose<'a>(features: &'a [Feature], asked: Option<&Column>) -> Option<&'a Feature> {
    let spans = || features.iter().filter(|feature| feature.is_span);
    let only = |mut found: Box<dyn Iterator<Item = &'a Feature> + 'a>| {
        let first = found.next()?;
        found.next().is_none().then_some(first)
    };
    match asked {
        Some(Column::Name(asked)) => {
            let asked = asked.replace('|', ".");
            let named = |feature: &&Feature| {
                let full = format!("{}.{}", feature.layer, feature.name);
                full == asked || feature.full_name() == asked || feature.name == asked
            };
            let of_layer = |feature: &&Feature| feature.layer == asked || feature.short_layer() == asked;
            let value = |feature: &&Feature| feature.name == "value";
            let asked_for: Vec<&Feature> = spans().filter(named).collect();
            match asked_for.as_slice() {
                [one] => Some(one),
                [] => {
                    let asked_for: Vec<&Feature> = spans().filter(of_layer).collect();
                    asked_for.iter().copied().find(value).or_else(|| asked_for.first().copied())
                }
                _ => None,
            }
        }
        Some(Column::Place(place)) => features.iter().find(|feature| feature.column + 1 == *place),
        Some(Column::FromEnd(place)) => features.len().checked_sub(*place).and_then(|index| features.get(index)),
        None => {
            let named = |feature: &&Feature| feature.short_layer() == "NamedEntity";
            let likely = |feature: &&Feature| !SYNTAX.contains(&feature.short_layer());
            let value = |feature: &&Feature| feature.name == "value";
            spans()
                .filter(named)
                .find(value)
                .or_else(|| only(Box::new(spans().filter(named))))
                .or_else(|| only(Box::new(spans().filter(likely).filter(value))))
                .or_else(|| only(Box::new(spans().filter(likely).filter(|feature| feature.name != "identifier"))))
        }
    }
}
