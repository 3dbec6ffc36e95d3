//! Tokenised text.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::{Entity, Error, Extra, Result, Span};

/// Bytes of a token and its space, roughly.
const USUAL_TOKEN: usize = 7;

/// A tokenised text; each token is a byte range of the text.
///
/// JSON: `{"lang","text","tokens":[…],"entities":[…],"regions":[…],"probabilities":{…}}`, every field optional but one
/// of `text` and `tokens`. Without `text`, the tokens joined by single spaces are the text. Without `tokens` the
/// sentence is not tokenised yet ([`is_tokenized`](Self::is_tokenized)).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Sentence {
    /// BCP-47 code of the language, if known.
    pub lang: Option<String>,
    text: String,
    tokens: Vec<(u32, u32)>,
    tokenized: bool,
    /// Entities, in the order they were given or found.
    pub entities: Vec<Entity>,
    /// One per token: where it stands on a page or in a recording.
    pub regions: Option<Vec<Region>>,
    /// A tagger's label probabilities, one row per token.
    pub probabilities: Option<LabelProbabilities>,
    /// Unknown fields.
    pub extra: Extra,
}

/// Where a token stands: a page box or a time range, in whatever form the reader of the scan or transcript gave it.
pub type Region = Value;

/// Label probabilities of a tagger: `rows[token][label]`, each row sums to at most 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelProbabilities {
    /// Tags in the order of the columns (`O`, `B-PER`, `I-PER`, …).
    pub labels: Vec<String>,
    /// One row per token.
    pub rows: Vec<Vec<f32>>,
    /// Spans with the exact probability that they are entities of a label (the `score`), where the tagger calculates it;
    /// they may overlap. What is not here has a low probability.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Entity>,
}

impl Sentence {
    /// A sentence of the given tokens; its text is the tokens joined by single spaces.
    pub fn from_tokens<S: AsRef<str>>(tokens: impl IntoIterator<Item = S>) -> Self {
        let tokens = tokens.into_iter();
        let mut sentence = Sentence { tokenized: true, ..Sentence::default() };
        let count = tokens.size_hint().0;
        sentence.tokens.reserve(count);
        sentence.text.reserve(USUAL_TOKEN * count);
        for token in tokens {
            sentence.push_token(token.as_ref());
        }
        sentence
    }

    /// A sentence whose text is not tokenised yet.
    pub fn from_text(text: impl Into<String>) -> Self {
        Sentence { text: text.into(), ..Sentence::default() }
    }

    /// A text with its tokens. A token that is written in another Unicode normalisation form than the text is found all
    /// the same; it is then kept as the text has it.
    ///
    /// # Errors
    /// [`Error::TokenNotInText`] where a token does not occur in the text after the one before it.
    pub fn from_text_and_tokens<S: AsRef<str>>(
        text: impl Into<String>,
        tokens: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let mut sentence = Sentence { text: text.into(), tokenized: true, ..Sentence::default() };
        let mut from = 0;
        for (index, token) in tokens.into_iter().enumerate() {
            let token = token.as_ref();
            // An empty token stands after its space, where `push_token` puts it.
            if token.is_empty() && index > 0 && sentence.text[from..].starts_with(' ') {
                from += 1;
            }
            let Some(range) = find_token(&sentence.text, from, token) else {
                return Err(Error::TokenNotInText { index, token: token.to_owned(), from });
            };
            from = range.end;
            sentence.tokens.push((range.start as u32, range.end as u32));
        }
        Ok(sentence)
    }

    /// Appends a token, and to the text a space before it if it is not the first.
    pub fn push_token(&mut self, token: &str) {
        self.tokenized = true;
        if !self.tokens.is_empty() {
            self.text.push(' ');
        }
        let start = self.text.len() as u32;
        self.text.push_str(token);
        self.tokens.push((start, self.text.len() as u32));
    }

