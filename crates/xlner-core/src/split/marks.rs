//! Quotation marks, brackets, dashes.

/// How far a bracket may be from what it closes, in characters.
const REACH: usize = 200;
/// Brackets around titles and asides in writing without spaces.
const BRACKETS: &[(char, char)] =
    &[('《', '》'), ('〈', '〉'), ('（', '）'), ('【', '】'), ('〔', '〕'), ('［', '］'), ('｛', '｝')];
/// Quotation marks there.
const QUOTES: &[(char, char)] = &[('「', '」'), ('『', '』'), ('“', '”')];

/// Whether the text ends inside brackets, or quotation marks, that what follows closes.
pub fn enclosed(before: &str, after: &str, quotes: bool) -> bool {
    let before = &before[before.char_indices().rev().nth(REACH).map_or(0, |(at, _)| at)..];
    let after = &after[..after.char_indices().nth(REACH).map_or(after.len(), |(at, _)| at)];
    let open = |&(opens, closes): &(char, char)| {
        before.rfind(opens).is_some_and(|at| !before[at..].contains(closes))
            && after.find(closes).is_some_and(|close| after.find(opens).is_none_or(|next| close < next))
    };
    BRACKETS.iter().any(open) || quotes && QUOTES.iter().any(open)
}

/// Whether the last of the closing marks ends a bracket that opened inside the sentence: it is a part of it.
pub fn closes_part(sentence: &str, closers: &str) -> bool {
    let last = closers.trim_end().chars().next_back();
    let Some((opens, _)) = BRACKETS.iter().find(|(_, closes)| Some(*closes) == last) else { return false };
    sentence.rfind(*opens).is_some_and(|at| !sentence[..at].trim_matches(is_opener).is_empty())
}

/// The place without the opening marks that stand directly before it: they begin what follows.
pub fn without_openers(line: &str, start: usize, at: usize) -> usize {
    let quoted = line[start..at].contains(['„', '‟']) || !line[at..].starts_with(char::is_alphabetic);
    let opens =
        |c: char| is_opener(c) && !is_closer(c) && !is_dash(c) && !matches!(c, '¿' | '¡') || c == '“' && !quoted;
    let rest = line[start..at].trim_end_matches(opens);
    if at < line.len() && rest.contains(char::is_alphanumeric) { start + rest.len() } else { at }
}

/// Whether the character is a mark of the direction of writing.
pub fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether the mark is a dash.
pub fn is_dash(c: char) -> bool {
    matches!(c, '-' | '–' | '—')
}

/// Whether a dash begins what somebody says: `- Yes`.
pub fn is_dash_before_capital(text: &str) -> bool {
    text.trim_start_matches(is_dash).strip_prefix(' ').is_some_and(|rest| rest.starts_with(char::is_uppercase))
}

/// Whether the mark is an apostrophe.
pub fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘')
}

/// Whether the mark may close a quotation or a bracket.
pub fn is_closer(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '’'
            | '‘'
            | '”'
            | '“'
            | '»'
            | '«'
            | '›'
            | '‹'
            | ')'
            | ']'
            | '}'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '〉'
            | '〕'
            | '］'
            | '｝'
            | '＂'
    )
}

/// Whether the mark may stand before the first word of a sentence.
pub fn is_opener(c: char) -> bool {
    is_closer(c) && !matches!(c, ')' | ']' | '}')
        || matches!(
            c,
            '„' | '‚'
                | '‛'
                | '('
                | '['
                | '{'
                | '¿'
                | '¡'
                | '「'
                | '『'
                | '（'
                | '【'
                | '《'
                | '〈'
                | '〔'
                | '［'
                | '｛'
                | '—'
                | '–'
                | '-'
        )
}
