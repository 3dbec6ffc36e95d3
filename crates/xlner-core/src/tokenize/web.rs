//! Addresses and names of the web, which are one token.

use super::chars::{is_separator, is_unspaced, is_wide_punctuation};

/// Whether the text may hold any of them: a quick look that spares most sentences the rest.
pub fn possible(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'@' | b'#')) || text.contains("://") || text.contains("www.")
}

/// Bytes of the URL or e-mail address that the text begins with.
pub fn address(text: &str) -> Option<usize> {
    url(text).or_else(|| email(text))
}

fn url(text: &str) -> Option<usize> {
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let prefix = ["http://", "https://", "ftp://", "www."].into_iter().find(|prefix| starts(prefix))?;
    let mut url = &text[..text.find(|c| !in_url(c)).unwrap_or(text.len())];
    // Punctuation at the end is the sentence's, and so are brackets the URL did not open.
    let surplus = |open: char, close: char| url.matches(close).count() as isize - url.matches(open).count() as isize;
    let (mut round, mut square) = (surplus('(', ')'), surplus('[', ']'));
    while let Some(last) = url.chars().next_back() {
        let count = match last {
            ')' => &mut round,
            ']' => &mut square,
            last if ".,;:!?'*_~".contains(last) => &mut 1,
            _ => break,
        };
        if *count <= 0 {
            break;
        }
        *count -= 1;
        url = &url[..url.len() - 1];
    }
    (url.len() > prefix.len()).then_some(url.len())
}

fn in_url(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c);
    }
    let punctuation = matches!(c, '«' | '»' | '،' | '؛' | '؟' | '।' | '॥' | '።' | '\u{2010}'..='\u{206F}');
    !(is_separator(c) || is_unspaced(c) || is_wide_punctuation(c) || punctuation)
}

fn email(text: &str) -> Option<usize> {
    let at = text.find(|c: char| !(c.is_ascii_alphanumeric() || "._%+-".contains(c)))?;
    let domain = text[at..].strip_prefix('@').filter(|_| at > 0)?;
    let domain =
        &domain[..domain.find(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c))).unwrap_or(domain.len())];
    let domain = domain.trim_end_matches(['.', '-']);
    let last = domain.rsplit_once('.').filter(|(first, _)| !first.is_empty())?.1;
    (last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some(at + 1 + domain.len())
}
