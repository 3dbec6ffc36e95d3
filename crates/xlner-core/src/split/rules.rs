//! What depends on the language.

use super::words;

/// The rules of a language. Words are in lower case, without their last full stop.
#[derive(Debug, Clone, Copy)]
pub struct SplitRules {
    words: &'static words::Words,
    /// Whether a number with a full stop is an ordinal.
    pub ordinals: bool,
    /// Whether the semicolon is a question mark.
    pub greek: bool,
    /// Whether the colon, which stands for `։`, is a full stop.
    pub armenian: bool,
    /// Whether two colons, as `::` or `፡፡`, are a full stop.
    pub ethiopic: bool,
    /// Whether particles bind a quotation to what is said of it.
    pub japanese: bool,
    /// Whether a quotation stays in one piece.
    pub whole_quotes: bool,
    /// Whether words may do without vowels, with r or l instead: Czech `vlk`.
    pub syllabic_r: bool,
    /// Whether a sentence may begin with an elided word: Dutch `'s Avonds`.
    pub apostrophe_starts: bool,
}

impl SplitRules {
    /// The rules for a language code.
    pub fn of(lang: Option<&str>) -> SplitRules {
        let lang = lang.and_then(|code| code.split(['-', '_']).next()).unwrap_or_default().to_ascii_lowercase();
        let lang = lang.as_str();
        SplitRules {
            words: words::of(lang),
            ordinals: ORDINALS.contains(&lang),
            greek: matches!(lang, "el" | "ell" | "gre"),
            armenian: matches!(lang, "hy" | "hye" | "arm" | "hyw"),
            ethiopic: matches!(lang, "am" | "amh" | "ti" | "tir" | "gez"),
            japanese: matches!(lang, "ja" | "jpn"),
            whole_quotes: matches!(lang, "ja" | "jpn" | "zh" | "zho" | "chi" | "yue" | "wuu" | "lzh"),
            syllabic_r: SYLLABIC_R.contains(&lang),
            apostrophe_starts: matches!(lang, "nl" | "nld" | "dut" | "af" | "afr" | "fy" | "fry"),
        }
    }

    /// Whether the word with a full stop never ends a sentence.
    pub fn never(&self, word: &str) -> bool {
        has(words::NEVER, word) || has(self.words.never, word)
    }

    /// Whether the word with a full stop goes on before a number.
    pub fn before_number(&self, word: &str) -> bool {
        has(words::BEFORE_NUMBER, word) || has(self.words.before_number, word)
    }

    /// Whether the word with a full stop ends a sentence only where the next word begins one.
    pub fn seldom(&self, word: &str) -> bool {
        has(words::SELDOM, word) || has(self.words.seldom, word)
    }

    /// Whether the word often begins sentences, and seldom names.
    pub fn starts(&self, word: &str) -> bool {
        has(self.words.starts, word)
    }
}

/// Whether the word is in a list, which is one string with spaces.
fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

/// Languages that write ordinals with a full stop.
const ORDINALS: &[&str] = &[
    "de", "deu", "ger", "lb", "ltz", "gsw", "nds", "da", "dan", "no", "nb", "nn", "nor", "nob", "nno", "fo", "fao",
    "is", "isl", "ice", "fi", "fin", "et", "est", "se", "sme", "hu", "hun", "cs", "ces", "cze", "sk", "slk", "slo",
    "pl", "pol", "sl", "slv", "hr", "hrv", "sr", "srp", "bs", "bos", "cnr", "sh", "hbs", "hsb", "dsb", "lv", "lav",
    "eu", "eus", "baq", "tr", "tur", "az", "aze",
];

/// Languages with words of consonants.
const SYLLABIC_R: &[&str] = &[
    "cs", "ces", "cze", "sk", "slk", "slo", "sl", "slv", "hr", "hrv", "sr", "srp", "bs", "bos", "cnr", "sh", "hbs",
    "mk", "mkd", "bg", "bul",
];

/// Whether the letter has an upper and a lower case.
pub fn is_cased(c: char) -> bool {
    c.is_uppercase() || c.is_lowercase()
}

/// Whether the letter is of a script of India that ends sentences with a danda, which some type as `|`.
pub fn is_indic(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{0DFF}') && !matches!(c, '।' | '॥')
}

/// Whether the letter is Thai or Lao.
pub fn is_thai(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}')
}

/// Stops that Unicode's rules do not know, or not in all versions: `…`, Tibetan, Khmer.
pub fn own_stop(c: char) -> bool {
    matches!(c, '…' | '\u{0F0D}'..='\u{0F12}' | '\u{17D4}' | '\u{17D5}')
}

/// Whether the text begins with a bullet.
pub fn is_bullet(text: &str) -> bool {
    text.starts_with(['•', '‣', '●', '○', '▪', '■', '◦', '⁃', '∙'])
}
