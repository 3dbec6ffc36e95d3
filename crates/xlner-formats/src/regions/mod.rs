//! Text that was an image or sound: scans (hOCR, ALTO, PAGE XML) and transcripts (CTM, WebVTT, Whisper's JSON).
//!
//! A page or a recording is put together to one text, the text is split into sentences and tokenised, and each token gets
//! the region of the word it comes from. Regions are JSON:
//!
//! | where | region |
//! |---|---|
//! | on a page | `{"page":1,"image":"scan1.png","bbox":[left,top,right,bottom],"page_bbox":[…]}`, in the file's unit, mostly pixels; `image` and `page_bbox` where the file has them |
//! | on two lines (hyphenated) | the same with `"bboxes":[[…],[…]]`; `bbox` is the first |
//! | in a recording | `{"start":1.25,"end":1.5}`, in seconds |
//! | not told by the file | `null` |
//!
//! `"confidence"`, 0 to 1, is there where the file has it. Tokens of one word share its box; its time is divided among
//! them by characters. Sentences have ids: `page1.3` is the third of the first page.

mod alto;
mod ctm;
mod document;
mod hocr;
mod hyphens;
mod levels;
mod markup;
mod order;
mod page;
mod place;
mod references;
mod vtt;
mod whisper;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use xlner_core::Sentence;

use crate::compression::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::json::ItemReader;
use crate::line_reader::LineReader;
use crate::notes::NoteKind;
use crate::read::FROM_FORMAT;
use crate::reader::Status;
use crate::{Format, ReadOptions};
use document::Document;

pub(crate) use whisper::fits as is_whisper;

/// Readings of the same place on a page, or of the same sound, of which one is read.
const OTHER_READINGS: NoteKind = NoteKind::new("other-readings", "other readings of the same place (left out)");
/// Texts at two levels that contradict each other.
const TWO_TEXTS: NoteKind =
    NoteKind::new("two-texts", "words that read otherwise than the line or segment they are of (its text is read)");

/// Gives the pages of a scan, or the recordings of a transcript, one by one.
trait Documents: Send {
    fn next(&mut self) -> Result<Option<Document>>;
}

/// An open file of one of the formats.
pub(crate) struct Input(Box<dyn Documents>);

impl Input {
    pub(crate) fn open(path: &Path, format: Format, status: &Arc<Status>) -> Result<Input> {
        Ok(Input(match format {
            Format::Hocr => Box::new(hocr::Reader::open(path, status)?),
            Format::Alto => Box::new(alto::Reader::open(path, status)?),
            Format::Page => Box::new(page::Reader::open(path, status)?),
            Format::Ctm => Box::new(ctm::Reader::open(path, status)?),
            Format::Vtt => Box::new(vtt::Reader::open(path, status)?),
            _ => return Ok(Input::whisper(ItemReader::values(path, status)?, status)),
        }))
    }

    /// A file of JSON whose first value was found to be a transcript.
    pub(crate) fn whisper(items: ItemReader, status: &Arc<Status>) -> Input {
        Input(Box::new(whisper::Reader::new(items, status)))
    }
}

/// Sentences with regions; `path` serves messages.
pub(crate) fn sentences(
    input: Input,
    path: &Path,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> impl Iterator<Item = Result<Sentence>> + Send + 'static + use<> {
    let (file, options, status) = (path.to_owned(), options.clone(), Arc::clone(status));
    let Input(mut documents) = input;
    let mut waiting: VecDeque<Sentence> = VecDeque::new();
    let mut next = move || {
        while waiting.is_empty() {
            let Some(document) = documents.next()? else { return Ok(None) };
            waiting.extend(document.sentences(&file, &options, &status)?);
        }
        Ok(waiting.pop_front())
    };
    std::iter::from_fn(move || next().transpose())
}

/// Whether the name is that of an XML or HTML file, whose content tells the format.
pub(crate) fn is_markup(path: &Path) -> bool {
    let bare = Codec::strip_extension(path);
    let extension = bare.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    matches!(extension.as_deref(), Some("xml" | "html" | "htm" | "xhtml"))
}

/// The format of an XML or HTML file, by its first bytes.
pub(crate) fn look(path: &Path) -> Result<Format> {
    const LOOKED_AT: usize = 1 << 16;
    let mut lines = LineReader::open(path, &Arc::default())?;
    let head = lines.peek(LOOKED_AT)?;
    let has = |mark: &str| memchr::memmem::find(head, mark.as_bytes()).is_some();
    if has("<PcGts") || has(":PcGts") {
        Ok(Format::Page)
    } else if has("<alto") || has(":alto") {
        Ok(Format::Alto)
    } else if has("ocr_page") || has("ocr-system") {
        Ok(Format::Hocr)
    } else {
        let known = Format::names(|format| matches!(format, Format::Hocr | Format::Alto | Format::Page));
        Err(Error::in_file(path, ErrorKind::UnknownFormat { option: FROM_FORMAT, known }))
    }
}