    /// Sets the tokens as byte ranges of the text, in order, and drops everything that was said of the old ones
    /// (entities, regions, probabilities).
    ///
    /// # Errors
    /// [`Error::Invalid`] where a range leaves the text, cuts a character or goes back.
    pub fn set_token_ranges(&mut self, ranges: impl IntoIterator<Item = Range<usize>>) -> Result<()> {
        let mut tokens = Vec::new();
        let mut last = 0;
        for range in ranges {
            if range.start < last || self.text.get(range.clone()).is_none() {
                return Err(Error::Invalid(format!("token {}: bytes {range:?} do not fit the text", tokens.len())));
            }
            last = range.end;
            tokens.push((range.start as u32, range.end as u32));
        }
        self.tokens = tokens;
        self.tokenized = true;
        self.entities.clear();
        self.regions = None;
        self.probabilities = None;
        Ok(())
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether tokens were given (an empty sentence may be tokenised too).
    pub fn is_tokenized(&self) -> bool {
        self.tokenized
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Token `index`. Panics when there is no such token.
    pub fn token(&self, index: usize) -> &str {
        let (start, end) = self.tokens[index];
        &self.text[start as usize..end as usize]
    }

    /// All tokens.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator + Clone {
        self.tokens.iter().map(|&(start, end)| &self.text[start as usize..end as usize])
    }

    /// Byte range of token `index` in the text. Panics when there is no such token.
    pub fn byte_range(&self, index: usize) -> Range<usize> {
        let (start, end) = self.tokens[index];
        start as usize..end as usize
    }

    /// The text from the first to the last token of a span, with what stands between them. Panics when the span is
    /// empty or leaves the sentence.
    pub fn span_text(&self, span: Span) -> &str {
        &self.text[self.tokens[span.start].0 as usize..self.tokens[span.end - 1].1 as usize]
    }

    /// Smallest span of tokens that touch the given bytes of the text; `None` where no token does.
    pub fn span_of_bytes(&self, bytes: Range<usize>) -> Option<Span> {
        let start = self.tokens.partition_point(|&(_, end)| end as usize <= bytes.start);
        let end = self.tokens.partition_point(|&(begin, _)| (begin as usize) < bytes.end);
        (start < end).then(|| Span::new(start, end))
    }

    /// Checks that entities, regions and probabilities fit the tokens.
    pub fn validate(&self) -> Result<()> {
        let len = self.len();
        for entity in &self.entities {
            if entity.span.is_empty() || entity.span.end > len {
                return Err(Error::SpanOutOfRange { start: entity.span.start, end: entity.span.end, len });
            }
        }
        if let Some(regions) = &self.regions
            && regions.len() != len
        {
            return Err(Error::Length { what: "regions", found: regions.len(), expected: len });
        }
        if let Some(probabilities) = &self.probabilities {
            if probabilities.rows.len() != len {
                return Err(Error::Length {
                    what: "probabilities.rows",
                    found: probabilities.rows.len(),
                    expected: len,
                });
            }
            let labels = probabilities.labels.len();
            if let Some(row) = probabilities.rows.iter().find(|row| row.len() != labels) {
                return Err(Error::Invalid(format!(
                    "probabilities: a row of {} values for {labels} labels",
                    row.len()
                )));
            }
            if let Some(entity) = probabilities.spans.iter().find(|e| e.span.is_empty() || e.span.end > len) {
                return Err(Error::Invalid(format!(
                    "probabilities: span {} does not fit a sentence of {len} tokens",
                    entity.span
                )));
            }
        }
        Ok(())
    }
}

/// Where a token stands in the text from a byte on: there, or after white space, as it is written or canonically
/// equivalent; else wherever it is written so.
fn find_token(text: &str, from: usize, token: &str) -> Option<Range<usize>> {
    if text[from..].starts_with(token) {
        return Some(from..from + token.len());
    }
    let start = text.len() - text[from..].trim_start().len();
    if text[start..].starts_with(token) {
        return Some(start..start + token.len());
    }
    equivalent_prefix(&text[start..], token)
        .map(|len| start..start + len)
        .or_else(|| text[from..].find(token).map(|at| from + at..from + at + token.len()))
}

/// Bytes of the shortest beginning of the text that is canonically equivalent to the token.
fn equivalent_prefix(text: &str, token: &str) -> Option<usize> {
    if token.is_ascii() {
        return None;
    }
    let wanted: Vec<char> = token.nfd().collect();
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    for end in ends.take(wanted.len()) {
        let found = text[..end].nfd();
        if found.clone().count() > wanted.len() {
            return None;
        }
        if found.eq(wanted.iter().copied()) {
            return Some(end);
        }
    }
    None
}

#[derive(Serialize, Deserialize)]
struct Raw {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lang: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entities: Option<Vec<Entity>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    regions: Option<Vec<Region>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probabilities: Option<LabelProbabilities>,
    #[serde(flatten)]
    extra: Extra,
}

impl TryFrom<Raw> for Sentence {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self> {
        let mut sentence = match (raw.text, raw.tokens) {
            (Some(text), Some(tokens)) => Sentence::from_text_and_tokens(text, tokens)?,
            (None, Some(tokens)) => Sentence::from_tokens(tokens),
            (Some(text), None) => Sentence::from_text(text),
            (None, None) => return Err(Error::Invalid("a sentence needs `text` or `tokens`".into())),
        };
        sentence.lang = raw.lang;
        sentence.entities = raw.entities.unwrap_or_default();
        sentence.regions = raw.regions;
        sentence.probabilities = raw.probabilities;
        sentence.extra = raw.extra;
        sentence.validate()?;
        Ok(sentence)
    }
}

impl From<Sentence> for Raw {
    fn from(sentence: Sentence) -> Self {
        let tokens = sentence.tokenized.then(|| sentence.tokens().map(str::to_owned).collect());
        Raw {
            tokens,
            entities: sentence.tokenized.then_some(sentence.entities),
            lang: sentence.lang,
            text: Some(sentence.text),
            regions: sentence.regions,
            probabilities: sentence.probabilities,
            extra: sentence.extra,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_tokens_are_found_where_they_were_put() {
        for tokens in [vec!["a", ""], vec!["a", "", "b"], vec!["", "b"], vec!["a", "", "", "b"]] {
            let sentence = Sentence::from_tokens(tokens.iter());
            assert_eq!(Sentence::from_text_and_tokens(sentence.text(), tokens.iter()), Ok(sentence), "{tokens:?}");
        }
    }

    #[test]
    fn tokens_are_found_in_the_text() {
        let sentence = Sentence::from_text_and_tokens("Lula's  visit.", ["Lula", "'s", "visit", "."]).unwrap();
        assert_eq!(sentence.tokens().collect::<Vec<_>>(), ["Lula", "'s", "visit", "."]);
        assert_eq!(sentence.span_text(Span::new(0, 3)), "Lula's  visit");
        assert_eq!(sentence.span_of_bytes(5..9), Some(Span::new(1, 3)));
        assert_eq!(sentence.span_of_bytes(6..8), None);
    }

    #[test]
    fn a_token_that_is_not_there_is_an_error() {
        let error = Sentence::from_text_and_tokens("a b", ["a", "c"]).unwrap_err();
        assert_eq!(error, Error::TokenNotInText { index: 1, token: "c".into(), from: 1 });
    }

    #[test]
    fn a_token_in_another_normalisation_form_is_found() {
        let sentence = Sentence::from_text_and_tokens("te\u{303}nsa yaa", ["t\u{1ebd}nsa", "yaa"]).unwrap();
        assert_eq!(sentence.tokens().collect::<Vec<_>>(), ["te\u{303}nsa", "yaa"]);
        assert!(Sentence::from_text_and_tokens("te\u{301}nsa", ["t\u{1ebd}nsa"]).is_err());
        let sentence = Sentence::from_text_and_tokens("a\u{300} la, \u{e0} lui", ["\u{e0}", "la"]).unwrap();
        assert_eq!(sentence.byte_range(0), 0..3);
    }

    #[test]
    fn json_keeps_what_it_does_not_know() {
        let json = r#"{"lang":"en","text":"Obama spoke .","tokens":["Obama","spoke","."],"entities":[{"start":0,"end":1,"label":"PER","score":0.98,"wiki":"Q76"}],"doc":7}"#;
        let sentence: Sentence = serde_json::from_str(json).unwrap();
        assert_eq!(sentence.entities[0].label, "PER");
        assert_eq!(serde_json::to_string(&sentence).unwrap(), json);
    }

    #[test]
    fn an_entity_outside_the_sentence_is_refused() {
        let json = r#"{"tokens":["a"],"entities":[{"start":0,"end":2,"label":"PER"}]}"#;
        assert!(serde_json::from_str::<Sentence>(json).is_err());
    }
}
