//! Which column holds what.

/// What separates columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// Every tab.
    Tab,
    /// Every run of spaces and tabs. Other white space, such as the no-break space, is part of a token.
    Spaces,
}

impl Separator {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Separator::Tab => "tabs",
            Separator::Spaces => "spaces",
        }
    }

    /// The columns of a line.
    pub(super) fn split(self, line: &str) -> Vec<&str> {
        match self {
            Separator::Tab => line.split('\t').collect(),
            Separator::Spaces => line.split([' ', '\t']).filter(|cell| !cell.is_empty()).collect(),
        }
    }
}

/// Where the tag of a token stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagCell {
    /// No tags are wanted.
    None,
    /// A column of its own.
    Column(usize),
    /// The value of a key in MISC.
    Misc {
        /// The column.
        column: usize,
        /// The key.
        key: String,
    },
}

impl Layout {
    /// The columns of CoNLL-U, without tags.
    pub(crate) fn of_conllu() -> Layout {
        Layout {
            separator: Separator::Tab,
            columns: 10,
            token: 1,
            tag: TagCell::None,
            ids: true,
            conllu: true,
            hipe: false,
            uner: false,
            lang_prefix: false,
            blank_is_outside: false,
            header: false,
            sentence: None,
            misc: Some(9),
            unread: (0, 0),
            plain: false,
        }
    }
}

/// Which column holds what; columns count from 0 here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) separator: Separator,
    /// Columns of every line.
    pub(crate) columns: usize,
    pub(crate) token: usize,
    pub(crate) tag: TagCell,
    /// The first column numbers the tokens; multi-word tokens (`3-4`) and empty nodes (`5.1`) are no tokens.
    pub(crate) ids: bool,
    /// The ten columns of CoNLL-U.
    pub(crate) conllu: bool,
    /// HIPE: flags in MISC say where a sentence ends and where no space follows.
    pub(crate) hipe: bool,
    /// The five columns of Universal NER: number, token, tag, and two about who annotated it.
    pub(crate) uner: bool,
    /// Tokens begin with a language and a colon (PAN-X).
    pub(crate) lang_prefix: bool,
    /// `_` and `-` stand for `O`.
    pub(crate) blank_is_outside: bool,
    /// The first line names the columns.
    pub(crate) header: bool,
    /// The column that numbers the sentences, where the header names one: each begins where it holds another value.
    pub(crate) sentence: Option<usize>,
    /// The column of MISC, for `SpaceAfter=No`.
    pub(crate) misc: Option<usize>,
    /// Columns that hold something and are not read, and the line of the first row.
    pub(crate) unread: (usize, u64),
    /// Token and tag are the only columns and stand in them as they are.
    pub(crate) plain: bool,
}
