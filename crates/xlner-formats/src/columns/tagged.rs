//! Tokens and tags as they stand in a file.

/// The tokens of a sentence and their tags as written, in one buffer that is used again for the next sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tagged {
    buffer: String,
    cells: Vec<Cell>,
    /// Line of the first token, counted from 1 (of the marker, for a sentence without tokens).
    pub line: u64,
    pub(crate) id: String,
    /// The text, where a comment gives it.
    pub(crate) text: Option<String>,
    pub(crate) lang: String,
    /// Whether nothing stands between a token and the next (`SpaceAfter=No`); empty where the format does not tell.
    pub(crate) glue: Vec<bool>,
    /// Lines of the tokens after `line`.
    lines: Vec<u32>,
    /// Comments that say something else.
    pub(crate) comments: Vec<String>,
    /// The lines of CoNLL-U, where they say more than tokens and tags.
    pub(crate) rows: Vec<String>,
    /// The key of the tags in MISC, where it is not the usual one.
    pub(crate) tag_key: String,
    /// The last two columns of Universal NER, for each token, joined by a tab.
    pub(crate) annotators: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    token: u32,
    tag: u32,
    end: u32,
}

impl Tagged {
    /// Without tokens.
    pub fn new() -> Self {
        Tagged::default()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.cells.clear();
        self.line = 0;
        self.id.clear();
        self.text = None;
        self.lang.clear();
        self.glue.clear();
        self.lines.clear();
        self.comments.clear();
        self.rows.clear();
        self.tag_key.clear();
        self.annotators.clear();
    }

    /// Appends a token and its tag.
    #[inline]
    pub fn push(&mut self, token: &str, tag: &str) {
        let start = self.buffer.len() as u32;
        self.buffer.push_str(token);
        let middle = self.buffer.len() as u32;
        self.buffer.push_str(tag);
        self.cells.push(Cell { token: start, tag: middle, end: self.buffer.len() as u32 });
    }

    /// Appends a token and its tag, from a line of the file.
    #[inline]
    pub(crate) fn push_at(&mut self, line: u64, token: &str, tag: &str) {
        self.lines.push(line.saturating_sub(self.line) as u32);
        self.push(token, tag);
    }

    /// The line of token `index`; where it is not known, that of the sentence.
    pub fn line_of(&self, index: usize) -> u64 {
        self.line + u64::from(self.lines.get(index).copied().unwrap_or_default())
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Token `index`. Panics when there is no such token.
    pub fn token(&self, index: usize) -> &str {
        let cell = self.cells[index];
        &self.buffer[cell.token as usize..cell.tag as usize]
    }

    /// The tag of token `index`. Panics when there is no such token.
    pub fn tag(&self, index: usize) -> &str {
        let cell = self.cells[index];
        &self.buffer[cell.tag as usize..cell.end as usize]
    }

    /// All tokens.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator + Clone {
        (0..self.len()).map(|index| self.token(index))
    }

    /// All tags.
    pub fn tags(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator + Clone {
        (0..self.len()).map(|index| self.tag(index))
    }

    /// Name of the sentence (`# sent_id`); empty where it has none.
    pub fn id(&self) -> &str {
        &self.id
    }
}
