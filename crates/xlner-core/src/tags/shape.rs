//! How the tags of a file are written: most have the prefix first and a hyphen (`B-PER`), some an underscore or a colon (`B_PER`), or
//! the prefix after the label (`PER-B`). Several tags of one token are separated by bars (`B-ORG|B-LOC`). Outside of entities most have
//! `O`, some [another mark](is_outside_mark).

use std::borrow::Cow;

use super::{Prefix, Tag};

/// How tags are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// `B-PER`.
    #[default]
    Usual,
    /// The prefix, another separator, the label: `B_PER`.
    Separator(char),
    /// The label, a separator, the prefix: `PER-B`.
    Suffix(char),
    /// In small letters: `b-per`, `o`.
    Small,
}

/// What separates prefix and label where it is no hyphen; the last are what word processors make of a hyphen.
const SEPARATORS: [char; 13] =
    ['_', ':', '.', '/', '|', '#', '=', '+', '~', '\u{2010}', '\u{2011}', '\u{2013}', '\u{2014}'];
/// What separates a label from a prefix after it.
const SUFFIX_SEPARATORS: [char; 6] = ['-', '_', ':', '.', '/', '#'];
/// What some tools write for `O`, in any case.
const OUTSIDE_MARKS: [&str; 11] = ["", "_", "-", "*", "0", "o", "out", "outside", "none", "null", "nan"];

impl Shape {
    /// The shape of a file's tags: another one than the usual where all tags but `O` have it, some of which begin an entity, and none has
    /// the usual one.
    pub fn find<'a>(tags: impl Iterator<Item = &'a str> + Clone) -> Shape {
        let others = SEPARATORS.into_iter().map(Shape::Separator);
        let suffixes = SUFFIX_SEPARATORS.into_iter().map(Shape::Suffix);
        others.chain(suffixes).chain([Shape::Small]).find(|shape| shape.fits(tags.clone())).unwrap_or_default()
    }

    fn fits<'a>(self, tags: impl Iterator<Item = &'a str>) -> bool {
        let mut begins = false;
        for tag in tags.filter(|tag| *tag != "O" && !is_outside_mark(tag)) {
            let usual = Tag::with_prefix(tag).is_some_and(|_| tag.len() > 1);
            let Some((prefix, _)) = self.parts(tag).filter(|_| !usual) else { return false };
            begins |= matches!(Prefix::from_byte(prefix), Some(Prefix::B | Prefix::S | Prefix::U));
        }
        begins
    }

    /// Prefix and label of a tag of this shape.
    fn parts(self, tag: &str) -> Option<(u8, &str)> {
        let (prefix, label) = match self {
            Shape::Usual => return None,
            Shape::Small => {
                let (prefix, label) = tag.split_once('-')?;
                let prefix =
                    *prefix.as_bytes().first().filter(|byte| prefix.len() == 1 && byte.is_ascii_lowercase())?;
                let prefix = prefix.to_ascii_uppercase();
                return Prefix::from_byte(prefix).filter(|_| !label.is_empty()).map(|_| (prefix, label));
            }
            Shape::Separator(separator) => tag.split_once(separator)?,
            Shape::Suffix(separator) => tag.rsplit_once(separator).map(|(label, prefix)| (prefix, label))?,
        };
        match prefix.as_bytes() {
            &[prefix] if !label.is_empty() => Prefix::from_byte(prefix).map(|_| (prefix, label)),
            _ => None,
        }
    }

    /// A tag of this shape in the usual one; what is none stays as it is.
    pub fn usual(self, tag: &str) -> Cow<'_, str> {
        if self == Shape::Small && tag == "o" {
            return Cow::Borrowed("O");
        }
        match self.parts(tag) {
            Some((prefix, label)) => Cow::Owned(format!("{}-{label}", char::from(prefix))),
            None => Cow::Borrowed(tag),
        }
    }
}

/// Whether a cell of a column of tags says “outside” with another mark than `O`: `_`, `-`, `0`, `o`, `OUT`, `NONE`, nothing at all.
/// Where tags have prefixes none of these can be one.
pub fn is_outside_mark(tag: &str) -> bool {
    tag != "O" && OUTSIDE_MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(tag))
}

