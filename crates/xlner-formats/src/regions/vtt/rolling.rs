//! Rolling captions: each cue shows again what the one before it showed, and one line or word more. So do the automatic captions of
//! YouTube, three times for each line, and live captions that grow.

use super::cue::{Row, Shown};

/// Seconds between two cues of which the second goes on with the first.
const GAP: f64 = 0.1;
/// Lines that a cue may show again.
const LINES: usize = 8;

/// What a cue shows again: so many lines, and so many words of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Again {
    rows: usize,
    words: usize,
}

/// Takes out what is shown again, if captions roll in most of the cues: otherwise two cues alike are said twice. Gives the file's line
/// of each line that was taken out.
pub(super) fn take_out(cues: &mut [Shown]) -> Vec<u64> {
    let again: Vec<Option<Again>> = cues.windows(2).map(|two| again(&two[0], &two[1])).collect();
    let new = |cue: &Shown, again: &Again| again.rows < cue.rows.len();
    let found: Vec<(&Shown, &Again)> =
        cues[1.min(cues.len())..].iter().zip(&again).filter_map(|(cue, again)| Some((cue, again.as_ref()?))).collect();
    let rolls = found.iter().filter(|(cue, again)| again.rows > 0 && new(cue, again)).count();
    let grows = found.iter().filter(|(_, again)| again.words > 0).count();
    if !(rolls > 0 || grows > 1) || 2 * found.len() < again.len() {
        return Vec::new();
    }
    let mut taken = Vec::new();
    for (cue, again) in cues.iter_mut().skip(1).zip(again) {
        let Some(again) = again else { continue };
        let line = |row: &Row| row.first().map_or(0, |(_, word)| word.line);
        taken.extend(cue.rows.drain(..again.rows).map(|row| line(&row)));
        if again.words > 0
            && let Some(row) = cue.rows.first_mut()
        {
            taken.push(line(row));
            row.drain(..again.words);
        }
    }
    taken
}

/// What the second cue shows again of the first.
fn again(first: &Shown, second: &Shown) -> Option<Again> {
    if second.start - first.end > GAP || second.start < first.start {
        return None;
    }
    let same = |a: &[Row], b: &[Row]| a.iter().zip(b).all(|(a, b)| texts(a).eq(texts(b)));
    let most = first.rows.len().min(second.rows.len()).min(LINES);
    (1..=most).rev().find_map(|rows| {
        let shown = &first.rows[first.rows.len() - rows..];
        if same(shown, &second.rows[..rows]) {
            return Some(Again { rows, words: 0 });
        }
        let (last, before) = shown.split_last()?;
        let grown = &second.rows[rows - 1];
        let grows = last.len() < grown.len() && texts(last).eq(texts(&grown[..last.len()]));
        (grows && same(before, &second.rows)).then_some(Again { rows: rows - 1, words: last.len() })
    })
}

fn texts(row: &[(Option<std::sync::Arc<str>>, super::Word)]) -> impl Iterator<Item = &str> {
    row.iter().map(|(_, word)| word.text.as_str())
}
