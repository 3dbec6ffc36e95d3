//! Tag sequences: the schemes, how they are read and written.
//!
//! A tag is `O`, or a prefix (`B`, `I`, `E`, `S`; BILOU: `L` and `U` for `E` and `S`), a hyphen and a label. The first hyphen
//! separates, so labels may hold hyphens. A prefix alone (`B`) has the label `_`. Scheme IO also knows labels without prefix.
//! `M` is read as `I` (BMES, BMEOW), `W` as `S` (BMEOW). Files that write tags otherwise (`B_PER`, `PER-B`) have another [`shape`].
//!
//! | scheme | `New York` `Berlin` beside each other, then `Rome` alone | marks |
//! |---|---|---|
//! | IOB1 | `I I` `B` `O` `I` | the first token where the entity before it touches it and has its label |
//! | IOB2 | `B I` `B` `O` `B` | every first token |
//! | IOE1 | `I E` `I` `O` `I` | the last token where the entity after it touches it and has its label |
//! | IOE2 | `I E` `E` `O` `E` | every last token |
//! | IOBES | `B E` `S` `O` `S` | first and last tokens, single tokens |
//! | BILOU | `B L` `U` `O` `U` | the same with other letters |
//! | IO | `I I` `I` `O` `I` | nothing: entities that touch and have one label become one |
//!
//! **Reading.** One rule reads every scheme, that of `conlleval` (Tjong Kim Sang and Buchholz 2000) and of `seqeval`'s default
//! mode: a tag that is not `O` begins an entity where it is `B`, `S`, `U`, or follows `O`, `E`, `S`, `L`, `U`, or a tag of another label;
//! otherwise it continues the entity before it. Well-formed sequences of every scheme are read as they are meant by it,
//! and malformed ones without loss of a token. (`seqeval` does not know `L` and `U` in its default mode.)

use std::fmt;
use std::str::FromStr;

use crate::{Entity, Error, Result, Span};

pub mod shape;
#[cfg(test)]
mod tests;

/// The label of a tag that is a prefix only.
const NO_LABEL: &str = "_";

/// A tag scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `B` only where two entities of one label touch.
    Iob1,
    /// `B` at every start (also called BIO).
    Iob2,
    /// `E` only where two entities of one label touch.
    Ioe1,
    /// `E` at every end.
    Ioe2,
    /// `B`, `E`, and `S` for single tokens.
    Iobes,
    /// `B`, `L`, and `U` for single tokens.
    Bilou,
    /// `I` everywhere, or the label without prefix.
    Io,
}

impl Scheme {
    /// All schemes. [`detect`] prefers the earlier where several fit equally well.
    pub const ALL: [Scheme; 7] =
        [Scheme::Iob2, Scheme::Iobes, Scheme::Bilou, Scheme::Ioe2, Scheme::Iob1, Scheme::Ioe1, Scheme::Io];

    /// The name: `iob1`, `iob2`, `ioe1`, `ioe2`, `iobes`, `bilou`, `io`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scheme::Iob1 => "iob1",
            Scheme::Iob2 => "iob2",
            Scheme::Ioe1 => "ioe1",
            Scheme::Ioe2 => "ioe2",
            Scheme::Iobes => "iobes",
            Scheme::Bilou => "bilou",
            Scheme::Io => "io",
        }
    }

    /// Whether a well-formed sequence may hold the prefix.
    pub const fn allows(self, prefix: Prefix) -> bool {
        use Prefix::{B, E, I, L, O, S, U};
        match self {
            Scheme::Iob1 | Scheme::Iob2 => matches!(prefix, O | B | I),
            Scheme::Ioe1 | Scheme::Ioe2 => matches!(prefix, O | I | E),
            Scheme::Iobes => matches!(prefix, O | B | I | E | S),
            Scheme::Bilou => matches!(prefix, O | B | I | L | U),
            Scheme::Io => matches!(prefix, O | I),
        }
    }

    /// The prefix of a token of an entity: whether it is its first and its last token, and whether another entity of its
    /// label touches the entity before and after.
    pub const fn prefix(self, first: bool, last: bool, touches_before: bool, touches_behind: bool) -> Prefix {
        match self {
            Scheme::Iob1 if first && touches_before => Prefix::B,
            Scheme::Iob2 if first => Prefix::B,
            Scheme::Ioe1 if last && touches_behind => Prefix::E,
            Scheme::Ioe2 if last => Prefix::E,
            Scheme::Iobes if first && last => Prefix::S,
            Scheme::Bilou if first && last => Prefix::U,
            Scheme::Iobes | Scheme::Bilou if first => Prefix::B,
            Scheme::Iobes if last => Prefix::E,
            Scheme::Bilou if last => Prefix::L,
            _ => Prefix::I,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scheme {
    type Err = Error;

    /// Reads the name in any case; `bio` is IOB2, `bioes`, `bmes` and `bmeow` are IOBES, `bilou` also `bioul`.
    fn from_str(name: &str) -> Result<Self> {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "bio" => Ok(Scheme::Iob2),
            "bioes" | "bmes" | "bmeow" => Ok(Scheme::Iobes),
            "bioul" => Ok(Scheme::Bilou),
            _ => Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == lower).ok_or_else(|| {
                Error::Invalid(format!(
                    "“{name}” is not a tag scheme; known: iob1, iob2 (bio), ioe1, ioe2, iobes (bioes, bmes, bmeow), bilou, io"
                ))
            }),
        }
    }
}

