//! Word alignments.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// A link between a source and a target token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Source token.
    pub source: u32,
    /// Target token.
    pub target: u32,
    /// Probability in 0..=1; 1 where none was given.
    pub probability: f64,
}

/// A set of links, ordered by source, then target token; no link twice. Some may be only *possible*, as gold alignments have them:
/// neither right nor wrong. The others are sure.
///
/// JSON: `[[0,0,0.99],[1,1],[2,2,0.97,"p"]]`; a link without a third value has probability 1, one with a fourth, `"p"`, is possible.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alignment {
    links: Vec<Link>,
    /// The tokens of the links that are only possible, in order.
    possible: Vec<(u32, u32)>,
}

impl Alignment {
    /// The given links in order; of a link given twice the more probable stays.
    pub fn new(mut links: Vec<Link>) -> Self {
        let in_order = links.windows(2).all(|pair| (pair[0].source, pair[0].target) < (pair[1].source, pair[1].target));
        if !in_order {
            links.sort_by(|a, b| {
                (a.source, a.target).cmp(&(b.source, b.target)).then(b.probability.total_cmp(&a.probability))
            });
            links.dedup_by_key(|link| (link.source, link.target));
        }
        Alignment { links, possible: Vec::new() }
    }

    /// The given links, of which those between the given tokens are only possible.
    pub fn with_possible(links: Vec<Link>, mut possible: Vec<(u32, u32)>) -> Self {
        let mut alignment = Alignment::new(links);
        possible.retain(|&(source, target)| alignment.contains(source, target));
        possible.sort_unstable();
        possible.dedup();
        alignment.possible = possible;
        alignment
    }

    /// Whether the two tokens are linked by a link that is only possible.
    pub fn is_possible(&self, source: u32, target: u32) -> bool {
        self.possible.binary_search(&(source, target)).is_ok()
    }

    /// Links of probability 1.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        Alignment::new(pairs.into_iter().map(|(source, target)| Link { source, target, probability: 1.0 }).collect())
    }

    /// The links by source, then target token.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Number of links.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether there is no link.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Links of one source token.
    pub fn of_source(&self, source: usize) -> &[Link] {
        let start = self.links.partition_point(|link| (link.source as usize) < source);
        let end = self.links.partition_point(|link| (link.source as usize) <= source);
        &self.links[start..end]
    }

    /// Whether the two tokens are linked.
    pub fn contains(&self, source: u32, target: u32) -> bool {
        self.links.binary_search_by_key(&(source, target), |link| (link.source, link.target)).is_ok()
    }

    /// The links seen from the other side.
    pub fn reversed(&self) -> Alignment {
        let links = self.links.iter().map(|l| Link { source: l.target, target: l.source, ..*l }).collect();
        Alignment::with_possible(links, self.possible.iter().map(|&(source, target)| (target, source)).collect())
    }

    /// Checks that all links lie inside a pair of the given numbers of tokens.
    pub fn validate(&self, source_len: usize, target_len: usize) -> Result<()> {
        for link in &self.links {
            if link.source as usize >= source_len || link.target as usize >= target_len {
                return Err(Error::LinkOutOfRange {
                    from: link.source as usize,
                    to: link.target as usize,
                    source_len,
                    target_len,
                });
            }
        }
        Ok(())
    }

    /// Drops the links outside a pair of the given numbers of tokens and tells how many they were.
    pub fn retain_inside(&mut self, source_len: usize, target_len: usize) -> usize {
        let before = self.links.len();
        let inside = |source: u32, target: u32| (source as usize) < source_len && (target as usize) < target_len;
        self.links.retain(|link| inside(link.source, link.target));
        self.possible.retain(|&(source, target)| inside(source, target));
        before - self.links.len()
    }
}

impl FromIterator<Link> for Alignment {
    fn from_iter<I: IntoIterator<Item = Link>>(links: I) -> Self {
        Alignment::new(links.into_iter().collect())
    }
}

impl Serialize for Alignment {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.links.len()))?;
        for link in &self.links {
            if self.is_possible(link.source, link.target) {
                list.serialize_element(&(link.source, link.target, link.probability, POSSIBLE))?;
            } else if link.probability == 1.0 {
                list.serialize_element(&(link.source, link.target))?;
            } else {
                list.serialize_element(&(link.source, link.target, link.probability))?;
            }
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Alignment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let raw: Vec<RawLink> = Vec::deserialize(deserializer)?;
        let possible = raw.iter().filter(|raw| raw.possible).map(|raw| (raw.link.source, raw.link.target)).collect();
        Ok(Alignment::with_possible(raw.into_iter().map(|raw| raw.link).collect(), possible))
    }
}

/// The fourth value of a link that is only possible.
const POSSIBLE: &str = "p";

/// A link as JSON has it.
struct RawLink {
    link: Link,
    possible: bool,
}

impl<'de> Deserialize<'de> for RawLink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_seq(LinkVisitor)
    }
}

struct LinkVisitor;

