//! Features of several words together, and of the sentence.

use super::hash::join;
use super::names::{Match, Names};
use super::words::Word;

/// What is seen; a template and values make a feature.
#[derive(Debug, Clone, Copy)]
enum Template {
    Bias = 100,
    Start,
    End,
    Capitals,
    LowerBefore,
    LowerAfter,
    LowerAround,
    ShapeBefore,
    ShapeAfter,
    ShapeAround,
    ShapeLowerBefore,
    ShapeLowerAfter,
    LowerShapeBefore,
    ClusterBefore,
    ClusterAfter,
    Name,
    NameBefore,
    NameAfter,
}

/// The features of the tokens of a sentence that no word has alone; holds the buffers for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Joint {
    matches: Vec<Match>,
}

impl Joint {
    /// Hands the hashes of the features of every token to `each`, token by token.
    pub(crate) fn sentence(&mut self, words: &[Word], names: &Names, mut each: impl FnMut(usize, u64)) {
        names.find(words, &mut self.matches);
        let lettered = words.iter().filter(|word| word.letters);
        let (mut small, mut capital) = (0, 0);
        lettered.for_each(|word| {
            small += usize::from(!word.capital);
            capital += usize::from(word.capital && !word.small);
        });
        // 0 usual, 1 title (no word begins small), 2 all capitals, 3 all small.
        let kind = match (small, capital) {
            (0, n) if n > 0 && words.iter().all(|word| !word.small) => 2_u64,
            (0, _) => 1,
            _ if words.iter().all(|word| !word.capital) => 3,
            _ => 0,
        };
        let word = |at: Option<usize>| at.and_then(|at| words.get(at)).copied().unwrap_or(Word::BORDER);
        for (token, here) in words.iter().enumerate() {
            let before = word(token.checked_sub(1));
            let after = word(Some(token + 1));
            let before2 = word(token.checked_sub(2));
            let after2 = word(Some(token + 2));
            let mut put = |template: Template, a, b| each(token, join(join(template as u64, a), b));
            put(Template::Bias, 0, 0);
            if token == 0 {
                put(Template::Start, here.shape, 0);
                put(Template::Start, here.lower, 1);
            }
            if token + 1 == words.len() {
                put(Template::End, here.shape, 0);
            }
            if kind != 0 {
                put(Template::Capitals, kind, here.shape);
            }
            put(Template::LowerBefore, before.lower, here.lower);
            put(Template::LowerAfter, here.lower, after.lower);
            put(Template::LowerAround, before.lower, after.lower);
            put(Template::ShapeBefore, before.shape, here.shape);
            put(Template::ShapeAfter, here.shape, after.shape);
            put(Template::ShapeAround, join(before.shape, after.shape), here.shape);
            put(Template::ShapeAround, join(before2.shape, before.shape), join(here.shape, 1));
            put(Template::ShapeAround, join(after.shape, after2.shape), join(here.shape, 2));
            put(Template::ShapeLowerBefore, before.lower, here.shape);
            put(Template::ShapeLowerAfter, here.shape, after.lower);
            put(Template::LowerShapeBefore, before.shape, here.lower);
            put(Template::LowerShapeBefore, after.shape, join(here.lower, 1));
            if here.clusters[1] != 0 {
                let id = |word: Word| u64::from(word.clusters[1]);
                put(Template::ClusterBefore, id(before), id(*here));
                put(Template::ClusterAfter, id(*here), id(after));
                put(Template::ClusterBefore, join(id(before), here.shape), 1);
                put(Template::ClusterAfter, join(id(after), here.shape), 1);
            }
            let look = if here.small { 0 } else { 1 } + if here.capital { 2 } else { 0 };
            for Match { list, part, .. } in of_token(&self.matches, Some(token)) {
                put(Template::Name, join((*list).into(), *part as u64), look);
                put(Template::Name, join((*list).into(), 9), join(here.shape, before.shape));
            }
            for Match { list, part, .. } in of_token(&self.matches, token.checked_sub(1)) {
                put(Template::NameBefore, join((*list).into(), *part as u64), look);
            }
            for Match { list, part, .. } in of_token(&self.matches, Some(token + 1)) {
                put(Template::NameAfter, join((*list).into(), *part as u64), look);
            }
        }
    }
}

/// The matches of a token; they are sorted by it.
fn of_token(matches: &[Match], token: Option<usize>) -> &[Match] {
    let Some(token) = token else { return &[] };
    let (start, end) =
        (matches.partition_point(|found| found.token < token), matches.partition_point(|found| found.token <= token));
    &matches[start..end]
}
