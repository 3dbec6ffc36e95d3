//! ALTO XML, versions 1 to 4 (<https://www.loc.gov/standards/alto/>): `Page`, `TextBlock`, `TextLine`, `String`, `HYP`.

use std::path::Path;
use std::sync::Arc;

use super::Documents;
use super::document::{Block, Document, Place, Word};
use super::markup::{Markup, Node, Tag, edges};
use crate::error::Result;
use crate::reader::Status;

pub(super) struct Reader {
    markup: Markup,
    pages: usize,
}

impl Reader {
    pub(super) fn open(path: &Path, status: &Arc<Status>) -> Result<Self> {
        Ok(Reader { markup: Markup::open(path, status, "ALTO XML", false)?, pages: 0 })
    }

    /// A number; a comma may be its point.
    fn number(&self, tag: &Tag, name: &str) -> Result<Option<f64>> {
        let Some(text) = tag.get(name) else { return Ok(None) };
        let number = text.trim().replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| self.markup.fail(format!("{name}=\"{text}\" of {} is not a number", tag.name)))
    }

    fn place(&self, tag: &Tag) -> Result<Place> {
        let [left, top] = [self.number(tag, "HPOS")?, self.number(tag, "VPOS")?];
        let [width, height] = [self.number(tag, "WIDTH")?, self.number(tag, "HEIGHT")?];
        Ok(match (left, top, width, height) {
            (Some(left), Some(top), Some(width), Some(height)) => {
                Place::Boxes(vec![[left, top, left + width, top + height]])
            }
            _ => Place::Unknown,
        })
    }

    fn word(&self, tag: &Tag, line: &Place) -> Result<Word> {
        let Some(text) = tag.get("CONTENT") else { return Err(self.markup.fail("a String has no CONTENT")) };
        let mut word = Word::new(text, self.place(tag)?);
        if word.place == Place::Unknown {
            word.place = line.clone();
        }
        word.confidence = self.number(tag, "WC")?;
        if tag.get("SUBS_TYPE") == Some("HypPart1") {
            word.hyphenated = Some(tag.get("SUBS_CONTENT").map(str::to_owned));
        }
        Ok(word)
    }
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        let mut page: Option<Document> = None;
        let mut line_place = Place::Unknown;
        while let Some(node) = self.markup.next()? {
            let tag = match node {
                Node::Start(tag) => tag,
                Node::End(name) if name == "Page" && page.is_some() => return Ok(page),
                _ => continue,
            };
            if tag.name == "Page" {
                self.pages += 1;
                let (width, height) = (self.number(&tag, "WIDTH")?, self.number(&tag, "HEIGHT")?);
                page = Some(Document {
                    name: format!("page{}", self.pages),
                    page: Some(self.pages),
                    edges: width.zip(height).and_then(|(width, height)| edges(&[0.0, 0.0, width, height])),
                    lang: tag.get("LANG").map(str::to_owned),
                    blocks: Vec::new(),
                });
                continue;
            }
            let Some(page) = &mut page else { continue };
            match tag.name.as_str() {
                "TextBlock" => {
                    page.blocks.push(Block::new());
                    if page.lang.is_none() {
                        page.lang = tag.get("LANG").or_else(|| tag.get("language")).map(str::to_owned);
                    }
                }
                "TextLine" => {
                    line_place = self.place(&tag)?;
                    match page.blocks.last_mut() {
                        Some(block) => block.push(Vec::new()),
                        None => page.blocks.push(vec![Vec::new()]),
                    }
                }
                "String" | "HYP" => {
                    let line = page.blocks.last_mut().and_then(|block| block.last_mut());
                    let Some(line) = line else {
                        return Err(self.markup.fail(format!("a {} stands outside of a TextLine", tag.name)));
                    };
                    if tag.name == "String" {
                        line.push(self.word(&tag, &line_place)?);
                    } else if let Some(word) = line.last_mut()
                        && word.hyphenated.is_none()
                    {
                        word.hyphenated = Some(None);
                    }
                }
                _ => {}
            }
        }
        if self.pages == 0 {
            return Err(self.markup.fail("there is no Page"));
        }
        Ok(None)
    }
}