impl<'de> Visitor<'de> for LinkVisitor {
    type Value = RawLink;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link: [source, target], [source, target, p] or [source, target, p, \"p\"]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<RawLink, A::Error> {
        let token = |value: f64| {
            (value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value))
                .then_some(value as u32)
                .ok_or_else(|| A::Error::custom(format!("alignment: {value} is not a token index")))
        };
        let missing = || A::Error::custom("alignment: a link is [source, target] or [source, target, p]");
        let source = token(list.next_element()?.ok_or_else(missing)?)?;
        let target = token(list.next_element()?.ok_or_else(missing)?)?;
        let probability: f64 = list.next_element()?.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&probability) {
            return Err(A::Error::custom(format!("alignment: probability {probability} is not between 0 and 1")));
        }
        let possible = match list.next_element::<Mark>()? {
            None => false,
            Some(mark) => mark.possible,
        };
        if list.next_element::<serde::de::IgnoredAny>()?.is_some() {
            return Err(missing());
        }
        Ok(RawLink { link: Link { source, target, probability }, possible })
    }
}

/// `"p"`, or where all values must be numbers (Parquet), 0 for possible and 1 for sure.
struct Mark {
    possible: bool,
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        match (value.as_str(), value.as_f64()) {
            (Some(POSSIBLE), _) | (_, Some(0.0)) => Ok(Mark { possible: true }),
            (_, Some(1.0)) => Ok(Mark { possible: false }),
            _ => Err(D::Error::custom(format!("alignment: {value} is not the mark of a possible link, \"p\""))),
        }
    }
}

/// A gold alignment: sure links, and possible links that are neither right nor wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReferenceAlignment {
    /// Links that must be found.
    pub sure: Alignment,
    /// Links that may be found; every sure link is possible too.
    pub possible: Alignment,
}

impl From<ReferenceAlignment> for Alignment {
    /// All links; those that are not sure are possible.
    fn from(reference: ReferenceAlignment) -> Self {
        let ReferenceAlignment { sure, possible } = reference;
        // Aligners say of no link that it is only possible.
        if sure == possible {
            return sure;
        }
        let only_possible = possible.links.iter().map(|link| (link.source, link.target));
        let only_possible = only_possible.filter(|&(source, target)| !sure.contains(source, target)).collect();
        let links = sure.links.iter().chain(&possible.links).copied();
        // Of a link that both have, the sure one.
        let links: Vec<Link> = links
            .filter(|link| {
                sure.of_source(link.source as usize).iter().find(|s| s.target == link.target).is_none_or(|s| s == link)
            })
            .collect();
        Alignment::with_possible(links, only_possible)
    }
}

impl From<&Alignment> for ReferenceAlignment {
    fn from(alignment: &Alignment) -> Self {
        let sure = alignment.links.iter().filter(|link| !alignment.is_possible(link.source, link.target));
        ReferenceAlignment { sure: sure.copied().collect(), possible: Alignment::new(alignment.links.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_ordered_and_unique() {
        let link = |source, target, probability| Link { source, target, probability };
        let alignment = Alignment::new(vec![link(1, 0, 1.0), link(0, 1, 0.2), link(0, 1, 0.7)]);
        assert_eq!(alignment.links(), [link(0, 1, 0.7), link(1, 0, 1.0)]);
        assert_eq!(alignment.of_source(0).len(), 1);
        assert!(alignment.contains(1, 0) && !alignment.contains(1, 1));
        assert_eq!(alignment.reversed().reversed(), alignment);
    }

    #[test]
    fn json_round_trip() {
        let json = "[[0,0,0.99],[1,1]]";
        let alignment: Alignment = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&alignment).unwrap(), json);
        let bad = [
            "[[0]]",
            "[[0,-1]]",
            "[[0,1.5]]",
            "[[0,1,2.0]]",
            "[[0,1,0.5,\"q\"]]",
            "[[0,1,1,\"p\",1]]",
            "[[0,1,\"p\"]]",
        ];
        for bad in bad {
            assert!(serde_json::from_str::<Alignment>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn possible_links_stay_possible() {
        let json = r#"[[0,0],[1,2,0.5,"p"],[2,1,1.0,"p"]]"#;
        let alignment: Alignment = serde_json::from_str(json).unwrap();
        assert!(alignment.is_possible(1, 2) && !alignment.is_possible(0, 0));
        assert_eq!(serde_json::to_string(&alignment).unwrap(), json);
        assert_eq!(alignment.reversed().reversed(), alignment);
        assert!(alignment.reversed().is_possible(2, 1));
        assert_eq!(Alignment::from(ReferenceAlignment::from(&alignment)), alignment);
        assert_eq!(serde_json::from_str::<Alignment>("[[0,0,1,1],[1,2,0.5,0],[2,1,1,0]]").unwrap(), alignment);
        let mut inside = alignment;
        assert_eq!(inside.retain_inside(2, 2), 2);
        assert_eq!(inside, Alignment::from_pairs([(0, 0)]));
    }

    #[test]
    fn a_link_that_is_sure_and_possible_is_sure() {
        let reference = ReferenceAlignment {
            sure: Alignment::from_pairs([(0, 0)]),
            possible: Alignment::from_pairs([(0, 0), (0, 1)]),
        };
        let alignment = Alignment::from(reference.clone());
        assert_eq!(ReferenceAlignment::from(&alignment), reference);
        assert!(!alignment.is_possible(0, 0) && alignment.is_possible(0, 1));
    }
}
