//! hOCR, as Tesseract, OCRopus and Kraken write it (<https://kba.github.io/hocr-spec/1.2/>): HTML whose `class` says what an
//! element is and whose `title` holds its properties.

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
        Ok(Reader { markup: Markup::open(path, status, "hOCR", true)?, pages: 0 })
    }
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    Page,
    Block,
    Line,
    Word,
}

impl Class {
    fn of(tag: &Tag) -> Option<Class> {
        tag.get("class")?.split_ascii_whitespace().find_map(|class| match class {
            "ocr_page" => Some(Class::Page),
            "ocr_carea" | "ocr_par" | "ocrx_block" | "ocr_column" => Some(Class::Block),
            "ocr_line" | "ocrx_line" | "ocr_header" | "ocr_caption" | "ocr_textfloat" => Some(Class::Line),
            "ocrx_word" | "ocr_word" => Some(Class::Word),
            _ => None,
        })
    }
}

impl Documents for Reader {
    /// The next page; what stands outside of pages is passed over.
    fn next(&mut self) -> Result<Option<Document>> {
        let mut page: Option<Document> = None;
        // Open elements, with the name that closes them.
        let mut open: Vec<(String, Option<Class>)> = Vec::new();
        let mut line_edges = None;
        while let Some(node) = self.markup.next()? {
            match node {
                Node::Start(tag) => {
                    let class = Class::of(&tag);
                    let title = tag.get("title").unwrap_or_default();
                    match (class, &mut page) {
                        (Some(Class::Page), None) => {
                            self.pages += 1;
                            let number = self.pages;
                            let name = format!("page{number}");
                            let edges = self.edges(title)?;
                            page = Some(Document { name, page: Some(number), edges, ..Document::default() });
                        }
                        (Some(Class::Block), Some(page)) => {
                            page.blocks.push(Block::new());
                            if page.lang.is_none() {
                                page.lang = tag.get("lang").map(str::to_owned);
                            }
                        }
                        (Some(Class::Line), Some(page)) => {
                            line_edges = self.edges(title)?;
                            last(&mut page.blocks).push(Vec::new());
                        }
                        (Some(Class::Word), Some(page)) => {
                            let edges = self.edges(title)?.or(line_edges);
                            let place = edges.map_or(Place::Unknown, |edges| Place::Boxes(vec![edges]));
                            let mut word = Word::new("", place);
                            let confidence =
                                property(title, "x_wconf").and_then(|value| value.trim().parse::<f64>().ok());
                            word.confidence = confidence.filter(|value| value.is_finite()).map(|value| value / 100.0);
                            last(last(&mut page.blocks)).push(word);
                        }
                        _ => {}
                    }
                    open.push((tag.name, class));
                }
                Node::Text(text) => {
                    if let Some(page) = &mut page
                        && open.iter().any(|(_, class)| *class == Some(Class::Word))
                        && let Some(word) = last(last(&mut page.blocks)).last_mut()
                    {
                        word.text.push_str(&text);
                    }
                }
                Node::End(name) => {
                    let Some(at) = open.iter().rposition(|(open, _)| *open == name) else { continue };
                    let closed = open.split_off(at);
                    if closed.iter().any(|(_, class)| *class == Some(Class::Page)) && page.is_some() {
                        return Ok(page);
                    }
                    if let Some(page) = &mut page
                        && closed.iter().any(|(_, class)| *class == Some(Class::Block))
                    {
                        page.blocks.push(Block::new());
                    }
                }
            }
        }
        if page.is_none() && self.pages == 0 {
            return Err(self.markup.fail("there is no element of class ocr_page"));
        }
        Ok(page)
    }
}

impl Reader {
    /// The box among the properties.
    fn edges(&self, title: &str) -> Result<Option<Edges>> {
        let Some(value) = property(title, "bbox") else { return Ok(None) };
        let numbers: Vec<f64> = value.split_ascii_whitespace().map_while(|number| number.parse().ok()).collect();
        edges(&numbers)
            .map(Some)
            .ok_or_else(|| self.markup.fail(format!("“bbox {value}” is not a box of four numbers")))
    }
}

/// The value of a property: `bbox 1 2 3 4; x_wconf 96`.
fn property<'a>(title: &'a str, name: &str) -> Option<&'a str> {
    title.split(';').find_map(|property| property.trim().strip_prefix(name)?.strip_prefix(' ')).map(str::trim)
}

/// The last of a list; one is made where there is none.
fn last<T: Default>(list: &mut Vec<T>) -> &mut T {
    if list.is_empty() {
        list.push(T::default());
    }
    let end = list.len() - 1;
    &mut list[end]
}
