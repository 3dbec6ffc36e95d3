//! Finding which column holds what: given by name or number, or found by looking at the first lines.

mod missing;
mod sample;

use std::path::Path;

use sample::Sample;

use super::cells::{is_inside, is_placeholder, is_tag, label, lang_of};
use super::layout::{Layout, Separator, TagCell};
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::{Column, Format, ReadOptions};
use xlner_core::tags::shape::{Shape, is_outside_mark};

/// Names of the columns of CoNLL-U.
const CONLLU: [&str; 10] = ["ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"];
/// Names that token columns go by.
const TOKEN_NAMES: [&str; 5] = ["form", "token", "tokens", "word", "words"];
/// Names that tag columns go by, and keys in MISC.
const TAG_NAMES: [&str; 13] = [
    "ner",
    "ne",
    "entity",
    "tag",
    "tags",
    "ner_tag",
    "ner_tags",
    "label",
    "labels",
    "named_entity",
    "namedentity",
    "bio",
    "iob",
];
/// Names of columns that number sentences.
const SENTENCE_NAMES: [&str; 10] = [
    "sentence",
    "sentence #",
    "sentence#",
    "sentence_id",
    "sentence id",
    "sentence_no",
    "sentence no",
    "sent_id",
    "sent",
    "sentid",
];
/// The key of NorNE in MISC.
const NORNE: &str = "name";
/// The columns of HIPE in which the usual tags are, the best first.
const HIPE: [&str; 2] = ["NE-COARSE-LIT", "NE-FINE-LIT"];
/// Labels of syntactic chunks (CoNLL-2000, CoNLL-2003): a column of them looks like tags and is not.
const CHUNKS: [&str; 16] =
    ["NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP", "NC", "VC", "PC", "NX", "AP"];

impl Layout {
    /// Finds the layout of a file that begins with `prefix`; `None` where it holds no token line.
    ///
    /// # Errors
    /// Where no column or more than one looks like tags and none was named, or a named one is not there.
    pub(crate) fn find(file: &Path, format: Format, prefix: &[u8], options: &ReadOptions) -> Result<Option<Layout>> {
        let sample = Sample::take(prefix);
        if sample.rows.is_empty() {
            return Ok(None);
        }
        Finder { file, format, options, sample }.find().map(Some)
    }
}

struct Finder<'a> {
    file: &'a Path,
    format: Format,
    options: &'a ReadOptions,
    sample: Sample<'a>,
}

