//! From tags to entities.

use xlner_core::tags::{Prefix, Scheme};

use crate::vocabulary::{Row, TagId, Vocabulary};

/// An entity: half-open token range and label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) label: u32,
}

/// Replaces `chunks` by the entities of a tag sequence, in order, and returns the number of tags that were repaired, by the
/// scheme of their file (0 in strict mode, which repairs nothing).
pub(crate) fn read(tags: &[TagId], vocabulary: &Vocabulary, file: Scheme, chunks: &mut Vec<Chunk>) -> u64 {
    chunks.clear();
    match vocabulary.strict() {
        Some(scheme) => {
            strict(tags, vocabulary, scheme, chunks);
            0
        }
        None => {
            lenient(tags, vocabulary, chunks);
            misfits(tags, vocabulary, file, chunks)
        }
    }
}

/// The rule of [`xlner_core::tags`].
fn lenient(tags: &[TagId], vocabulary: &Vocabulary, chunks: &mut Vec<Chunk>) {
    let mut before = Row::OUTSIDE;
    for (token, &tag) in tags.iter().enumerate() {
        if tag == TagId::OUTSIDE {
            before = Row::OUTSIDE;
            continue;
        }
        let row = vocabulary.row(tag);
        let token = token as u32;
        match chunks.last_mut() {
            Some(chunk) if !row.prefix.begins(before.prefix, row.label == before.label) => chunk.end = token + 1,
            _ => chunks.push(Chunk { start: token, end: token + 1, label: row.label }),
        }
        before = row;
    }
}

/// Tags of the chunks with another prefix than the scheme writes.
fn misfits(tags: &[TagId], vocabulary: &Vocabulary, scheme: Scheme, chunks: &[Chunk]) -> u64 {
    let touch = |a: &Chunk, b: &Chunk| a.end == b.start && a.label == b.label;
    let mut count = 0;
    for (index, chunk) in chunks.iter().enumerate() {
        let before = index > 0 && touch(&chunks[index - 1], chunk);
        let after = chunks.get(index + 1).is_some_and(|next| touch(chunk, next));
        for token in chunk.start..chunk.end {
            let prefix = scheme.prefix(token == chunk.start, token + 1 == chunk.end, before, after);
            count += u64::from(vocabulary.row(tags[token as usize]).prefix != prefix);
        }
    }
    count
}

/// `Tokens.entities` of `seqeval` 1.2.2 (`seqeval/scheme.py`): from every token that may start an entity go on as long as the tokens
/// may be inside; the entity counts if what comes next may end it. Its patterns are kept as they are.
fn strict(tags: &[TagId], vocabulary: &Vocabulary, scheme: Scheme, chunks: &mut Vec<Chunk>) {
    let row = |token: usize| tags.get(token).map_or(Row::OUTSIDE, |&tag| vocabulary.row(tag));
    let mut token = 0;
    let mut before = Row::OUTSIDE;
    while token < tags.len() {
        let first = row(token);
        if !starts(scheme, before, first) {
            before = first;
            token += 1;
            continue;
        }
        let (mut last, mut end) = (first, token + 1);
        while continues(scheme, last, row(end)) {
            last = row(end);
            end += 1;
        }
        if ends(scheme, last, row(end)) {
            chunks.push(Chunk { start: token as u32, end: end as u32, label: first.label });
        }
        (before, token) = (last, end);
    }
}

/// `start_patterns`.
fn starts(scheme: Scheme, before: Row, row: Row) -> bool {
    use Prefix::{B, E, I, O, S, U};
    let pattern = (before.prefix, row.prefix, before.label == row.label);
    match scheme {
        Scheme::Iob1 => matches!(pattern, (O | B, I, _) | (I, I, false) | (I | B, B, true)),
        Scheme::Ioe1 => matches!(pattern, (O | E, I, _) | (I, I, false) | (E, E, true)),
        Scheme::Iob2 => row.prefix == B,
        Scheme::Ioe2 => matches!(pattern, (O | E, I | E, _) | (I, I | E, false)),
        Scheme::Iobes => matches!(row.prefix, B | S),
        Scheme::Bilou => matches!(row.prefix, B | U),
        // Not a scheme of seqeval: a tag of another label begins.
        Scheme::Io => row.prefix == I && (before.prefix == O || before.label != row.label),
    }
}

/// `inside_patterns`.
fn continues(scheme: Scheme, before: Row, row: Row) -> bool {
    use Prefix::{B, E, I, L};
    before.label == row.label
        && match scheme {
            Scheme::Iob1 | Scheme::Iob2 => matches!((before.prefix, row.prefix), (B | I, I)),
            Scheme::Ioe1 | Scheme::Ioe2 => matches!((before.prefix, row.prefix), (I, I | E)),
            Scheme::Iobes => matches!((before.prefix, row.prefix), (B | I, I | E)),
            Scheme::Bilou => matches!((before.prefix, row.prefix), (B | I, I | L)),
            Scheme::Io => matches!((before.prefix, row.prefix), (I, I)),
        }
}

/// `end_patterns`: `last` is the last token of the entity, `next` what follows.
fn ends(scheme: Scheme, last: Row, next: Row) -> bool {
    use Prefix::{B, E, I, L, O, S, U};
    let pattern = (last.prefix, next.prefix, last.label == next.label);
    match scheme {
        Scheme::Iob1 => matches!(pattern, (I | B, I, false) | (I | B, O, _) | (I, B, _) | (B, B, true)),
        Scheme::Ioe1 => matches!(pattern, (I, I | E, false) | (I, O, _) | (E, I | E, true)),
        Scheme::Iob2 => matches!(pattern, (I | B, O | B, _) | (I | B, I, false)),
        Scheme::Ioe2 => last.prefix == E,
        Scheme::Iobes => matches!(last.prefix, S | E),
        Scheme::Bilou => matches!(last.prefix, U | L),
        Scheme::Io => true,
    }
}