/// The first letter of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// Outside of entities.
    O,
    /// First token.
    B,
    /// Any token.
    I,
    /// Last token.
    E,
    /// Only token.
    S,
    /// Last token (BILOU).
    L,
    /// Only token (BILOU).
    U,
}

impl Prefix {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            b'B' => Prefix::B,
            b'I' | b'M' => Prefix::I,
            b'E' => Prefix::E,
            b'S' | b'W' => Prefix::S,
            b'L' => Prefix::L,
            b'U' => Prefix::U,
            _ => return None,
        })
    }

    /// The letter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Prefix::O => "O",
            Prefix::B => "B",
            Prefix::I => "I",
            Prefix::E => "E",
            Prefix::S => "S",
            Prefix::L => "L",
            Prefix::U => "U",
        }
    }

    /// Whether a tag of this prefix begins an entity after a tag of prefix `before` (`O` at the start of a sentence): the
    /// rule of the [module](self). An entity ends where the next tag is `O` or begins one.
    pub const fn begins(self, before: Prefix, same_label: bool) -> bool {
        use Prefix::{B, E, L, O, S, U};
        !matches!(self, O) && (!same_label || matches!(self, B | S | U) || matches!(before, O | E | S | L | U))
    }
}

/// A tag taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag<'a> {
    /// Its prefix.
    pub prefix: Prefix,
    /// Its label; empty for `O`.
    pub label: &'a str,
}

impl<'a> Tag<'a> {
    /// `O`.
    pub const OUTSIDE: Tag<'static> = Tag { prefix: Prefix::O, label: "" };

    /// Takes a tag apart. Every prefix is understood in every scheme; a label without prefix in IO only, where it is `I`.
    ///
    /// # Errors
    /// [`Error::BadTag`] where it is not a tag.
    pub fn parse(tag: &'a str, scheme: Scheme) -> Result<Tag<'a>> {
        match Tag::with_prefix(tag) {
            Some(parsed) => Ok(parsed),
            // `X-PER` is no label, but a tag gone wrong.
            None if scheme == Scheme::Io
                && !tag.is_empty()
                && !matches!(tag.as_bytes(), [b'A'..=b'Z', b'-', _, ..]) =>
            {
                Ok(Tag { prefix: Prefix::I, label: tag })
            }
            None => Err(Error::BadTag { tag: tag.to_owned() }),
        }
    }

    fn with_prefix(tag: &'a str) -> Option<Tag<'a>> {
        if tag == "O" {
            return Some(Tag::OUTSIDE);
        }
        let prefix = Prefix::from_byte(*tag.as_bytes().first()?)?;
        match tag[1..].strip_prefix('-') {
            Some("") => Some(Tag { prefix, label: NO_LABEL }),
            Some(label) => (label.trim() == label).then_some(Tag { prefix, label }),
            None => (tag.len() == 1).then_some(Tag { prefix, label: NO_LABEL }),
        }
    }
}

impl fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix {
            Prefix::O => f.write_str("O"),
            prefix => write!(f, "{}-{}", prefix.as_str(), self.label),
        }
    }
}

/// What a tag sequence says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// Its entities, in order; they do not overlap.
    pub entities: Vec<Entity>,
    /// Tags that the scheme would have written with another prefix for these entities; 0 for a well-formed sequence.
    pub repaired: usize,
}

/// The entities of a tag sequence, read by the rule of the [module](self).
///
/// ```
/// use xlner_core::tags::{Scheme, decode};
///
/// let decoded = decode(&["O", "I-PER", "I-PER", "B-LOC"], Scheme::Iob2).unwrap();
/// let found: Vec<_> = decoded.entities.iter().map(|e| (e.label.as_str(), e.span.range())).collect();
/// assert_eq!(found, [("PER", 1..3), ("LOC", 3..4)]);
/// assert_eq!(decoded.repaired, 1); // the first `I-PER`
/// ```
///
/// # Errors
/// [`Error::BadTag`] where something is not a tag.
pub fn decode<S: AsRef<str>>(tags: &[S], scheme: Scheme) -> Result<Decoded> {
    // Many sentences have no entity.
    if tags.iter().all(|tag| tag.as_ref() == "O") {
        return Ok(Decoded::default());
    }
    let tags: Vec<Tag> = tags.iter().map(|tag| Tag::parse(tag.as_ref(), scheme)).collect::<Result<_>>()?;
    let spans = spans(&tags);
    let repaired = misfits(&tags, &spans, scheme);
    let entities = spans.into_iter().map(|(span, label)| Entity::new(span, label)).collect();
    Ok(Decoded { entities, repaired })
}

