//! Whether the sides of pairs are translations of each other: a sign of files that are shifted, shuffled or of another text.
//!
//! Translations have like lengths and share names, numbers and marks. So a target is compared with those of its neighbours: of
//! translations nine in ten are more like their source than a neighbour's is, of other sentences every second one. No aligner can
//! be asked: it has learnt the pairs at hand by heart, and is as sure of wrong ones.

use std::collections::HashMap;
use std::path::Path;

use xlner_core::Pair;
use xlner_core::text::fold;
use xlner_formats::{NoteKind, Place, ReadOptions};

use crate::Result;

/// Files whose sides do not belong together.
pub(crate) const UNLIKE: NoteKind = NoteKind::new(
    "unlike-sides",
    "pairs whose sides do not look like translations of each other (is the target shifted by a line, shuffled, or another text?)",
);

/// One file given as both sides, or translations that are none.
const SAME: NoteKind = NoteKind::new(
    "same-sides",
    "pairs whose sides are the same text, most of all (is the target the file of translations?)",
);

/// Pairs that are compared with each other.
const PART: usize = 100;
/// Which neighbours, on either side. The next is left out: it often goes on with the same names.
const NEIGHBOURS: [usize; 4] = [2, 3, 5, 7];
/// Comparisons that are closer say nothing.
const CLEAR: f64 = 0.2;
/// The least share of clear comparisons that translations win: on 58 bitexts of up to 1,000 pairs 0.75 to 1 (0.75 to 0.8 where sentences are sorted
/// by length, else above 0.85), and 0.37 to 0.65 with the target moved by a line or shuffled.
const LEAST: f64 = 0.7;
/// The least share in a part; of a part of translations 0.6 and more, but for the worst.
const LEAST_OF_PART: f64 = 0.55;
/// Pairs, and clear comparisons, that must be there before a share says something.
const ENOUGH: (usize, u32) = (20, 60);

/// Watches pairs, the next in order.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    part: Vec<Looks>,
    /// Pairs with two sides so far.
    seen: usize,
    /// Those of them that were looked at.
    pairs: usize,
    whole: Share,
    /// Pairs of the same text on both sides, and the number of the first.
    same: (usize, u64),
    /// Pairs in parts with too small a share, and the number of the first.
    bad: Option<(usize, u64)>,
    first: u64,
}

/// What is compared.
#[derive(Debug)]
struct Looks {
    /// Number of the pair.
    number: u64,
    /// Logarithms of the lengths of source and target.
    lengths: [f64; 2],
    /// Beginnings of longer words, whole numbers, marks, of source and target; sorted, each once.
    keys: [Vec<String>; 2],
}

/// Clear comparisons, and those that the translation won.
#[derive(Debug, Default, Clone, Copy)]
struct Share {
    compared: u32,
    won: u32,
}

impl Share {
    fn is_below(self, least: f64) -> bool {
        f64::from(self.won) < least * f64::from(self.compared)
    }
}

impl Sides {
    /// Looks at a pair, by its number; one with an empty side says nothing.
    pub fn add(&mut self, pair: &Pair, number: u64) {
        let texts = [pair.source.text(), pair.target.text()];
        if texts.iter().any(|text| text.trim().is_empty()) {
            return;
        }
        self.seen += 1;
        if !is_watched((self.seen - 1) / PART) {
            return;
        }
        self.pairs += 1;
        self.first = if self.pairs == 1 { number } else { self.first };
        if is_same(texts[0], texts[1]) {
            self.same = (self.same.0 + 1, if self.same.0 == 0 { number } else { self.same.1 });
        }
        let lengths = texts.map(|text| (text.chars().count() as f64 + 5.0).ln());
        self.part.push(Looks { number, lengths, keys: texts.map(keys) });
        if self.part.len() == PART {
            self.judge();
        }
    }

