//! ALTO XML, versions 1 to 4 (<https://www.loc.gov/standards/alto/>): `Page`, `TextBlock`, `TextLine`, `String`, `HYP`, and in 4.3
//! `ReadingOrder`. A `String` without `CONTENT` is read from its glyphs.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::document::{Block, Document, Half, Word};
use super::markup::{Markup, Node, Tag};
use super::order::{self, Group};
use super::place::{CONFIDENCES, Edges, Place, confidence, edges, is_sensible};
use super::{Documents, OTHER_READINGS};
use crate::error::Result;
use crate::notes::NoteKind;
use crate::reader::Status;

const ENTITY_TAGS: NoteKind = NoteKind::new(
    "named-entity-tags",
    "words with a NamedEntityTag (left out; they are read as words without an entity)",
);

pub(super) struct Reader {
    markup: Markup,
    pages: usize,
    /// Ids of the tags that are those of entities.
    entity_tags: HashSet<String>,
    /// Ranks of blocks in reading order.
    ranks: HashMap<String, usize>,
    /// The file of the image, once it was told; the name that is being read.
    image: Option<String>,
    naming: Option<String>,
}

impl Reader {
    pub(super) fn open(path: &Path, status: &Arc<Status>) -> Result<Self> {
        let markup = Markup::open(path, status, "ALTO XML", false)?;
        Ok(Reader { markup, pages: 0, entity_tags: HashSet::new(), ranks: HashMap::new(), image: None, naming: None })
    }

    /// A number; a comma may be its point.
    fn number(&self, tag: &Tag, name: &str) -> Result<Option<f64>> {
        let Some(text) = tag.get(name).filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        let number = text.trim().replace(',', ".").parse::<f64>().ok().filter(|&number| is_sensible(number));
        number.map(Some).ok_or_else(|| self.markup.fail(format!("{name}=\"{text}\" of {} is not a number", tag.name)))
    }

    fn edges(&self, tag: &Tag) -> Result<Option<Edges>> {
        let [left, top] = [self.number(tag, "HPOS")?, self.number(tag, "VPOS")?];
        let [width, height] = [self.number(tag, "WIDTH")?, self.number(tag, "HEIGHT")?];
        Ok(match (left, top, width, height) {
            (Some(left), Some(top), Some(width), Some(height)) => edges(&[left, top, left + width, top + height]),
            _ => None,
        })
    }

    /// The word that a `String` begins.
    fn word(&self, tag: &Tag, line: Option<Edges>) -> Result<Word> {
        let place = Place::boxed(self.edges(tag)?.or(line));
        let mut word = Word { line: self.markup.line(), ..Word::new(tag.get("CONTENT").unwrap_or_default(), place) };
        if let Some(number) = self.number(tag, "WC")? {
            word.confidence = confidence(number);
            self.markup.note(CONFIDENCES, usize::from(word.confidence.is_none()))?;
        }
        let whole = || tag.get("SUBS_CONTENT").map(str::to_owned);
        word.half = match tag.get("SUBS_TYPE") {
            Some("HypPart1") => Some(Half::First(whole())),
            Some("HypPart2") => Some(Half::Second(whole())),
            _ => None,
        };
        Ok(word)
    }
}

/// A page that is being read.
#[derive(Default)]
struct Page {
    document: Document,
    blocks: Vec<(Option<usize>, Block)>,
    in_line: bool,
    line: Option<Edges>,
    word: Option<Open>,
    /// Inside of another reading of a word.
    in_other_reading: bool,
}

/// An open `String`.
struct Open {
    word: Word,
    /// It has no text of its own: that of its glyphs is its text.
    from_glyphs: bool,
    /// Neither it nor a glyph has a `CONTENT`.
    missing: bool,
}

impl Page {
    fn block(&mut self) -> &mut Block {
        if self.blocks.is_empty() {
            self.blocks.push((None, Block::new()));
        }
        let last = self.blocks.len() - 1;
        &mut self.blocks[last].1
    }

    fn push(&mut self, word: Word) {
        let begins = !std::mem::replace(&mut self.in_line, true);
        let block = self.block();
        if begins || block.is_empty() {
            block.push(Vec::new());
        }
        if let Some(line) = block.last_mut() {
            line.push(word);
        }
    }

    /// A hyphen that stands apart from its word: it is the word's, or a word of its own where the line has none.
    fn hyphen(&mut self, content: &str, line: u64, place: Place) {
        let in_line = self.in_line;
        let last = self.block().last_mut().filter(|_| in_line).and_then(|line| line.last_mut());
        match last {
            Some(word) => word.hyphen.push_str(content),
            None => self.push(Word { line, ..Word::new(content, place) }),
        }
    }

