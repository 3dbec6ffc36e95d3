//! PAGE XML (<https://github.com/PRImA-Research-Lab/PAGE-XML>), as Transkribus, OCR-D, eScriptorium and Aletheia write it. Regions
//! come in the order of `ReadingOrder`, where there is one, or of Transkribus' `custom="readingOrder {index:3;}"`.
//!
//! The same text may stand at four levels, region, line, word and glyph; each character is read once ([`levels`](super::levels)). Of
//! several `TextEquiv` the one with the lowest `index` is read, or without an index the one with the highest `conf`.

mod element;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::document::Document;
use super::markup::{Markup, Node, Tag};
use super::order::{self, Group};
use super::place::{CONFIDENCES, confidence, edges, is_sensible};
use super::{Documents, OTHER_READINGS, TWO_TEXTS};
use crate::error::Result;
use crate::notes::NoteKind;
use crate::reader::Status;
use element::{Element, Level, Reading};

const TEXT_TAGS: NoteKind = NoteKind::new(
    "text-tags",
    "tags of parts of lines in `custom`, as Transkribus has them for names (left out; its TEI and CoNLL exports hold them)",
);
/// Tags of Transkribus that are no entities: how the text looks, and what is wrong with it.
const LOOKS: [&str; 8] = ["textStyle", "unclear", "gap", "abbrev", "supplied", "sic", "add", "blackening"];

pub(super) struct Reader {
    markup: Markup,
    pages: usize,
}

impl Reader {
    pub(super) fn open(path: &Path, status: &Arc<Status>) -> Result<Self> {
        Ok(Reader { markup: Markup::open(path, status, "PAGE XML", false)?, pages: 0 })
    }

    fn coordinate(text: &str) -> Option<f64> {
        text.trim().parse().ok().filter(|&number| is_sensible(number))
    }

    /// `1,2 3,4 …`
    fn points(&self, text: &str) -> Result<Vec<(f64, f64)>> {
        text.split_ascii_whitespace()
            .map(|point| {
                let (x, y) = point.split_once(',')?;
                Some((Self::coordinate(x)?, Self::coordinate(y)?))
            })
            .collect::<Option<Vec<(f64, f64)>>>()
            .ok_or_else(|| self.markup.fail(format!("points=\"{text}\" are not points (`x,y x,y …`)")))
    }

    /// A page begins.
    fn page(&mut self, tag: &Tag) -> Page {
        self.pages += 1;
        let number = |name| Self::coordinate(tag.get(name)?);
        let size = number("imageWidth").zip(number("imageHeight"));
        let document = Document {
            name: format!("page{}", self.pages),
            page: Some(self.pages),
            image: tag.get("imageFilename").filter(|name| !name.is_empty()).map(str::to_owned),
            edges: size.and_then(|(width, height)| edges(&[0.0, 0.0, width, height])),
            ..Document::default()
        };
        // What stands outside of regions is in the page itself.
        Page { document, open: vec![Element::new(Level::Region, tag, self.markup.line())], ..Page::default() }
    }
}

/// A page that is being read.
#[derive(Default)]
struct Page {
    document: Document,
    /// Open elements that may have text, each in the one before it; the first is the page.
    open: Vec<Element>,
    groups: Vec<Group>,
    ranks: HashMap<String, usize>,
    /// Whether `Unicode` or `PlainText` is open, and the text of the open one.
    text: Option<(bool, String)>,
}

impl Page {
    fn top(&mut self) -> Option<&mut Element> {
        self.open.last_mut()
    }

    fn close(&mut self) {
        if self.open.len() > 1
            && let Some(element) = self.open.pop()
            && let Some(parent) = self.open.last_mut()
        {
            parent.children.push(element);
        }
    }
}

/// The index that Transkribus gives an element: `readingOrder {index:3;}`.
fn custom_index(tag: &Tag) -> Option<i64> {
    let after = tag.get("custom")?.split_once("readingOrder")?.1.split_once('{')?.1;
    let inside = after.split('}').next()?;
    inside.split(';').find_map(|field| field.trim().strip_prefix("index:")?.trim().parse().ok())
}

/// How many parts of the text of an element are tagged in Transkribus' `custom`: `person {offset:0; length:3;}`.
fn text_tags(tag: &Tag) -> usize {
    let custom = tag.get("custom").unwrap_or_default();
    let is_tag = |part: &&str| {
        let (name, inside) = part.split_once('{').unwrap_or_default();
        inside.contains("offset:") && inside.contains("length:") && !LOOKS.contains(&name.trim())
    };
    custom.split('}').filter(is_tag).count()
}