    /// Notes what there is to note, at the end.
    ///
    /// # Errors
    /// Where the options say strict.
    pub fn tell(&mut self, options: &ReadOptions, file: &Path) -> Result<()> {
        self.judge();
        if self.pairs >= ENOUGH.0 && 2 * self.same.0 > self.pairs {
            let first = Place::file(file).record(format!("pair {}", self.same.1));
            options.note(SAME, self.same.0 as u64, &first)?;
        }
        let enough = self.pairs >= ENOUGH.0 && self.whole.compared >= ENOUGH.1;
        let (count, first) = match self.bad {
            _ if enough && self.whole.is_below(LEAST) => (self.pairs, self.first),
            Some(bad) => bad,
            None => return Ok(()),
        };
        Ok(options.note(UNLIKE, count as u64, &Place::file(file).record(format!("pair {first}")))?)
    }

    fn judge(&mut self) {
        let part = std::mem::take(&mut self.part);
        let share = share(&part);
        self.whole.compared += share.compared;
        self.whole.won += share.won;
        if part.len() == PART && share.compared >= ENOUGH.1 && share.is_below(LEAST_OF_PART) {
            let (count, _) = self.bad.get_or_insert((0, part[0].number));
            *count += part.len();
        }
    }
}

/// Whether a part is looked at, by its number: the farther on, the fewer are, so that a long text is read as fast as without. What is
/// shifted from some place on is seen where it lasts for a tenth of what comes before it.
fn is_watched(part: usize) -> bool {
    part.is_multiple_of(1 << (part / 10).max(1).ilog2())
}

/// How often a target is clearly more like its source than a neighbour is.
fn share(part: &[Looks]) -> Share {
    let mut share = Share::default();
    let count = part.len();
    if count <= 2 * NEIGHBOURS[3] {
        return share;
    }
    let mut ratios: Vec<f64> = part.iter().map(|looks| looks.lengths[1] - looks.lengths[0]).collect();
    ratios.sort_by(f64::total_cmp);
    let usual = ratios[count / 2];
    let mut known: HashMap<&str, u32> = HashMap::new();
    for key in part.iter().flat_map(|looks| &looks.keys[1]) {
        *known.entry(key).or_default() += 1;
    }
    // Lengths in logarithms, and for each thing shared the more the rarer it is. Of bitexts that were looked at, no weight was fitted.
    let likeness = |source: &Looks, target: &Looks| {
        let shared = source.keys[0].iter().filter(|key| target.keys[1].binary_search(key).is_ok());
        let shared: f64 = shared.map(|key| (count as f64 / f64::from(known[key.as_str()]) + 1.0).ln()).sum();
        0.3 * shared - (target.lengths[1] - source.lengths[0] - usual).abs()
    };
    for (at, one) in part.iter().enumerate() {
        let own = likeness(one, one);
        for offset in NEIGHBOURS.into_iter().flat_map(|offset| [offset, count - offset]) {
            let other = &part[(at + offset) % count];
            if (0..2).any(|side| other.keys[side] == one.keys[side] && other.lengths[side] == one.lengths[side]) {
                continue;
            }
            let lead = own - likeness(one, other);
            share.compared += u32::from(lead.abs() > CLEAR);
            share.won += u32::from(lead > CLEAR);
        }
    }
    share
}

/// Whether two texts are the same but for white space.
fn is_same(a: &str, b: &str) -> bool {
    a.chars().filter(|c| !c.is_whitespace()).eq(b.chars().filter(|c| !c.is_whitespace()))
}