/// What separates several tags of one token.
const BARS: [u8; 7] = *b"|;,+/#&";

/// Whether a tag holds something that may separate it from another.
pub fn has_bar(tag: &str) -> bool {
    tag.bytes().any(|byte| BARS.contains(&byte))
}

/// The first of several tags that are separated by bars, semicolons, commas or the like, and how many of the others are not `O`; `None`
/// for a single tag. A bar between things that are no tags belongs to the label.
pub fn first_layer(tag: &str) -> Option<(&str, usize)> {
    if !has_bar(tag) {
        return None;
    }
    let is_tag = |part: &str| Tag::with_prefix(part).is_some();
    BARS.into_iter().map(char::from).find_map(|bar| {
        let (first, others) = tag.split_once(bar)?;
        (is_tag(first) && others.split(bar).all(is_tag))
            .then(|| (first, others.split(bar).filter(|tag| *tag != "O").count()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(tags: &[&str]) -> Shape {
        Shape::find(tags.iter().copied())
    }

    #[test]
    fn shapes_are_found_in_all_tags_together() {
        assert_eq!(shape(&["O", "B_PER", "I_PER"]), Shape::Separator('_'));
        assert_eq!(shape(&["PER-B", "PER-I", "O", "GPE_LOC-S"]), Shape::Suffix('-'));
        assert_eq!(shape(&["B:PER"]), Shape::Separator(':'));
        assert_eq!(shape(&["LOC_B", "LOC_E"]), Shape::Suffix('_'));
        assert_eq!(shape(&["o", "b-per", "i-per"]), Shape::Small);
        assert_eq!(shape(&["o", "e", "a-b"]), Shape::Usual);
        for separator in SEPARATORS {
            let tags = [format!("B{separator}PER"), "0".into(), format!("I{separator}PER")];
            assert_eq!(Shape::find(tags.iter().map(String::as_str)), Shape::Separator(separator));
        }
        assert_eq!(shape(&["LOC/B", "OUT", "LOC/I"]), Shape::Suffix('/'));
        for usual in [
            &["B-GPE_LOC", "O"][..],
            &["O"],
            &["PER", "LOC"],
            &["B_PER", "B-PER"],
            &["I_ORG"],
            &["B", "I"],
            &["B-S", "I-S"],
            &["S/NP", "N/N"],
        ] {
            assert_eq!(shape(usual), Shape::Usual, "{usual:?}");
        }
    }

    #[test]
    fn tags_get_the_usual_shape() {
        assert_eq!(Shape::Separator('_').usual("B_GPE_LOC"), "B-GPE_LOC");
        assert_eq!(Shape::Suffix('-').usual("GPE-LOC-B"), "B-GPE-LOC");
        assert_eq!(Shape::Suffix('-').usual("O"), "O");
        assert_eq!(["o", "b-per", "i-x-y"].map(|tag| Shape::Small.usual(tag).into_owned()), ["O", "B-per", "I-x-y"]);
        assert_eq!(Shape::Usual.usual("B_PER"), "B_PER");
    }

    #[test]
    fn layers_are_told_from_labels_with_bars() {
        assert_eq!(first_layer("B-ORG|B-LOC"), Some(("B-ORG", 1)));
        assert_eq!(first_layer("O|B-LOC|O"), Some(("O", 1)));
        assert_eq!(first_layer("B-ORG;I-LOC"), Some(("B-ORG", 1)));
        assert_eq!(first_layer("B-ORG,O"), Some(("B-ORG", 0)));
        for bar in BARS.map(char::from) {
            assert_eq!(first_layer(&format!("B-ORG{bar}I-LOC")), Some(("B-ORG", 1)), "{bar}");
        }
        assert_eq!(first_layer("B-R&D|B-LOC"), Some(("B-R&D", 1)));
        assert_eq!(first_layer("B-ORG|LOC"), None);
        assert_eq!(first_layer("B-A,B"), Some(("B-A", 1)));
        assert_eq!(first_layer("B-COM,MERCE"), None);
        assert_eq!(first_layer("B-ORG"), None);
    }
}
