//! PAGE XML (<https://github.com/PRImA-Research-Lab/PAGE-XML>), as Transkribus, OCR-D, eScriptorium and Aletheia write it. Regions
//! come in the order of `ReadingOrder`, where there is one. A line without words is one word: its tokens share its box.

use std::path::Path;
use std::sync::Arc;

use super::Documents;
use super::document::{Block, Document, Edges, Place, Word};
use super::markup::{Markup, Node, Tag, edges};
use crate::error::Result;
use crate::reader::Status;

pub(super) struct Reader {
    markup: Markup,
    pages: usize,
}

impl Reader {
    pub(super) fn open(path: &Path, status: &Arc<Status>) -> Result<Self> {
        Ok(Reader { markup: Markup::open(path, status, "PAGE XML", false)?, pages: 0 })
    }

    /// `1,2 3,4 …`
    fn points(&self, text: &str) -> Result<Vec<(f64, f64)>> {
        text.split_ascii_whitespace()
            .map(|point| {
                let (x, y) = point.split_once(',')?;
                Some((x.parse().ok()?, y.parse().ok()?))
            })
            .collect::<Option<Vec<(f64, f64)>>>()
            .ok_or_else(|| self.markup.fail(format!("points=\"{text}\" are not points (`x,y x,y …`)")))
    }
}

/// A line, a word or a part of them that is being read.
#[derive(Default)]
struct Item {
    points: Vec<(f64, f64)>,
    text: Option<String>,
    confidence: Option<f64>,
    /// Words of a line.
    words: Vec<Word>,
}

impl Item {
    fn into_word(self) -> Word {
        let place = enclosing(&self.points).map_or(Place::Unknown, |edges| Place::Boxes(vec![edges]));
        Word { confidence: self.confidence, ..Word::new(self.text.unwrap_or_default(), place) }
    }
}

/// The box around the points.
fn enclosing(points: &[(f64, f64)]) -> Option<Edges> {
    let (&(x, y), rest) = points.split_first()?;
    let around = rest.iter().fold([x, y, x, y], |[left, top, right, bottom], &(x, y)| {
        [left.min(x), top.min(y), right.max(x), bottom.max(y)]
    });
    edges(&around)
}

/// What a page holds, in the order of the file.
#[derive(Default)]
struct Regions {
    /// Each with its id.
    blocks: Vec<(String, Block)>,
    /// Ids in reading order.
    order: Vec<String>,
}

impl Regions {
    /// Blocks in reading order; those that it does not name come last.
    fn sorted(mut self) -> Vec<Block> {
        let rank = |id: &String| self.order.iter().position(|listed| listed == id).unwrap_or(usize::MAX);
        self.blocks.sort_by_cached_key(|(id, _)| rank(id));
        self.blocks.into_iter().map(|(_, block)| block).collect()
    }
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        let mut page: Option<Document> = None;
        let mut regions = Regions::default();
        // Elements that have a place: lines, words, glyphs and everything else with `Coords`.
        let mut open: Vec<(String, Item)> = Vec::new();
        let mut in_unicode = false;
        let mut unicode: Option<String> = None;
        while let Some(node) = self.markup.next()? {
            match node {
                Node::Start(tag) if tag.name == "Page" => {
                    self.pages += 1;
                    page = Some(self.page(&tag));
                }
                Node::Start(tag) => match tag.name.as_str() {
                    "RegionRefIndexed" | "RegionRef" => {
                        regions.order.extend(tag.get("regionRef").map(str::to_owned));
                    }
                    "TextLine" | "Word" | "Glyph" => open.push((tag.name, Item::default())),
                    name if name.ends_with("Region") => {
                        let id = tag.get("id").unwrap_or_default().to_owned();
                        regions.blocks.push((id, Block::new()));
                        open.push((tag.name, Item::default()));
                    }
                    "Coords" => {
                        let points = tag.get("points").map_or(Ok(Vec::new()), |text| self.points(text))?;
                        if let Some((_, item)) = open.last_mut() {
                            item.points.extend(points);
                        }
                    }
                    "Point" => {
                        let number = |name| tag.get(name)?.trim().parse::<f64>().ok();
                        let Some(point) = number("x").zip(number("y")) else {
                            return Err(self.markup.fail("a Point has no x and y"));
                        };
                        if let Some((_, item)) = open.last_mut() {
                            item.points.push(point);
                        }
                    }
                    "TextEquiv" => {
                        let confidence = tag.get("conf").and_then(|text| text.parse::<f64>().ok());
                        if let Some((_, item)) = open.last_mut()
                            && item.text.is_none()
                        {
                            item.confidence = confidence.filter(|value| value.is_finite());
                        }
                    }
                    "Unicode" => {
                        in_unicode = true;
                        unicode = Some(String::new());
                    }
                    _ => {}
                },
                Node::Text(text) => {
                    if in_unicode && let Some(unicode) = &mut unicode {
                        unicode.push_str(&text);
                    }
                }
                Node::End(name) if name == "Unicode" => {
                    in_unicode = false;
                    // The first of several readings counts.
                    if let Some((_, item)) = open.last_mut()
                        && item.text.is_none()
                    {
                        item.text = unicode.take();
                    }
                }
                Node::End(name) if name == "Page" => {
                    if let Some(page) = &mut page {
                        page.blocks = regions.sorted();
                    }
                    return Ok(page);
                }
                Node::End(name) => {
                    let Some((_, item)) = open.pop_if(|(open, _)| *open == name) else { continue };
                    match name.as_str() {
                        "Word" => {
                            if let Some((_, line)) = open.last_mut() {
                                line.words.push(item.into_word());
                            }
                        }
                        "TextLine" => {
                            let line = if item.words.is_empty() { vec![item.into_word()] } else { item.words };
                            match regions.blocks.last_mut() {
                                Some((_, block)) => block.push(line),
                                None => regions.blocks.push((String::new(), vec![line])),
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        if self.pages == 0 {
            return Err(self.markup.fail("there is no Page"));
        }
        Ok(None)
    }
}

impl Reader {
    fn page(&self, tag: &Tag) -> Document {
        let number = |name| tag.get(name)?.trim().parse::<f64>().ok();
        let size = number("imageWidth").zip(number("imageHeight"));
        Document {
            name: format!("page{}", self.pages),
            page: Some(self.pages),
            edges: size.and_then(|(width, height)| edges(&[0.0, 0.0, width, height])),
            ..Document::default()
        }
    }
}
