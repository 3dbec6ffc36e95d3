//! Shards: a part of the work for each of several processes or machines.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Part `index` of `count`, written `3/8`, counted from 1. Windows are dealt out in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// Everything: `1/1`.
    pub const WHOLE: Shard = Shard { index: 1, count: 1 };

    /// Whether a window, counted from 0, is of this shard.
    pub(crate) fn has(self, window: u64) -> bool {
        window % self.count == self.index - 1
    }
}

impl Default for Shard {
    fn default() -> Self {
        Shard::WHOLE
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Shard { index, count }),
            _ => Err(Error::Options(format!("“{text}” is not a shard; write 3/8 for the third of eight"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_the_windows_out() {
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].map(|text| text.parse().unwrap()).into();
        for window in 0..10 {
            assert_eq!(shards.iter().filter(|shard| shard.has(window)).count(), 1);
        }
        assert_eq!("3/8".parse::<Shard>().unwrap().to_string(), "3/8");
        for bad in ["", "3", "0/8", "9/8", "1/0", "a/b", "-1/2"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
