//! What depends on the language.

use super::words;

/// The rules of a language. Words are in lower case, without their last full stop.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    words: &'static words::Words,
    /// Whether a number with a full stop is an ordinal.
    pub ordinals: bool,
    /// Whether the semicolon is a question mark.
    pub greek: bool,
    /// Whether the colon, which stands for `։`, is a full stop.
    pub armenian: bool,
    /// Whether と binds a quotation to what is said of it.
    pub japanese: bool,
    /// Whether a sentence may begin with an elided word: Dutch `'s Avonds`.
    pub apostrophe_starts: bool,
}

impl Rules {
    /// The rules for a language code.
    pub fn of(lang: Option<&str>) -> Rules {
        let lang = lang.and_then(|code| code.split(['-', '_']).next()).unwrap_or_default().to_ascii_lowercase();
        let lang = lang.as_str();
        Rules {
            words: words::of(lang),
            ordinals: ORDINALS.contains(&lang),
            greek: matches!(lang, "el" | "ell" | "gre"),
            armenian: matches!(lang, "hy" | "hye" | "arm" | "hyw"),
            japanese: matches!(lang, "ja" | "jpn"),
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
