//! hOCR, as Tesseract, OCRopus and Kraken write it (<https://kba.github.io/hocr-spec/1.2/>): HTML whose `class` says what an
//! element is and whose `title` holds its properties.
//!
//! All text of a page is read, in elements of words and outside of them. Of several readings of one place (`alternatives`, choices of
//! Tesseract's) the first is.

mod layout;

use std::path::Path;
use std::sync::Arc;

use super::document::{Document, Word};
use super::markup::{Markup, Node, Tag};
use super::place::{CONFIDENCES, Edges, Place, confidence, edges};
use super::{Documents, OTHER_READINGS};
use crate::error::Result;
use crate::notes::NoteKind;
use crate::reader::Status;
use layout::Layout;

const OUTSIDE: NoteKind = NoteKind::new("text-outside-pages", "texts that stand outside of pages (left out)");

pub(super) struct Reader {
    markup: Markup,
    pages: usize,
    /// The start of a page that came before the end of the one before it.
    waiting: Option<Tag>,
    /// Names of elements outside of pages.
    outside: Vec<String>,
}

impl Reader {
    pub(super) fn open(path: &Path, status: &Arc<Status>) -> Result<Self> {
        let markup = Markup::open(path, status, "hOCR", true)?;
        Ok(Reader { markup, pages: 0, waiting: None, outside: Vec::new() })
    }
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    Page,
    Block,
    Line,
    Word,
    /// A part of a word: white space beside it is the layout's of the file.
    Character,
    /// A reading that is not the first.
    OtherReading,
    /// No text of the page: a script, a style.
    Hidden,
}

impl Class {
    fn of(tag: &Tag) -> Option<Class> {
        if matches!(tag.name.as_str(), "script" | "style" | "head" | "template") {
            return Some(Class::Hidden);
        }
        // Tesseract's choices for a character or a time step, in an element of each word.
        let id = tag.get("id").unwrap_or_default();
        if ["choice_", "lstm_choices_", "timestep"].iter().any(|choice| id.starts_with(choice)) {
            return Some(Class::OtherReading);
        }
        tag.get("class")?.split_ascii_whitespace().find_map(|class| match class {
            "ocr_page" => Some(Class::Page),
            "ocr_carea" | "ocr_par" | "ocrx_block" | "ocr_column" => Some(Class::Block),
            "ocr_line" | "ocrx_line" | "ocr_header" | "ocr_caption" | "ocr_textfloat" => Some(Class::Line),
            "ocrx_word" | "ocr_word" => Some(Class::Word),
            "ocrx_cinfo" | "ocr_cinfo" | "ocr_symbol" | "ocr_glyph" => Some(Class::Character),
            "alt" if tag.name == "del" => Some(Class::OtherReading),
            _ => None,
        })
    }
}

/// Elements of HTML that begin on a new line.
fn breaks_line(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "blockquote"
            | "br"
            | "caption"
            | "dd"
            | "div"
            | "dt"
            | "figcaption"
            | "footer"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "li"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "table"
            | "td"
            | "th"
            | "tr"
            | "ul"
    )
}

/// A page that is being read.
struct Page {
    document: Document,
    layout: Layout,
    /// Open elements, with the name that closes them.
    open: Vec<(String, Option<Class>)>,
}

impl Page {
    fn finish(mut self) -> Document {
        self.document.blocks = self.layout.finish();
        self.document
    }

    fn is_in(&self, class: Class) -> bool {
        self.open.iter().any(|(_, open)| *open == Some(class))
    }
}

