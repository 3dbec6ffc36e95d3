//! What depends on the language.

/// What an apostrophe between letters does.
#[derive(Debug, Clone, Copy)]
pub enum Apostrophe {
    /// It is part of the word.
    Inside,
    /// It begins a clitic, as in English.
    Clitic,
    /// It ends an elided word.
    Elision {
        /// Elided words without their apostrophe, in lower case.
        words: &'static [&'static str],
        /// Whether any other word that ends in a consonant may be elided too.
        open: bool,
    },
}

/// The rules of a language.
#[derive(Debug, Clone, Copy)]
pub struct TokenRules {
    /// Apostrophes between letters.
    pub apostrophe: Apostrophe,
    /// Whether an apostrophe after a word belongs to it.
    pub trailing_apostrophe: bool,
    /// Word beginnings (lower case) an apostrophe before belongs to.
    pub leading_apostrophe: &'static [&'static str],
    /// Words (lower case) that keep the full stop after them where the text goes on; [`ABBREVIATIONS`] do so everywhere.
    pub abbreviations: &'static [&'static str],
    /// Whether a number with a full stop is an ordinal.
    pub ordinals: bool,
    /// Whether a colon between letters is inside the word.
    pub colon: bool,
}

/// Lower-case primary part of a language code: `pt` of `pt-BR`, `zh` of `ZH_Hant`.
pub fn primary(lang: Option<&str>) -> String {
    lang.and_then(|code| code.split(['-', '_']).next()).unwrap_or_default().to_ascii_lowercase()
}

/// The rules for a language code.
pub fn rules(lang: Option<&str>) -> TokenRules {
    let lang = primary(lang);
    let lang = lang.as_str();
    TokenRules {
        apostrophe: match lang {
            "en" | "eng" | "sco" => Apostrophe::Clitic,
            "fr" | "fra" | "fre" | "wa" | "frp" => Apostrophe::Elision { words: FRENCH, open: false },
            "ca" | "cat" | "oc" | "oci" => Apostrophe::Elision { words: CATALAN, open: false },
            "it" | "ita" | "scn" | "vec" | "lij" | "pms" => Apostrophe::Elision { words: ITALIAN, open: true },
            _ => Apostrophe::Inside,
        },
        trailing_apostrophe: matches!(lang, "bbj" | "yo" | "yor" | "mos"),
        leading_apostrophe: match lang {
            "ha" | "hau" => &["y"],
            "nl" | "nld" | "dut" | "af" | "afr" => &["s", "t", "n", "k", "m", "r"],
            _ => &[],
        },
        abbreviations: match lang {
            "de" | "deu" | "ger" | "lb" => GERMAN,
            "fr" | "fra" | "fre" => FRENCH_SHORT,
            "es" | "spa" | "pt" | "por" | "gl" | "ca" | "cat" => IBERIAN,
            "it" | "ita" => ITALIAN_SHORT,
            "nl" | "nld" | "dut" | "af" | "afr" => DUTCH,
            "ru" | "rus" | "uk" | "ukr" | "bg" | "bul" | "be" => CYRILLIC,
            "en" | "eng" | "sco" | "pcm" => ENGLISH,
            "sw" | "swa" | "swh" => &["bw", "bi", "mh", "dk", "mhe"],
            _ => &[],
        },
        ordinals: matches!(
            lang,
            "de" | "deu"
                | "ger"
                | "da"
                | "dan"
                | "no"
                | "nb"
                | "nn"
                | "nob"
                | "nno"
                | "fi"
                | "fin"
                | "et"
                | "est"
                | "hu"
                | "hun"
                | "cs"
                | "ces"
                | "sk"
                | "slk"
                | "pl"
                | "pol"
                | "sl"
                | "slv"
                | "hr"
                | "hrv"
                | "sr"
                | "srp"
                | "bs"
                | "lv"
                | "lav"
                | "eu"
                | "eus"
                | "tr"
                | "tur"
                | "az"
                | "aze"
                | "is"
                | "isl"
        ),
        colon: matches!(lang, "fi" | "fin" | "sv" | "swe"),
    }
}

const FRENCH: &[&str] = &["l", "d", "j", "m", "n", "s", "t", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"];
const CATALAN: &[&str] = &["l", "d", "s", "n", "m", "t", "qu"];
const ITALIAN: &[&str] = &[
    "l", "un", "d", "c", "s", "m", "t", "v", "n", "gl", "dell", "all", "dall", "nell", "sull", "coll", "quell",
    "quest", "bell", "sant", "anch", "senz", "tutt", "po", "mo", "ca",
];

/// Words (lower case) that keep the full stop after them in every language.
pub const ABBREVIATIONS: &[&str] =
    &["mr", "mrs", "ms", "dr", "prof", "rev", "gen", "capt", "st", "sr", "jr", "inc", "ltd", "corp", "vs", "etc"];
const ENGLISH: &[&str] = &[
    "messrs", "hon", "gov", "col", "maj", "cpt", "lt", "sgt", "cpl", "sen", "rep", "pres", "supt", "mt", "ft", "co",
    "bros", "jan", "feb", "aug", "sept", "oct", "nov", "dec", "dept", "univ", "approx", "al", "alh", "mal", "engr",
    "barr",
];
const GERMAN: &[&str] = &[
    "dr", "prof", "hr", "fr", "dipl", "ing", "st", "str", "nr", "bzw", "usw", "ca", "vgl", "ggf", "evtl", "inkl",
    "mio", "mrd", "abs", "art", "bd", "jh", "geb", "gest", "mind", "max", "sog", "u", "a", "d", "h", "z", "b", "jr",
    "sr", "jan", "feb", "aug", "sept", "okt", "nov", "dez",
];
const FRENCH_SHORT: &[&str] = &[
    "mm", "dr", "pr", "st", "ste", "etc", "av", "env", "janv", "févr", "juil", "sept", "oct", "nov", "déc", "jr",
    "vol", "éd",
];
const IBERIAN: &[&str] = &[
    "sr", "sra", "srta", "sres", "srs", "dr", "dra", "d", "dª", "dña", "prof", "profa", "ud", "uds", "vd", "excmo",
    "exmo", "exma", "gral", "cnel", "av", "avda", "etc", "núm", "pág", "art", "st", "sta", "sto", "jr", "mons", "eng",
];
const ITALIAN_SHORT: &[&str] = &[
    "sig", "sigg", "dott", "dr", "prof", "ing", "avv", "on", "ecc", "sen", "gen", "col", "mons", "art", "pag", "num",
    "ca", "jr", "st",
];
const DUTCH: &[&str] = &[
    "dhr", "mevr", "mw", "mnr", "mej", "dr", "prof", "drs", "ir", "mr", "ds", "st", "jr", "sr", "nr", "bv", "enz",
    "resp", "blz",
];
const CYRILLIC: &[&str] = &[
    "г", "гг", "ул", "им", "св", "проф", "д-р", "акад", "ген", "тыс", "млн", "млрд", "руб", "стр", "см", "др", "пр",
    "вул", "ім", "інж", "бул", "гр", "лв",
];
