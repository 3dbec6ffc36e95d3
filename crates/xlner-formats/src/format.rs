//! The formats and their names.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::compression::Codec;

/// A file format.
///
/// `Display` and `FromStr` use the names that the command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// CoNLL columns, one token a line. Read: separator, token and tag column are found by looking. Written: `token<TAB>tag`.
    Conll,
    /// The four columns of CoNLL-2003, `token POS chunk tag`, separated by spaces. Read like [`Conll`](Self::Conll).
    Conll2003,
    /// PAN-X (WikiANN): `lang:token<TAB>tag`.
    PanX,
    /// Universal NER: `id<TAB>token<TAB>tag<TAB>-<TAB>-` with `# sent_id` and `# text`. Read like [`Conll`](Self::Conll).
    Uner,
    /// CoNLL-U and CoNLL-U Plus; the tags in a column of their own or in MISC (`NER=`, `Entity=`, `NE=`).
    ConllU,
    /// HIPE-2022: `TOKEN`, `NE-COARSE-LIT`, … under a header, flags in `MISC`.
    Hipe,
    /// WebAnno TSV 3 of INCEpTION and WebAnno.
    WebAnno,
    /// Tab-separated: columns with tags where sentences are read, `source<TAB>target` where pairs are.
    Tsv,
    /// One sentence a line; where pairs are read, [`Bitext`](Self::Bitext).
    Text,
    /// `source ||| target`.
    Bitext,
    /// JSON lines: records (pairs or sentences), Hugging Face rows, MasakhaNER × MAFAND items, doccano, Prodigy: found by
    /// looking at each. Written: records.
    Jsonl,
    /// JSON: Label Studio, spaCy, Hugging Face rows: found by looking. It cannot be written under this name.
    Json,
    /// Rows of a Hugging Face dataset, JSON lines or an array: `{"tokens":[…],"ner_tags":[…]}`.
    HuggingFace,
    /// Label Studio's JSON export (and its JSON-MIN).
    LabelStudio,
    /// doccano's JSON lines.
    Doccano,
    /// brat standoff: a text and its `.ann`.
    Brat,
    /// spaCy: documents (`Doc.to_json`), the training formats of v2 and v3, Prodigy's JSON lines. Written: documents.
    Spacy,
    /// Records or Hugging Face rows in Parquet (feature `parquet`).
    Parquet,
    /// hOCR of Tesseract and others: a page's text with a box for each word. This and the five that follow are only read; each token
    /// gets its region.
    Hocr,
    /// ALTO XML, versions 1 to 4.
    Alto,
    /// PAGE XML.
    Page,
    /// CTM: words with their times, `recording channel start duration word`.
    Ctm,
    /// WebVTT, and SubRip (`.srt`).
    Vtt,
    /// JSON of Whisper, or of whisper.cpp.
    Whisper,
    /// Pharaoh alignments: `i-j`, possible links `i?j` or `ipj`, probabilities `i-j:p`.
    Pharaoh,
    /// NAACL (2003 and 2005 shared tasks) alignments: `sentence source target [S|P] [confidence]`, counted from 1.
    Naacl,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 26] = [
        Format::Conll,
        Format::Conll2003,
        Format::PanX,
        Format::Uner,
        Format::ConllU,
        Format::Hipe,
        Format::WebAnno,
        Format::Tsv,
        Format::Text,
        Format::Bitext,
        Format::Jsonl,
        Format::Json,
        Format::HuggingFace,
        Format::LabelStudio,
        Format::Doccano,
        Format::Brat,
        Format::Spacy,
        Format::Parquet,
        Format::Hocr,
        Format::Alto,
        Format::Page,
        Format::Ctm,
        Format::Vtt,
        Format::Whisper,
        Format::Pharaoh,
        Format::Naacl,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Conll => "conll",
            Format::Conll2003 => "conll2003",
            Format::PanX => "panx",
            Format::Uner => "uner",
            Format::ConllU => "conllu",
            Format::Hipe => "hipe",
            Format::WebAnno => "webanno",
            Format::Tsv => "tsv",
            Format::Text => "text",
            Format::Bitext => "bitext",
            Format::Jsonl => "jsonl",
            Format::Json => "json",
            Format::HuggingFace => "hf",
            Format::LabelStudio => "label-studio",
            Format::Doccano => "doccano",
            Format::Brat => "brat",
            Format::Spacy => "spacy",
            Format::Parquet => "parquet",
            Format::Hocr => "hocr",
            Format::Alto => "alto",
            Format::Page => "page",
            Format::Ctm => "ctm",
            Format::Vtt => "vtt",
            Format::Whisper => "whisper",
            Format::Pharaoh => "pharaoh",
            Format::Naacl => "naacl",
        }
    }

    /// The format that a file's name tells; `.gz` and `.zst` at its end are passed over, a folder is brat's. `None`
    /// where the name tells nothing.
    pub fn from_path(path: &Path) -> Option<Format> {
        let bare = Codec::strip_extension(path);
        let lower = |text: &OsStr| text.to_str().map(str::to_ascii_lowercase);
        let extension = bare.extension().and_then(lower);
        // `x.alto.xml`
        let inner = bare.file_stem().and_then(|stem| Path::new(stem).extension()).and_then(lower);
        match (inner.as_deref(), extension.as_deref()) {
            (Some("hocr"), Some("xml" | "html" | "htm")) => return Some(Format::Hocr),
            (Some("alto"), Some("xml")) => return Some(Format::Alto),
            (Some("page"), Some("xml")) => return Some(Format::Page),
            (Some("whisper"), Some("json")) => return Some(Format::Whisper),
            (Some("webanno"), Some("tsv")) => return Some(Format::WebAnno),
            (Some("hipe"), Some("tsv")) => return Some(Format::Hipe),
            _ => {}
        }
        Some(match extension.as_deref() {
            Some("conll" | "conll02" | "conll2002" | "bio" | "iob" | "iob1" | "iob2" | "iobes" | "bilou") => {
                Format::Conll
            }
            Some("conll03" | "conll2003") => Format::Conll2003,
            Some("panx" | "wikiann") => Format::PanX,
            Some("conllu" | "conllup") => Format::ConllU,
            Some("tsv") => Format::Tsv,
            Some("txt" | "text" | "raw") => Format::Text,
            Some("bitext") => Format::Bitext,
            Some("jsonl" | "ndjson") => Format::Jsonl,
            Some("json") => Format::Json,
            Some("ann") => Format::Brat,
            Some("parquet") => Format::Parquet,
            Some("hocr") => Format::Hocr,
            Some("ctm") => Format::Ctm,
            Some("vtt" | "srt") => Format::Vtt,
            Some(
                "pharaoh" | "align" | "links" | "gold" | "talp" | "gdfa" | "grow-diag-final-and" | "itermax" | "mwmf",
            ) => Format::Pharaoh,
            Some("naacl" | "wa" | "nonullalign") => Format::Naacl,
            _ if path.is_dir() => Format::Brat,
            _ => return None,
        })
    }

    /// Whether sentences can be read and written in it.
    pub const fn holds_sentences(self) -> bool {
        !matches!(self, Format::Bitext | Format::Pharaoh | Format::Naacl)
    }

    /// Whether pairs can be read and written in it.
    pub const fn holds_pairs(self) -> bool {
        matches!(self, Format::Jsonl | Format::Tsv | Format::Text | Format::Bitext | Format::Parquet)
    }

    /// Whether alignments can be read and written in it.
    pub const fn holds_alignments(self) -> bool {
        matches!(self, Format::Pharaoh | Format::Naacl)
    }

    /// Whether its sentences have regions; it is read and not written.
    pub const fn has_regions(self) -> bool {
        matches!(self, Format::Hocr | Format::Alto | Format::Page | Format::Ctm | Format::Vtt | Format::Whisper)
    }

    /// Whether it can be written; the formats with regions, and JSON that does not say whose, are only read.
    pub const fn is_written(self) -> bool {
        !self.has_regions() && !matches!(self, Format::Json)
    }

    /// Whether sentences are columns in it.
    pub(crate) const fn is_columns(self) -> bool {
        matches!(
            self,
            Format::Conll
                | Format::Conll2003
                | Format::PanX
                | Format::Uner
                | Format::ConllU
                | Format::Hipe
                | Format::Tsv
        )
    }

    /// Whether a sentence written in it must have tokens.
    pub const fn needs_tokens(self) -> bool {
        self.is_columns() || matches!(self, Format::WebAnno | Format::HuggingFace | Format::Spacy)
    }

    /// The format of an output: given, told by its name, else the usual one. `None` for spaCy's binary files, which no writer
    /// makes: it says what to do instead.
    pub fn for_output(given: Option<Format>, path: &Path, usual: Format) -> Option<Format> {
        let binary = || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("spacy"));
        given.or_else(|| Format::from_path(path)).or_else(|| (!binary()).then_some(usual))
    }

    /// Names of the formats for which `holds` is true, for messages.
    pub(crate) fn names(holds: impl Fn(Format) -> bool) -> String {
        let names: Vec<&str> = Self::ALL.into_iter().filter(|&format| holds(format)).map(Format::name).collect();
        names.join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let wanted = name.to_ascii_lowercase().replace('_', "-");
        let wanted = match wanted.as_str() {
            "conll02" | "conll2002" | "conll-2002" | "bio" | "iob" | "iob2" | "masakhaner" => "conll",
            "conll03" | "conll-2003" => "conll2003",
            "pan-x" | "wikiann" => "panx",
            "conll-u" | "conllup" | "conllu-plus" => "conllu",
            "txt" | "lines" | "plain" => "text",
            "ndjson" | "record" | "records" => "jsonl",
            "huggingface" | "hugging-face" => "hf",
            "inception" | "webanno-tsv" | "webanno3" => "webanno",
            "hipe2020" | "hipe2022" | "hipe-2022" => "hipe",
            "talp" | "moses" => "pharaoh",
            "labelstudio" => "label-studio",
            "webvtt" | "srt" | "subrip" => "vtt",
            "page-xml" | "pagexml" => "page",
            other => other,
        };
        Self::ALL
            .into_iter()
            .find(|format| format.name() == wanted)
            .ok_or_else(|| format!("no format “{name}”; formats: {}", Self::names(|_| true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_one_name() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert!("docx".parse::<Format>().unwrap_err().contains("label-studio"));
    }

    #[test]
    fn names_tell_the_format_through_compression() {
        let of = |name: &str| Format::from_path(Path::new(name));
        assert_eq!(of("a/en.test.conll02"), Some(Format::Conll));
        assert_eq!(of("pairs.jsonl.gz"), Some(Format::Jsonl));
        assert_eq!(of("a.GOLD.zst"), Some(Format::Pharaoh));
        assert_eq!(of("-"), None);
        assert_eq!(of("scan.hocr.gz"), Some(Format::Hocr));
        assert_eq!(of("scan.ALTO.xml"), Some(Format::Alto));
        assert_eq!(of("scan.page.xml"), Some(Format::Page));
        assert_eq!(of("talk.whisper.json"), Some(Format::Whisper));
        assert_eq!(of("scan.xml"), None);
        assert_eq!(of("a.gz"), None);
    }
}