    fn finish(mut self) -> Document {
        self.document.blocks = order::sorted(self.blocks);
        self.document
    }
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        let mut page: Option<Page> = None;
        // Open groups of the reading order.
        let mut groups: Vec<Group> = Vec::new();
        while let Some(node) = self.markup.next()? {
            match node {
                Node::Start(tag) if tag.name == "Page" => {
                    self.pages += 1;
                    let (width, height) = (self.number(&tag, "WIDTH")?, self.number(&tag, "HEIGHT")?);
                    let document = Document {
                        name: format!("page{}", self.pages),
                        page: Some(self.pages),
                        edges: width.zip(height).and_then(|(width, height)| edges(&[0.0, 0.0, width, height])),
                        lang: tag.get("LANG").map(str::to_owned),
                        image: self.image.clone(),
                        blocks: Vec::new(),
                    };
                    page = Some(Page { document, ..Page::default() });
                }
                Node::Start(tag) => match &mut page {
                    Some(page) => self.element(page, &tag)?,
                    None if matches!(tag.name.as_str(), "ReadingOrder" | "OrderedGroup" | "UnorderedGroup") => {
                        groups.push(Group::default());
                    }
                    None if tag.name == "ElementRef" => {
                        let region = tag.get("REF").map(str::to_owned);
                        groups.push(Group { region, ..Group::default() });
                    }
                    None if tag.name == "NamedEntityTag" => self.entity_tags.extend(tag.get("ID").map(str::to_owned)),
                    None if tag.name == "fileName" => self.naming = Some(String::new()),
                    None if matches!(tag.name.as_str(), "String" | "HYP") => {
                        return Err(self.markup.fail(format!("a {} stands outside of a Page", tag.name)));
                    }
                    None => {}
                },
                Node::Text(text) => {
                    // The text of another reading is noted as such.
                    if let Some(name) = &mut self.naming {
                        name.push_str(&text);
                    } else if page.as_ref().is_some_and(|page| !page.in_other_reading) {
                        self.markup.note_stray(&text)?;
                    }
                }
                Node::End(name) => match &mut page {
                    Some(_) if name == "Page" => return Ok(page.map(Page::finish)),
                    Some(page) => self.end(page, &name)?,
                    None if name == "fileName" => {
                        let name = self.naming.take().map(|name| name.trim().to_owned());
                        self.image = name.filter(|name| !name.is_empty());
                    }
                    None if matches!(
                        name.as_str(),
                        "ReadingOrder" | "OrderedGroup" | "UnorderedGroup" | "ElementRef"
                    ) =>
                    {
                        match (groups.pop(), groups.last_mut()) {
                            (Some(group), Some(parent)) => parent.children.push(group),
                            (Some(group), None) => self.ranks.extend(group.ranks()),
                            _ => {}
                        }
                    }
                    None => {}
                },
            }
        }
        if self.pages == 0 {
            return Err(self.markup.fail("there is no Page"));
        }
        Ok(None)
    }
}

impl Reader {
    /// An element of a page begins.
    fn element(&self, page: &mut Page, tag: &Tag) -> Result<()> {
        match tag.name.as_str() {
            "TextBlock" => {
                let rank = tag.get("ID").and_then(|id| self.ranks.get(id)).copied();
                page.blocks.push((rank, Block::new()));
                (page.in_line, page.line) = (false, None);
                if page.document.lang.is_none() {
                    page.document.lang = tag.get("LANG").or_else(|| tag.get("language")).map(str::to_owned);
                }
            }
            "TextLine" => (page.in_line, page.line) = (false, self.edges(tag)?),
            "String" => {
                let content = tag.get("CONTENT");
                let mut tags = tag.get("TAGREFS").unwrap_or_default().split_ascii_whitespace();
                self.markup.note(ENTITY_TAGS, usize::from(tags.any(|tag| self.entity_tags.contains(tag))))?;
                let from_glyphs = content.is_none_or(|content| content.trim().is_empty());
                page.word = Some(Open { word: self.word(tag, page.line)?, from_glyphs, missing: content.is_none() });
            }
            "Glyph" => {
                if let (Some(open), Some(content)) = (&mut page.word, tag.get("CONTENT"))
                    && open.from_glyphs
                {
                    open.word.text.push_str(content);
                    open.missing = false;
                }
            }
            "HYP" => {
                let place = Place::boxed(self.edges(tag)?.or(page.line));
                page.hyphen(tag.get("CONTENT").unwrap_or_default(), self.markup.line(), place);
            }
            "ALTERNATIVE" | "Variant" => {
                page.in_other_reading = true;
                self.markup.note(OTHER_READINGS, 1)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&self, page: &mut Page, name: &str) -> Result<()> {
        match name {
            "String" => {
                if let Some(open) = page.word.take() {
                    if open.missing {
                        return Err(self.markup.fail("a String has no CONTENT"));
                    }
                    page.push(open.word);
                }
            }
            "TextLine" | "TextBlock" => (page.in_line, page.line) = (false, None),
            "ALTERNATIVE" | "Variant" => page.in_other_reading = false,
            _ => {}
        }
        Ok(())
    }
}