impl Finder<'_> {
    fn find(mut self) -> Result<Layout> {
        let header = self.take_header();
        let columns = self.sample.rows.first().map_or(0, |row| row.cells.len());
        if columns == 0 {
            // A header and nothing else.
            let names = self.sample.names.as_deref().unwrap_or_default();
            let tag = TagCell::Column(names.len().saturating_sub(1));
            return Ok(Layout { header, ..self.layout(names.len(), 0, tag, false) });
        }
        let sentence = SENTENCE_NAMES.iter().find_map(|name| self.named(name)).filter(|_| header);
        let ids = self.format != Format::Conll2003 && sentence != Some(0) && self.sample.has_ids();
        // Universal NER has numbers as well, and treebank people name its files `.conllu`.
        let uner = ids && columns == 5 && self.sample.all(2, is_tag);
        let conllu =
            (self.format == Format::ConllU && !uner) || (ids && columns == CONLLU.len() && self.sample.names.is_none());
        if conllu && self.sample.names.is_none() {
            if columns != CONLLU.len() {
                let row = &self.sample.rows[0];
                let kind = ErrorKind::UnequalColumns {
                    found: columns,
                    expected: CONLLU.len(),
                    sample: shorten(&row.cells.join("\t")),
                    separator: Separator::Tab.name(),
                };
                return Err(Error::at_line(self.file, row.line, kind));
            }
            self.sample.names = Some(CONLLU.map(str::to_owned).to_vec());
        }
        let first = if ids { 1 } else { self.sample.numbering() };
        let hipe = self.is_hipe();
        let tag = self.tag(columns, first, hipe)?;
        let token = self.token(columns, first, &tag)?;
        let mut layout = self.layout(columns, token, tag, ids || conllu);
        layout.header = header;
        layout.sentence = sentence;
        layout.hipe = hipe;
        layout.conllu = conllu && columns == CONLLU.len() && self.named("LEMMA") == Some(2);
        layout.misc = self.named("MISC");
        layout.uner = ids
            && columns == 5
            && (layout.separator, layout.token, &layout.tag) == (Separator::Tab, 1, &TagCell::Column(2))
            && layout.misc.is_none();
        layout.unread = self.unread(&layout, first);
        layout.lang_prefix = self.format == Format::PanX || (!ids && columns == 2 && self.has_lang_prefix(token));
        layout.blank_is_outside = match layout.tag {
            TagCell::Column(tag) => layout.ids && self.sample.any(tag, is_placeholder),
            _ => false,
        };
        layout.plain = columns == 2
            && layout.token == 0
            && layout.tag == TagCell::Column(1)
            && !layout.ids
            && !layout.lang_prefix
            && !layout.hipe
            && layout.misc.is_none();
        Ok(layout)
    }

    fn layout(&self, columns: usize, token: usize, tag: TagCell, ids: bool) -> Layout {
        Layout {
            separator: self.sample.separator,
            columns,
            token,
            tag,
            ids,
            conllu: false,
            hipe: false,
            uner: false,
            unread: (0, 0),
            lang_prefix: self.format == Format::PanX,
            blank_is_outside: false,
            header: false,
            sentence: None,
            misc: None,
            plain: false,
        }
    }

    /// Takes the first row out and its cells as names, where it holds the names asked for or names that columns go by.
    fn take_header(&mut self) -> bool {
        if self.sample.names.is_some() || self.sample.hashes {
            return false;
        }
        let cells = &self.sample.rows[0].cells;
        let asked = |column: &Option<Column>| match column {
            Some(Column::Name(name)) => cells.iter().any(|cell| cell.eq_ignore_ascii_case(name)),
            _ => false,
        };
        let known = |names: &[&str]| cells.iter().any(|cell| names.contains(&cell.to_ascii_lowercase().as_str()));
        let header = asked(&self.options.token_column)
            || asked(&self.options.tag_column)
            || (cells.len() > 1
                && known(&TOKEN_NAMES)
                && (known(&TAG_NAMES) || cells.iter().any(|cell| cell.starts_with("NE-"))));
        if header {
            self.sample.names = Some(cells.iter().map(|&cell| cell.to_owned()).collect());
            self.sample.rows.remove(0);
            if let Some(row) = self.sample.rows.first_mut() {
                row.first = true;
            }
        }
        header
    }

    /// Whether the header is that of HIPE.
    fn is_hipe(&self) -> bool {
        HIPE.iter().any(|name| self.named(name).is_some())
    }

    /// How many columns hold something and are not read, and the line of the first row. Nothing is left out where only the tokens are
    /// wanted, or where the columns are those of CoNLL-U, which are kept.
    fn unread(&self, layout: &Layout, first: usize) -> (usize, u64) {
        let tag = match layout.tag {
            TagCell::Column(tag) => tag,
            TagCell::None => return (0, 0),
            TagCell::Misc { column, .. } => column,
        };
        let is_read = |column: usize| {
            column == tag || column == layout.token || [layout.misc, layout.sentence].contains(&Some(column))
        };
        let is_empty = |cell: &str| cell.is_empty() || is_placeholder(cell);
        let columns = (first..layout.columns).filter(|&column| !is_read(column) && !self.sample.all(column, is_empty));
        (if layout.conllu || layout.uner { 0 } else { columns.count() }, self.sample.rows[0].line)
    }

    /// The column of a name; of a name with a namespace (`UNER:NER`) the last part counts.
    fn named(&self, name: &str) -> Option<usize> {
        let names = self.sample.names.as_ref()?;
        names.iter().position(|known| known.eq_ignore_ascii_case(name)).or_else(|| {
            names.iter().position(|known| known.rsplit(':').next().is_some_and(|last| last.eq_ignore_ascii_case(name)))
        })
    }

    fn given(&self, column: &Column, columns: usize) -> Result<usize> {
        let place = match column {
            Column::Place(place) => place.checked_sub(1),
            Column::FromEnd(place) => columns.checked_sub(*place),
            Column::Name(name) => self.named(name),
        };
        place.filter(|&place| place < columns).ok_or_else(|| {
            let known = match &self.sample.names {
                Some(names) => names.join(", "),
                None => format!("1 to {columns}, and no names (no `# global.columns`, no header)"),
            };
            Error::in_file(self.file, ErrorKind::NoSuchColumn { name: column.to_string(), known })
        })
    }

    fn token(&self, columns: usize, first: usize, tag: &TagCell) -> Result<usize> {
        if let Some(column) = &self.options.token_column {
            return self.given(column, columns);
        }
        if let Some(column) = TOKEN_NAMES.iter().find_map(|name| self.named(name)) {
            return Ok(column);
        }
        Ok(if *tag == TagCell::Column(first) && columns > first + 1 { first + 1 } else { first })
    }

    fn tag(&self, columns: usize, first: usize, hipe: bool) -> Result<TagCell> {
        if self.options.no_tags {
            return Ok(TagCell::None);
        }
        let misc = self.named("MISC").filter(|_| !hipe);
        match (&self.options.tag_column, misc) {
            (Some(Column::Name(name)), Some(column)) if self.named(name).is_none() => {
                return Ok(TagCell::Misc { column, key: name.clone() });
            }
            (Some(column), _) => return Ok(TagCell::Column(self.given(column, columns)?)),
            (None, _) => {}
        }
        if let Some(column) = HIPE.iter().find_map(|name| self.named(name)).filter(|_| hipe) {
            return Ok(TagCell::Column(column));
        }
        if let Some(column) = TAG_NAMES.iter().find_map(|name| self.named(name)) {
            return Ok(TagCell::Column(column));
        }
        if let Some(column) = misc {
            return self.misc_key(column).map(|key| TagCell::Misc { column, key }).ok_or_else(|| self.missing());
        }
        self.tag_by_looking(columns, first).map(TagCell::Column)
    }

    /// The key in MISC whose values are tags.
    fn misc_key(&self, column: usize) -> Option<String> {
        let values = self.sample.rows.iter().filter_map(|row| row.cells.get(column));
        values.flat_map(|misc| misc.split('|')).filter_map(|part| part.split_once('=')).find_map(|(key, value)| {
            let lower = key.to_ascii_lowercase();
            let is_tag = is_tag(value) || Shape::find([value].into_iter()) != Shape::Usual;
            ((TAG_NAMES.contains(&lower.as_str()) || lower == NORNE) && is_tag).then(|| key.to_owned())
        })
    }

    fn tag_by_looking(&self, columns: usize, first: usize) -> Result<usize> {
        let sample = &self.sample;
        let ids = first > 0;
        let mut candidates: Vec<usize> = (first..columns)
            .filter(|&column| {
                let is_outside = |cell: &str| (ids && is_placeholder(cell)) || is_outside_mark(cell.trim());
                (sample.all(column, |cell| is_tag(cell) || is_outside(cell)) && sample.any(column, is_inside))
                    || (sample.all(column, |cell| is_tag(cell) || (ids && is_placeholder(cell)))
                        && sample.any(column, is_tag))
            })
            .collect();
        // A token may look like a tag ("O"); a column of chunks does; a column of `O` alone says nothing.
        narrow(&mut candidates, |&column| column != first);
        narrow(&mut candidates, |&column| {
            let is_chunk = |cell: &str| !is_inside(cell) || label(cell).is_some_and(|label| CHUNKS.contains(&label));
            !sample.any(column, is_inside) || !sample.all(column, is_chunk)
        });
        narrow(&mut candidates, |&column| sample.any(column, is_inside));
        if candidates.iter().all(|&column| !sample.any(column, is_inside)) {
            candidates.drain(..candidates.len().saturating_sub(1));
        }
        match candidates.as_slice() {
            [column] => Ok(*column),
            [] if ids && columns == 3 && sample.all(2, is_placeholder) => Ok(2),
            [] if columns > 1 && (self.is_plain_labels(columns - 1) || self.has_shape(columns - 1)) => Ok(columns - 1),
            [] => Err(self.missing()),
            _ => {
                let columns = candidates.iter().map(|column| column + 1).collect();
                Err(Error::in_file(self.file, ErrorKind::AmbiguousTagColumn { columns }))
            }
        }
    }

    /// Whether a column holds labels without prefix (`PER`, `O`).
    fn is_plain_labels(&self, column: usize) -> bool {
        let is_label = |cell: &str| {
            let cell = cell.trim();
            !cell.is_empty()
                && cell.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | ':' | '|'))
        };
        // A word for “outside” will do; a number or a line is as well in other columns.
        let is_outside = |cell: &str| cell == "O" || (cell.len() > 2 && is_outside_mark(cell));
        self.sample.all(column, is_label) && self.sample.any(column, |cell| is_outside(cell.trim()))
    }

    /// Whether a column holds tags of another shape than the usual (`b-per`, `B#PER`).
    fn has_shape(&self, column: usize) -> bool {
        let cells = self.sample.rows.iter().filter_map(|row| row.cells.get(column));
        Shape::find(cells.map(|cell| cell.trim())) != Shape::Usual
    }

    /// Whether every token begins with the same `lang:`.
    fn has_lang_prefix(&self, token: usize) -> bool {
        let Some(prefix) = self.sample.rows[0].cells.get(token).and_then(|cell| lang_of(cell)) else { return false };
        self.sample.rows.len() >= 3 && self.sample.all(token, |cell| lang_of(cell) == Some(prefix))
    }
}

/// Keeps what fits, unless nothing does.
fn narrow<T>(list: &mut Vec<T>, fits: impl Fn(&T) -> bool) {
    if list.iter().any(&fits) {
        list.retain(fits);
    }
}
