//! Word alignments.

use serde::de::Error as _;
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

/// A set of links, ordered by source, then target token; no link twice.
///
/// JSON: `[[0,0,0.99],[1,1]]`; a link without a third value has probability 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alignment {
    links: Vec<Link>,
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
        Alignment { links }
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
        Alignment::new(self.links.iter().map(|l| Link { source: l.target, target: l.source, ..*l }).collect())
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
        self.links.retain(|link| (link.source as usize) < source_len && (link.target as usize) < target_len);
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
            if link.probability == 1.0 {
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
        let raw: Vec<Vec<f64>> = Vec::deserialize(deserializer)?;
        let token = |value: f64| {
            (value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value))
                .then_some(value as u32)
                .ok_or_else(|| D::Error::custom(format!("alignment: {value} is not a token index")))
        };
        let mut links = Vec::with_capacity(raw.len());
        for link in raw {
            let (&[source, target], probability) = match link.as_slice() {
                [s, t] => (&[*s, *t], 1.0),
                [s, t, p] if (0.0..=1.0).contains(p) => (&[*s, *t], *p),
                [_, _, p] => {
                    return Err(D::Error::custom(format!("alignment: probability {p} is not between 0 and 1")));
                }
                _ => return Err(D::Error::custom("alignment: a link is [source, target] or [source, target, p]")),
            };
            links.push(Link { source: token(source)?, target: token(target)?, probability });
        }
        Ok(Alignment::new(links))
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
        for bad in ["[[0]]", "[[0,-1]]", "[[0,1.5]]", "[[0,1,2.0]]"] {
            assert!(serde_json::from_str::<Alignment>(bad).is_err(), "{bad}");
        }
    }
}
