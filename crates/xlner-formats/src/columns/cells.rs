//! What a line or a cell of a column file is.

use xlner_core::tags::shape::first_layer;

/// Whether a line holds nothing but spaces and tabs.
pub(crate) fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// Whether a line stands for the start of a document.
pub(crate) fn is_docstart(line: &str) -> bool {
    line.strip_prefix("-DOCSTART-").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Whether an id stands for several words (`3-4`) or none (`5.1`).
pub(crate) fn is_range(id: &str) -> bool {
    id.split_once(['-', '.']).is_some_and(|(a, b)| a.parse::<u32>().is_ok() && b.parse::<u32>().is_ok())
}

/// First and last word of a range (`3-4`).
pub(crate) fn word_range(id: &str) -> Option<(u32, u32)> {
    let (first, last) = id.split_once('-')?;
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last - first < 1000).then_some((first, last))
}

/// Whether a cell is `O`, a prefix (`B`), or a prefix and a label.
pub(crate) fn is_tag(cell: &str) -> bool {
    let cell = cell.trim();
    cell == "O" || is_inside(cell) || first_layer(cell).is_some()
}

/// Whether a tag is not `O`.
pub(super) fn is_inside(tag: &str) -> bool {
    let tag = tag.trim();
    label(tag).is_some() || matches!(tag, "B" | "I" | "E" | "S" | "L" | "U" | "M" | "W")
}

/// Whether a cell says “nothing here” in CoNLL-U and its kin.
pub(crate) fn is_placeholder(cell: &str) -> bool {
    matches!(cell, "_" | "-")
}

/// The label of a tag with a prefix.
pub(super) fn label(tag: &str) -> Option<&str> {
    match tag.as_bytes() {
        [b'B' | b'I' | b'E' | b'S' | b'L' | b'U' | b'M' | b'W', b'-', _, ..] => Some(&tag[2..]),
        _ => None,
    }
}

/// The language that a PAN-X token begins with.
pub(crate) fn lang_of(token: &str) -> Option<&str> {
    let (lang, _) = token.split_once(':')?;
    let letters = lang.bytes().take_while(u8::is_ascii_lowercase).count();
    let fits = (2..=3).contains(&letters) && lang.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    (fits || is_long_code(lang)).then_some(lang)
}

/// The codes of WikiANN that are longer than three letters without a hyphen.
fn is_long_code(lang: &str) -> bool {
    matches!(lang, "simple" | "tarantino")
}
