//! Texts too long for a model, cut where it hurts least.

use xlner_core::split::sentences;

use crate::Result;

/// Parts of a text, none with more than `longest` tokens by `count`: the whole where it fits, else its sentences, as many in a part
/// as fit; a sentence that does not fit is halved between words, a word between characters. All parts together are the text,
/// but for spaces at the cuts.
pub(super) fn split(
    text: &str,
    lang: &str,
    longest: usize,
    count: &dyn Fn(&str) -> Result<usize>,
) -> Result<Vec<String>> {
    if count(text)? <= longest {
        return Ok(vec![text.to_owned()]);
    }
    let mut parts = Vec::new();
    // The sentences that are a part so far.
    let mut part = 0..0;
    for sentence in sentences(text, Some(lang)) {
        if count(&text[part.start..sentence.end])? <= longest {
            part.end = sentence.end;
            continue;
        }
        push(&mut parts, &text[part]);
        if count(&text[sentence.clone()])? > longest {
            halve(&text[sentence.clone()], longest, count, &mut parts)?;
            part = sentence.end..sentence.end;
        } else {
            part = sentence;
        }
    }
    push(&mut parts, &text[part]);
    Ok(parts)
}

fn halve(text: &str, longest: usize, count: &dyn Fn(&str) -> Result<usize>, parts: &mut Vec<String>) -> Result<()> {
    let single = text.chars().nth(1).is_none();
    if single || count(text)? <= longest {
        push(parts, text);
        return Ok(());
    }
    let middle = text.len() / 2;
    let spaces = text.match_indices(' ').map(|(place, _)| place).filter(|place| *place > 0);
    let places = text.char_indices().map(|(place, _)| place).filter(|place| *place > 0);
    let nearest = |place: &usize| place.abs_diff(middle);
    let place = spaces.min_by_key(nearest).or(places.min_by_key(nearest)).unwrap_or(text.len());
    let (left, right) = text.split_at(place);
    halve(left.trim(), longest, count, parts)?;
    halve(right.trim(), longest, count, parts)
}

fn push(parts: &mut Vec<String>, part: &str) {
    let part = part.trim();
    if !part.is_empty() {
        parts.push(part.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_nothing_too_long() {
        let count = |text: &str| -> Result<usize> {
            Ok(text.split_whitespace().map(|word| word.chars().count().div_ceil(4)).sum())
        };
        let text = "One two. Three four five six! Seven eight nine ten eleven twelve thirteen, fourteen? Abcdefghijklmnopqrstuvwxyz. End.";
        for longest in 1..30 {
            let parts = split(text, "en", longest, &count).unwrap();
            assert!(parts.iter().all(|part| count(part).unwrap() <= longest), "{parts:?}");
            let without = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(without(&parts.concat()), without(text));
        }
        assert_eq!(split(text, "en", 100, &count).unwrap(), [text]);
        assert_eq!(
            split("One two. Three four. Five six.", "en", 6, &count).unwrap(),
            ["One two. Three four.", "Five six."]
        );
    }
}
