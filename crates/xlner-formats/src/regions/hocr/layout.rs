//! Blocks, lines and words as the elements of a page begin and end.

use crate::regions::document::{Block, Word};
use crate::regions::place::{Edges, Place};

/// What was read of a page.
#[derive(Default)]
pub(super) struct Layout {
    blocks: Vec<Block>,
    /// Whether text goes on in the last line.
    in_line: bool,
    line_edges: Option<Edges>,
    block_edges: Option<Edges>,
    /// The element of the open word.
    word: Option<Word>,
    /// Whether the open word was taken apart into characters.
    characters: bool,
    /// Whether text outside of words is open.
    loose: bool,
    /// Whether white space or a break came last.
    space: bool,
}

impl Layout {
    pub(super) fn finish(mut self) -> Vec<Block> {
        self.end_word();
        self.blocks
    }

    pub(super) fn begin_block(&mut self, edges: Option<Edges>) {
        self.end_line();
        self.block_edges = edges;
        if self.blocks.last().is_none_or(|block| !block.is_empty()) {
            self.blocks.push(Block::new());
        }
    }

    pub(super) fn end_block(&mut self) {
        self.begin_block(None);
    }

    pub(super) fn begin_line(&mut self, edges: Option<Edges>) {
        self.end_line();
        self.line_edges = edges;
    }

    pub(super) fn end_line(&mut self) {
        self.end_word();
        (self.in_line, self.loose, self.line_edges) = (false, false, None);
    }

    /// The box of the open line, or else of the block.
    pub(super) fn edges(&self) -> Option<Edges> {
        self.line_edges.or(self.block_edges)
    }

    pub(super) fn begin_word(&mut self, word: Word) {
        self.end_word();
        (self.word, self.characters) = (Some(word), false);
    }

    pub(super) fn end_word(&mut self) {
        if let Some(mut word) = self.word.take()
            && !word.text.trim().is_empty()
        {
            // Words are separated whatever stands between their elements, other text is where white space is.
            let after_text = self.loose && !self.space;
            word.glued = after_text && !word.text.starts_with(char::is_whitespace);
            self.space = word.text.ends_with(char::is_whitespace);
            self.loose = false;
            self.push(word);
        }
        self.characters = false;
    }

    /// A character of the open word begins.
    pub(super) fn character(&mut self) {
        self.characters = self.word.is_some();
    }

    /// Whether the open word was taken apart into characters.
    pub(super) fn has_characters(&self) -> bool {
        self.characters
    }

    /// Text in the open word, or outside of words.
    pub(super) fn text(&mut self, text: &str, line: u64) {
        if let Some(word) = &mut self.word {
            word.text.push_str(text);
            return;
        }
        for piece in text.split_inclusive(char::is_whitespace) {
            let bare = piece.trim_end();
            if !bare.is_empty() {
                let last = self.blocks.last_mut().and_then(|block| block.last_mut()).and_then(|line| line.last_mut());
                match last {
                    // A reference divides text that is one.
                    Some(last) if self.in_line && self.loose && !self.space => last.text.push_str(bare),
                    _ => {
                        let glued = self.in_line && !self.space;
                        self.push(Word { line, glued, ..Word::new(bare, Place::boxed(self.edges())) });
                        self.loose = true;
                    }
                }
                self.space = false;
            }
            self.space |= bare.len() < piece.len();
        }
    }

    fn push(&mut self, word: Word) {
        if self.blocks.is_empty() {
            self.blocks.push(Block::new());
        }
        if let Some(block) = self.blocks.last_mut() {
            if !std::mem::replace(&mut self.in_line, true) {
                block.push(Vec::new());
            }
            if let Some(line) = block.last_mut() {
                line.push(word);
            }
        }
    }
}