/// What a text may share with its translation, in Latin letters: the first four letters of longer words, numbers, marks.
fn keys(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for run in text.split(char::is_whitespace) {
        for word in run.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let mut key = fold(word);
            let number = key.bytes().any(|byte| byte.is_ascii_digit());
            if number || key.len() >= 4 {
                key.truncate(key.char_indices().nth(if number { 12 } else { 4 }).map_or(key.len(), |(at, _)| at));
                keys.push(key);
            }
        }
        keys.extend(run.chars().filter(|c| !c.is_alphanumeric()).map(String::from));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use xlner_core::Sentence;
    use xlner_formats::Notes;

    use super::*;

    const NAMES: [&str; 12] = [
        "Nairobi", "Mombasa", "Kampala", "Dakar", "Lagos", "Accra", "Kigali", "Harare", "Lusaka", "Maputo", "Luanda",
        "Tunis",
    ];

    /// Sentences that differ in length and names, and their translations.
    fn text(count: usize) -> (Vec<String>, Vec<String>) {
        let mut state = 1_u32;
        let mut draw = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % below
        };
        (0..count)
            .map(|_| {
                let (name, more) = (NAMES[draw(NAMES.len())], draw(7));
                let source = format!("We saw {name}{}.", " and went on".repeat(more));
                (source, format!("Tuliona {name}{}.", " na kuendelea".repeat(more)))
            })
            .unzip()
    }

    fn told(sources: &[String], targets: &[String]) -> Vec<(u64, Option<String>)> {
        let options = ReadOptions { notes: Notes::default(), ..ReadOptions::default() };
        let mut sides = Sides::default();
        for ((source, target), number) in sources.iter().zip(targets).zip(1..) {
            let pair = Pair {
                source: Sentence::from_text(source.as_str()),
                target: Sentence::from_text(target.as_str()),
                ..Pair::default()
            };
            sides.add(&pair, number);
        }
        sides.tell(&options, Path::new("t")).unwrap();
        options.notes.list().into_iter().map(|note| (note.count, note.first.record)).collect()
    }

    #[test]
    fn translations_say_nothing_and_a_shift_is_told() {
        for count in [25, 100, 250] {
            let (sources, targets) = text(count);
            assert!(told(&sources, &targets).is_empty(), "{count}");
            let mut shifted = targets.clone();
            shifted.rotate_left(1);
            assert_eq!(told(&sources, &shifted), [(count as u64, Some("pair 1".to_owned()))], "{count}");
        }
    }

    #[test]
    fn a_shift_in_the_middle_is_placed() {
        let (sources, mut targets) = text(1000);
        targets[600..].rotate_left(4);
        assert_eq!(told(&sources, &targets), [(400, Some("pair 601".to_owned()))]);
    }

    #[test]
    fn of_long_texts_few_parts_are_looked_at() {
        assert!((0..21).all(is_watched));
        assert_eq!((0..10_000).filter(|part| is_watched(*part)).count(), 110);
        let (sources, mut targets) = text(20_000);
        targets[17_000..].rotate_left(1);
        let told = told(&sources, &targets);
        assert!(matches!(&told[..], [(100..=300, Some(first))] if first.starts_with("pair 1")), "{told:?}");
    }

    #[test]
    fn too_few_pairs_and_pairs_that_are_all_alike_say_nothing() {
        let (sources, mut targets) = text(18);
        targets.rotate_left(1);
        assert!(told(&sources, &targets).is_empty());
        let same = vec!["Yes.".to_owned(); 300];
        assert!(told(&same, &vec!["Ndiyo.".to_owned(); 300]).is_empty());
        let empty = vec![String::new(); 300];
        assert!(told(&same, &empty).is_empty());
    }

    #[test]
    fn one_text_on_both_sides_is_told() {
        let (sources, targets) = text(100);
        assert_eq!(told(&sources, &sources), [(100, Some("pair 1".to_owned()))]);
        let some: Vec<String> = targets[..60].iter().chain(&sources[60..]).cloned().collect();
        assert!(told(&sources, &some).is_empty());
    }

    #[test]
    fn names_are_compared_in_latin_letters() {
        assert_eq!(keys("Nairobi: 2.500 km"), [".", "2", "500", ":", "nair"]);
        assert!(keys("Кампала").contains(&"kamp".to_owned()));
    }
}
