//! Tags as small numbers.

use rustc_hash::FxHashMap;
use xlner_core::tags::{Prefix, Scheme, Tag};

use crate::error::{Error, Result};
use crate::options::{EvalOptions, Mode};

/// A tag, known to one [`Evaluator`](crate::Evaluator).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagId(pub(crate) u32);

impl TagId {
    pub(crate) const OUTSIDE: TagId = TagId(0);
}

/// A tag taken apart; labels are numbers too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) prefix: Prefix,
    pub(crate) label: u32,
}

impl Row {
    /// `O`. Its label is that of a prefix without label.
    pub(crate) const OUTSIDE: Row = Row { prefix: Prefix::O, label: 0 };
}

/// The tags and labels seen.
pub(crate) struct Vocabulary {
    options: EvalOptions,
    /// The scheme whose rules hold; `None` in default mode.
    strict: Option<Scheme>,
    /// Tags by their text, and by their text in scheme IO, where a label needs no prefix.
    texts: [FxHashMap<Box<str>, TagId>; 2],
    ids: FxHashMap<Row, TagId>,
    rows: Vec<Row>,
    labels: Vec<String>,
    label_ids: FxHashMap<String, u32>,
}

impl Vocabulary {
    pub(crate) fn new(options: &EvalOptions, gold: Scheme) -> Self {
        Vocabulary {
            options: options.clone(),
            strict: (options.mode == Mode::Strict).then_some(gold),
            texts: Default::default(),
            ids: [(Row::OUTSIDE, TagId::OUTSIDE)].into_iter().collect(),
            rows: vec![Row::OUTSIDE],
            labels: vec!["_".into()],
            label_ids: [("_".into(), 0)].into_iter().collect(),
        }
    }

    /// The number of a tag of a file in the given scheme, with its label mapped, or `O` where the label is ignored.
    pub(crate) fn intern(&mut self, text: &str, scheme: Scheme) -> Result<TagId> {
        if text == "O" {
            return Ok(TagId::OUTSIDE);
        }
        let io = usize::from(scheme == Scheme::Io);
        if let Some(&id) = self.texts[io].get(text) {
            return Ok(id);
        }
        let tag = Tag::parse(text, scheme)?;
        if let Some(scheme) = self.strict.filter(|scheme| !scheme.allows(tag.prefix)) {
            return Err(Error::NotInScheme { tag: text.to_owned(), scheme: scheme.as_str() });
        }
        let label = self.options.map.get(tag.label).map_or(tag.label, String::as_str).to_owned();
        let id = if self.options.ignore.contains(&label) {
            TagId::OUTSIDE
        } else {
            let row = Row { prefix: tag.prefix, label: self.label(label) };
            *self.ids.entry(row).or_insert_with(|| {
                self.rows.push(row);
                TagId(self.rows.len() as u32 - 1)
            })
        };
        self.texts[io].insert(text.into(), id);
        Ok(id)
    }

    fn label(&mut self, label: String) -> u32 {
        *self.label_ids.entry(label).or_insert_with_key(|label| {
            self.labels.push(label.clone());
            self.labels.len() as u32 - 1
        })
    }

    pub(crate) fn row(&self, id: TagId) -> Row {
        self.rows[id.0 as usize]
    }

    pub(crate) fn options(&self) -> &EvalOptions {
        &self.options
    }

    /// The scheme whose rules hold; `None` in default mode.
    pub(crate) fn strict(&self) -> Option<Scheme> {
        self.strict
    }

    /// The labels by number.
    pub(crate) fn labels(&self) -> &[String] {
        &self.labels
    }
}