/// What an element of this name groups, if it belongs to the reading order.
fn is_group(name: &str) -> bool {
    matches!(
        name,
        "ReadingOrder"
            | "OrderedGroup"
            | "UnorderedGroup"
            | "OrderedGroupIndexed"
            | "UnorderedGroupIndexed"
            | "RegionRef"
            | "RegionRefIndexed"
    )
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        let mut page: Option<Page> = None;
        while let Some(node) = self.markup.next()? {
            match (node, &mut page) {
                (Node::Start(tag), _) if tag.name == "Page" => page = Some(self.page(&tag)),
                (Node::End(name), Some(_)) if name == "Page" => {
                    return page.map(|page| self.finish(page)).transpose();
                }
                (Node::Start(tag), Some(page)) => self.start(page, &tag)?,
                (Node::End(name), Some(page)) => self.end(page, &name)?,
                (Node::Text(text), Some(page)) => match &mut page.text {
                    Some((_, own)) => own.push_str(&text),
                    None => self.markup.note_stray(&text)?,
                },
                _ => {}
            }
        }
        if self.pages == 0 {
            return Err(self.markup.fail("there is no Page"));
        }
        Ok(None)
    }
}

impl Reader {
    fn start(&self, page: &mut Page, tag: &Tag) -> Result<()> {
        let name = tag.name.as_str();
        if is_group(name) && (name == "ReadingOrder" || !page.groups.is_empty()) {
            let index = tag.get("index").and_then(|index| index.trim().parse().ok());
            let region = tag.get("regionRef").map(str::to_owned);
            page.groups.push(Group { index, region, children: Vec::new() });
        } else if let Some(level) = Level::of(name) {
            page.open.push(Element::new(level, tag, self.markup.line()));
            self.markup.note(TEXT_TAGS, text_tags(tag))?;
        }
        match name {
            "Coords" => {
                let points = self.points(tag.get("points").unwrap_or_default())?;
                page.top().into_iter().for_each(|top| top.points.extend(&points));
            }
            "Point" => {
                let [x, y] = ["x", "y"].map(|name| Self::coordinate(tag.get(name)?));
                let point = x.zip(y).ok_or_else(|| self.markup.fail("a Point has no x and y"))?;
                page.top().into_iter().for_each(|top| top.points.push(point));
            }
            "TextEquiv" => {
                let index = tag.get("index").and_then(|index| index.trim().parse().ok());
                let number = tag.get("conf").and_then(|conf| conf.trim().parse::<f64>().ok());
                let reading = Reading { index, confidence: number.and_then(confidence), ..Reading::default() };
                self.markup.note(CONFIDENCES, usize::from(number.is_some() && reading.confidence.is_none()))?;
                page.top().into_iter().for_each(|top| top.readings.push(reading.clone()));
            }
            "Unicode" | "PlainText" => page.text = Some((name == "Unicode", String::new())),
            _ => {}
        }
        Ok(())
    }

    fn end(&self, page: &mut Page, name: &str) -> Result<()> {
        match name {
            "Unicode" | "PlainText" => {
                let text = page.text.take();
                let reading = page.top().and_then(|top| top.readings.last_mut());
                match (text, reading) {
                    // Plain text is Unicode's in ASCII: it counts where there is nothing else.
                    (Some((unicode, text)), Some(reading))
                        if unicode && !text.trim().is_empty() || reading.text.trim().is_empty() =>
                    {
                        reading.text = text;
                    }
                    (Some((_, text)), None) => self.markup.note_stray(&text)?,
                    _ => {}
                }
            }
            _ if Level::of(name).is_some() => page.close(),
            _ if is_group(name) => match (page.groups.pop(), page.groups.last_mut()) {
                (Some(group), Some(parent)) => parent.children.push(group),
                (Some(group), None) => page.ranks = group.ranks(),
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    /// The document of a page that was read to its end.
    fn finish(&self, mut page: Page) -> Result<Document> {
        while page.open.len() > 1 {
            page.close();
        }
        let mut found = element::Found::default();
        if let Some(root) = page.open.pop() {
            root.blocks(&page.ranks, &mut found);
        }
        for line in found.other_readings {
            self.markup.note_at(line, OTHER_READINGS, 1)?;
        }
        for line in found.two_texts {
            self.markup.note_at(line, TWO_TEXTS, 1)?;
        }
        Ok(Document { blocks: order::sorted(found.blocks), ..page.document })
    }
}