/// Writes entities, in any order, as the tags of a sentence of `len` tokens.
///
/// [`decode`] gives the same entities back (their spans and labels, in order), except for scheme IO, which cannot separate entities that
/// touch and have one label.
///
/// # Errors
/// [`Error::SpanOutOfRange`]; [`Error::Overlap`]; [`Error::Invalid`] for an empty label.
pub fn encode(len: usize, entities: &[Entity], scheme: Scheme) -> Result<Vec<String>> {
    let mut order: Vec<&Entity> = entities.iter().collect();
    order.sort_by_key(|entity| entity.span);
    for entity in &order {
        let Span { start, end } = entity.span;
        if entity.span.is_empty() || end > len {
            return Err(Error::SpanOutOfRange { start, end, len });
        }
        if entity.label.is_empty() {
            return Err(Error::Invalid(format!("entity {}: its label is empty", entity.span)));
        }
    }
    if let Some(pair) = order.windows(2).find(|pair| pair[0].span.overlaps(pair[1].span)) {
        let name = |entity: &Entity| format!("{} ({})", entity.span, entity.label);
        return Err(Error::Overlap(name(pair[0]), name(pair[1])));
    }
    let spans: Vec<(Span, &str)> = order.iter().map(|entity| (entity.span, entity.label.as_str())).collect();
    let mut tags = vec!["O".to_owned(); len];
    each_prefix(&spans, scheme, |token, prefix, label| tags[token] = Tag { prefix, label }.to_string());
    Ok(tags)
}

/// Rewrites a tag sequence in another scheme: [`decode`], then [`encode`].
///
/// # Errors
/// [`Error::BadTag`] where something is not a tag.
pub fn convert<S: AsRef<str>>(tags: &[S], from: Scheme, to: Scheme) -> Result<Vec<String>> {
    encode(tags.len(), &decode(tags, from)?.entities, to)
}

/// The scheme that fits best: IO where most tags of entities are labels without prefix, else the scheme in which the fewest tags
/// have to be repaired ([`Decoded::repaired`]), of equal ones the first in [`Scheme::ALL`]. IOB2 where there are no entities.
pub fn detect<'a, S: AsRef<str> + 'a>(sequences: impl IntoIterator<Item = &'a [S]>) -> Scheme {
    let mut repairs = [0; Scheme::ALL.len()];
    let (mut with_prefix, mut bare) = (0, 0);
    let mut tags = Vec::new();
    for sequence in sequences {
        tags.clear();
        for tag in sequence.iter().map(AsRef::as_ref) {
            let parsed = Tag::with_prefix(tag);
            bare += usize::from(parsed.is_none());
            with_prefix += usize::from(parsed.is_some_and(|parsed| parsed.prefix != Prefix::O));
            tags.push(parsed.unwrap_or(Tag { prefix: Prefix::I, label: tag }));
        }
        let spans = spans(&tags);
        if spans.is_empty() {
            continue;
        }
        for (count, scheme) in repairs.iter_mut().zip(Scheme::ALL) {
            *count += misfits(&tags, &spans, scheme);
        }
    }
    if bare > with_prefix {
        return Scheme::Io;
    }
    let best = (0..repairs.len()).min_by_key(|&index| repairs[index]).unwrap_or(0);
    Scheme::ALL[best]
}

/// Spans and labels of the entities.
fn spans<'a>(tags: &[Tag<'a>]) -> Vec<(Span, &'a str)> {
    let mut spans: Vec<(Span, &str)> = Vec::new();
    let mut before = Tag::OUTSIDE;
    for (token, &tag) in tags.iter().enumerate() {
        if tag.prefix.begins(before.prefix, tag.label == before.label) {
            spans.push((Span::new(token, token + 1), tag.label));
        } else if tag.prefix != Prefix::O
            && let Some((span, _)) = spans.last_mut()
        {
            span.end = token + 1;
        }
        before = tag;
    }
    spans
}

/// Tags whose prefix is not the one that the scheme writes.
fn misfits(tags: &[Tag], spans: &[(Span, &str)], scheme: Scheme) -> usize {
    let mut count = 0;
    each_prefix(spans, scheme, |token, prefix, _| count += usize::from(tags[token].prefix != prefix));
    count
}

/// Visits the tokens of ordered spans that do not overlap, with the prefix the scheme writes.
fn each_prefix<'a>(spans: &[(Span, &'a str)], scheme: Scheme, mut visit: impl FnMut(usize, Prefix, &'a str)) {
    let touch = |a: Option<&(Span, &str)>, b: Option<&(Span, &str)>| match (a, b) {
        (Some(a), Some(b)) => a.0.end == b.0.start && a.1 == b.1,
        _ => false,
    };
    for (index, current) in spans.iter().enumerate() {
        let (span, label) = *current;
        let before = touch(index.checked_sub(1).map(|before| &spans[before]), Some(current));
        let behind = touch(Some(current), spans.get(index + 1));
        for token in span.range() {
            visit(token, scheme.prefix(token == span.start, token + 1 == span.end, before, behind), label);
        }
    }
}