impl Documents for Reader {
    fn next(&mut self) -> Result<Option<Document>> {
        let mut page = match self.waiting.take() {
            Some(tag) => Some(self.begin(tag)?),
            None => None,
        };
        while let Some(node) = self.markup.next()? {
            match node {
                Node::Start(tag) => {
                    let class = Class::of(&tag);
                    match &mut page {
                        Some(page) if class == Some(Class::Page) => {
                            let page = std::mem::replace(page, Page::new(Document::default()));
                            self.waiting = Some(tag);
                            return Ok(Some(page.finish()));
                        }
                        Some(page) => self.element(page, tag, class)?,
                        None => match class {
                            Some(Class::Page) => page = Some(self.begin(tag)?),
                            // Blocks, lines and words without a page are a page.
                            Some(Class::Block | Class::Line | Class::Word) => {
                                let mut new = self.begin(Tag::default())?;
                                self.element(&mut new, tag, class)?;
                                page = Some(new);
                            }
                            Some(Class::Hidden) => self.outside.push(tag.name),
                            _ => {}
                        },
                    }
                }
                Node::Text(text) => match &mut page {
                    Some(page) if page.is_in(Class::OtherReading) || page.is_in(Class::Hidden) => {}
                    Some(page) => {
                        let blank = text.trim_ascii().is_empty();
                        let between = blank && page.layout.has_characters() && !page.is_in(Class::Character);
                        if !between {
                            page.layout.text(&text, self.markup.line());
                        }
                    }
                    None if self.outside.is_empty() => {
                        self.markup.note(OUTSIDE, usize::from(!text.trim().is_empty()))?;
                    }
                    None => {}
                },
                Node::End(name) => {
                    let Some(current) = &mut page else {
                        self.outside.retain(|open| *open != name);
                        continue;
                    };
                    let Some(at) = current.open.iter().rposition(|(open, _)| *open == name) else { continue };
                    for (name, class) in current.open.split_off(at).into_iter().rev() {
                        match class {
                            Some(Class::Page) => return Ok(page.map(Page::finish)),
                            Some(Class::Block) => current.layout.end_block(),
                            Some(Class::Line) => current.layout.end_line(),
                            Some(Class::Word) => current.layout.end_word(),
                            _ if breaks_line(&name) => current.layout.end_line(),
                            _ => {}
                        }
                    }
                }
            }
        }
        if page.is_none() && self.pages == 0 {
            return Err(self.markup.fail("there is no element of class ocr_page"));
        }
        Ok(page.map(Page::finish))
    }
}

impl Page {
    fn new(document: Document) -> Page {
        Page { document, layout: Layout::default(), open: Vec::new() }
    }
}

impl Reader {
    fn begin(&mut self, tag: Tag) -> Result<Page> {
        self.pages += 1;
        let number = self.pages;
        let title = tag.get("title").unwrap_or_default();
        let edges = self.edges(title)?;
        // `image "page 1.png"`; a program that splits at `;` splits a name with one, too.
        let image = property(title, "image").map(|name| name.trim_matches(['"', '\'']).to_owned());
        let image = image.filter(|name| !name.is_empty());
        let lang = tag.get("lang").map(str::to_owned);
        let name = format!("page{number}");
        let mut page = Page::new(Document { name, page: Some(number), edges, image, lang, ..Document::default() });
        if !tag.name.is_empty() {
            page.open.push((tag.name, Some(Class::Page)));
        }
        Ok(page)
    }

    /// An element of a page begins.
    fn element(&self, page: &mut Page, tag: Tag, class: Option<Class>) -> Result<()> {
        let title = tag.get("title").unwrap_or_default();
        match class {
            Some(Class::Block) => {
                page.layout.begin_block(self.edges(title)?);
                if page.document.lang.is_none() {
                    page.document.lang = tag.get("lang").map(str::to_owned);
                }
            }
            Some(Class::Line) => page.layout.begin_line(self.edges(title)?),
            Some(Class::Word) => {
                let place = Place::boxed(self.edges(title)?.or(page.layout.edges()));
                let mut word = Word { line: self.markup.line(), ..Word::new("", place) };
                if let Some(number) = property(title, "x_wconf").and_then(|value| value.parse::<f64>().ok()) {
                    word.confidence = confidence(number / 100.0);
                    self.markup.note(CONFIDENCES, usize::from(word.confidence.is_none()))?;
                }
                page.layout.begin_word(word);
            }
            Some(Class::Character) => page.layout.character(),
            Some(Class::OtherReading) if !page.is_in(Class::OtherReading) => self.markup.note(OTHER_READINGS, 1)?,
            None if breaks_line(&tag.name) => page.layout.end_line(),
            _ => {}
        }
        page.open.push((tag.name, class));
        Ok(())
    }

    /// The box among the properties.
    fn edges(&self, title: &str) -> Result<Option<Edges>> {
        let Some(value) = property(title, "bbox") else { return Ok(None) };
        let numbers: Vec<f64> = value.split_ascii_whitespace().map_while(|number| number.parse().ok()).collect();
        edges(&numbers).map(Some).ok_or_else(|| {
            self.markup.fail(format!("“bbox {value}” is not a box of four numbers (left top right bottom)"))
        })
    }
}

/// The value of a property: `bbox 1 2 3 4; x_wconf 96`.
fn property<'a>(title: &'a str, name: &str) -> Option<&'a str> {
    title.split(';').find_map(|property| property.trim().strip_prefix(name)?.strip_prefix(' ')).map(str::trim)
}
