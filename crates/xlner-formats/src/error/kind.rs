//! What can go wrong, and what to do then.

use std::io;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file cannot be opened.
    #[error("cannot open")]
    Open(#[source] io::Error),
    /// Reading failed.
    #[error("cannot read")]
    Read(#[source] io::Error),
    /// Writing failed.
    #[error("cannot write")]
    Write(#[source] io::Error),
    /// A compressed stream is broken.
    #[error("the {codec} data is damaged or cut off; make the file again, or fetch it again")]
    Damaged {
        /// `gzip` or `zstd`.
        codec: &'static str,
        /// What the decoder says.
        #[source]
        source: io::Error,
    },
    /// The name promises a compression that the content does not have.
    #[error("the name says {codec}, but the content is not {codec}; rename the file")]
    NotCompressed {
        /// `gzip` or `zstd`.
        codec: &'static str,
    },
    /// A compression or an archive that this crate does not read.
    #[error("{codec} is neither read nor written; unpack it first, or use gzip or zstd (`.gz`, `.zst`)")]
    ForeignCompression {
        /// Its name.
        codec: &'static str,
    },
    /// The bytes are not UTF-8.
    #[error("byte {byte} of the line is not UTF-8; convert the file first (`iconv -f ENCODING -t UTF-8`)")]
    NotUtf8 {
        /// Offset in the line, counted from 1.
        byte: usize,
    },
    /// The file is UTF-16.
    #[error("the file is UTF-16; convert it first (`iconv -f UTF-16 -t UTF-8`)")]
    Utf16,
    /// More bytes than the options allow to be held at once.
    #[error(
        "{what} of more than {limit} bytes; is this a file of the format? If so, divide it, or raise the limit \
         (option `max_sentence_tokens`)"
    )]
    TooLong {
        /// What: a line, a JSON value, a document, …
        what: &'static str,
        /// Bytes allowed.
        limit: usize,
    },
    /// More values than the options allow in one record.
    #[error("{what} of more than {limit} values; divide it, or raise the limit (option `max_sentence_tokens`)")]
    TooManyValues {
        /// What: a record, a column, links.
        what: &'static str,
        /// Values allowed.
        limit: usize,
    },
    /// A sentence has more tokens than the options allow.
    #[error(
        "a sentence of more than {limit} tokens; put sentences on lines of their own, or raise the limit (option `max_sentence_tokens`)"
    )]
    TooManyTokens {
        /// Tokens allowed.
        limit: usize,
    },
    /// The file name does not tell the format.
    #[error("the name does not tell the format; give it ({option}): {known}")]
    UnknownFormat {
        /// The flag of the command that gives it.
        option: &'static str,
        /// Names of the formats that would do.
        known: String,
    },
    /// The format holds something else.
    #[error("format {format} holds no {wanted}; formats that do: {known}")]
    WrongFormat {
        /// Name of the format.
        format: &'static str,
        /// What was to be read or written: sentences, pairs, tags, alignments.
        wanted: &'static str,
        /// Names of the formats that would do.
        known: String,
    },
    /// Not one sentence in a file that is not empty.
    #[error(
        "the file has lines, but no sentence can be read from them; is it of another format (option `from_format`), or cut off?"
    )]
    NothingRead,
    /// Everything in a file was left out, and noted.
    #[error("nothing is left to read: all that is in the file was left out, see the notes")]
    AllLeftOut,
    /// A file of another program, which holds no text to be read as it is.
    #[error("xlner does not read {what}; {cure}")]
    Foreign {
        /// What the file is.
        what: &'static str,
        /// What to do.
        cure: &'static str,
    },
    /// A folder where a file is wanted.
    #[error("this is a folder; give a file{}", in_it(.inside))]
    Folder {
        /// Names of files in it, the first few.
        inside: Vec<String>,
    },
    /// Tokens and tags in quotes.
    #[error("tokens and tags stand in quotes, as spreadsheets write them: “{sample}”; export the file without quotes")]
    QuotedCells {
        /// The line, shortened.
        sample: String,
    },
    /// Comma-separated values.
    #[error(
        "xlner does not read CSV, where commas are text as well; save it with tabs between the columns and without quotes \
         (.tsv), or as JSON lines (.jsonl)"
    )]
    Csv,
    /// A build without the feature.
    #[error("this build cannot read or write {format}; build with the feature `{feature}`")]
    FeatureMissing {
        /// Name of the format.
        format: &'static str,
        /// Cargo feature.
        feature: &'static str,
    },
    /// There is no column that looks like tags.
    #[error(
        "no column of tags (`O`, `B-PER`, …) among {columns}: “{sample}”; name it with option `tag_column`, \
         or give the format with option `from_format`"
    )]
    MissingTagColumn {
        /// Columns of the line.
        columns: usize,
        /// The line, shortened.
        sample: String,
    },
    /// Lines of another format than that of the name.
    #[error(
        "the line looks like {what}; give the file a name that says so, or the format with option `from_format`: {formats}"
    )]
    OtherFormat {
        /// What it looks like.
        what: &'static str,
        /// Names of the formats that it may be of.
        formats: &'static str,
    },
    /// More than one column looks like tags.
    #[error("columns {} all look like tags; choose one with option `tag_column`", list(columns))]
    AmbiguousTagColumn {
        /// The columns, counted from 1.
        columns: Vec<usize>,
    },
    /// A named column does not exist.
    #[error("there is no column “{name}”; columns: {known}")]
    NoSuchColumn {
        /// The name or number asked for.
        name: String,
        /// The columns there are.
        known: String,
    },
    /// A line has another number of columns than the lines before it.
    #[error("{} instead of {expected}: “{sample}”; columns are separated by {separator} here", columns(*.found))]
    UnequalColumns {
        /// Columns of this line.
        found: usize,
        /// Columns of the lines before.
        expected: usize,
        /// The line, shortened.
        sample: String,
        /// `tabs` or `spaces`.
        separator: &'static str,
    },
    /// A tag or a list of tags that the scheme does not know, or anything else that breaks the rules of the record.
    #[error("{0}")]
    Invalid(xlner_core::Error),
    /// Not JSON, or JSON of another shape.
    #[error("not {expected}: {message}")]
    Json {
        /// What was expected, e.g. “a record”.
        expected: &'static str,
        /// What the parser says.
        message: String,
    },
    /// XML or HTML that cannot be understood.
    #[error("this is not the {format} it should be: {message}")]
    Markup {
        /// Name of the format.
        format: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Not a link.
    #[error("“{link}” is not a link ({expected})")]
    BadLink {
        /// The text that should be a link.
        link: String,
        /// How links look.
        expected: &'static str,
    },
    /// A line of a bitext does not split in two.
    #[error(
        "{found} columns instead of 2 (separated by {separator}): “{sample}”; a line of a bitext is source{separator}target"
    )]
    NotAPair {
        /// Columns found.
        found: usize,
        /// `TAB` or `|||`.
        separator: &'static str,
        /// The line, shortened.
        sample: String,
    },
    /// The record is a pair and a sentence was asked for.
    #[error("the records are pairs; choose one, source or target, with option `side`")]
    SideNeeded,
    /// A tag id without a list of labels, or outside it.
    #[error("tag id {id} is not in the list of {known} labels; give all of them in order with option `labels`")]
    UnknownTagId {
        /// The id.
        id: i64,
        /// Number of labels known.
        known: usize,
    },
    /// A tag that the given list of labels does not hold.
    #[error("tag “{tag}” is not in the given list of labels (option `labels`)")]
    UnknownTag {
        /// The tag.
        tag: String,
    },
    /// An annotation that does not lie in its text.
    #[error("annotation {start}..{end} ({label}) {problem}; correct or remove it")]
    BadAnnotation {
        /// First character.
        start: usize,
        /// Exclusive end: one past the last character.
        end: usize,
        /// Its label.
        label: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A line of an annotation file that cannot be understood.
    #[error("“{line}” is not {expected}")]
    BadLine {
        /// The line, shortened.
        line: String,
        /// What was expected.
        expected: &'static str,
    },
    /// brat needs two files.
    #[error(
        "brat is two files, a text and its annotations: give the name of one (`x.ann` or `x.txt`), not a folder or `-`"
    )]
    TwoFiles,
    /// A text that brat's annotations would replace.
    #[error(
        "the file is there and holds another text; it would be replaced: give the annotations another name, or remove it"
    )]
    OtherText,
    /// Something that the output format cannot hold.
    #[error("{what} cannot be written as {format}: {why}")]
    NotRepresentable {
        /// What, shortened.
        what: String,
        /// Name of the format.
        format: &'static str,
        /// Why, and what to do.
        why: &'static str,
    },
    /// Something would be left out or repaired, and the options say strict.
    #[error("{what}: refused, because reading is strict; correct the file, or do not ask for strict reading")]
    Strict {
        /// What: the text of a [`NoteKind`](crate::NoteKind).
        what: &'static str,
    },
    /// spaCy's binary documents.
    #[error(
        "this is a DocBin, spaCy's binary form; write its documents as JSON lines with spaCy: `for doc in \
         DocBin().from_disk(\"x.spacy\").get_docs(nlp.vocab): print(json.dumps(doc.to_json()))`, and read these"
    )]
    DocBin,
    /// Parquet or Arrow says no.
    #[error("not a Parquet file that xlner can read or write: {0}")]
    Parquet(String),
}

impl From<xlner_core::Error> for ErrorKind {
    fn from(error: xlner_core::Error) -> Self {
        ErrorKind::Invalid(error)
    }
}

/// Files that a folder holds, for a message.
fn in_it(inside: &[String]) -> String {
    match inside.is_empty() {
        true => String::new(),
        false => format!(", such as {}", inside.join(", ")),
    }
}

fn columns(count: usize) -> String {
    format!("{count} column{}", if count == 1 { "" } else { "s" })
}

fn list(columns: &[usize]) -> String {
    columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
