use proptest::prelude::*;

use super::chars::is_separator;
use super::{detokenize, tokenize};

fn words<'a>(text: &'a str, lang: &str) -> Vec<&'a str> {
    tokenize(text, (!lang.is_empty()).then_some(lang)).into_iter().map(|range| &text[range]).collect()
}

/// Each text is its tokens separated by spaces, once the spaces are taken out where `|` stands.
fn check(lang: &str, marked: &str) {
    let text = marked.replace('|', "");
    let expected: Vec<&str> = marked.split(['|', ' ']).filter(|word| !word.is_empty()).collect();
    assert_eq!(words(&text, lang), expected, "{lang}");
}

#[test]
fn punctuation_and_numbers() {
    check("", "Yes|, (|1,234.5|) people|: 3.5|% of $|5|!!");
    check("", "Wait|... at 10:30 on 12/05/2020 or 2020-05-12|.");
    check("", "-40 to +20|, 5|-|)");
    check("en", "one|/|two 1/2 and|/|or");
    check("", "Score|:|Arsenal won|.|The end|.");
    check("fi", "EU:n uusi");
    check("sv", "47:e");
}

#[test]
fn abbreviations() {
    check("en", "the U.S. and U.K.-based e.g. Mr. J. K. Rowling of Apple Inc. in St. Louis|.");
    check("en", "He went to the U.S.");
    check("en", "Plan B|.");
    check("de", "z.B. am 3. Oktober|, Nr. 5|, im Jahr 1990|. Und");
    check("ru", "в 1990 г. на ул. Ленина|.");
    check("es", "El Sr. Presidente y la Sra. Palacio|.");
    check("en", "St.|Petersburg");
}

#[test]
fn compounds() {
    check("en", "medium-sized COVID-19 AT&T Vice-President Jean-Claude|.");
    check("de", "Nord- und Südkorea Ziel-1-Regionen");
    check("en", "He said – then — and then|.");
    check("zh", "中国|-|美国|COVID-19|。");
}

#[test]
fn apostrophes() {
    check("en", "Lula|'s do|n’t do|n't O'Connor|'s players|' we|'ll rock'n'roll U.S.|'s");
    check("en", "Lula 's do n't");
    check("fr", "l’|Union d'|aujourd'hui qu'|il N'Djamena Côte d'|Ivoire l'|ex-président l'|11 c'|est");
    check("fr", "l’ Union");
    check("it", "dell'|Unione un po' di c'|è D'|Alema Eto'o");
    check("ca", "l'|aigua d'|Espanya");
    check("bam", "k'a y'o n'olu");
    check("bbj", "pá' ta' '|ta|'");
    check("yo", "t'ó l' Èkó");
    check("twi", "'|Hena|' w'ani n'adwuma");
    check("ha", "'yan Najeriya '|Ina");
    check("nl", "'t huis 's-Hertogenbosch foto's");
    check("uk", "м'який комп’ютер");
    check("tr", "Ankara'da 2020'de");
    check("", "k'a l'Union");
}

#[test]
fn web() {
    check(
        "en",
        "See (|https://a.org/x_(y)?q=1,2|)|, www.b.co|. Mail j.doe@mail.example.com|. @user|: #tag_1 #|1 a @ b",
    );
    check("", "[|http://a.b/c[1]|]|)|) (|https://a.b/|)|.|)");
    check("zh", "请看|https://a.org/x|，|谢谢");
    check("hi", "#भारत जीता|।");
}

#[test]
fn scripts() {
    check("hi", "प्रधानमंत्री नरेन्द्र मोदी दिल्ली गए|।");
    check("ar", "قال محمد|، رئيس الوزراء|: «|نعم|»|.");
    check("he", "צה\"ל הודיע|.");
    check("fa", "می\u{200C}خواهم بروم|.");
    check("am", "ጠቅላይ\u{1361}ሚኒስትር".replace('\u{1361}', " ").as_str());
    assert_eq!(words("ጠቅላይ፡ሚኒስትር።", "am"), ["ጠቅላይ", "ሚኒስትር", "።"]);
    check("ko", "문재인 대통령은 서울에서|.");
    check("th", "ผม|ใช้|iPhone15|ครับ");
    check("my", "မြန်မာ|စာ");
    check("ja", "東京|都|に");
    check("ta", "தமிழ்நாடு முதல்வர்|.");
    assert_eq!(words("\u{200F}שלום\u{200F} \u{FEFF}x\u{200B}y", ""), ["שלום", "x", "y"]);
    assert_eq!(words("1\u{202F}000\u{A0}€", "fr"), ["1", "000", "€"]);
    assert_eq!(words("", ""), [""; 0]);
    assert_eq!(words(" \u{3000}\n", ""), [""; 0]);
}

#[test]
fn ordinary_sentences_come_back() {
    for (lang, text) in [
        ("en", "Lula's visit to the U.S. (2023) didn't cost $5, or \"little\": the players' union won 3.5%."),
        ("en", "See https://a.org, or mail a@b.org; it's 10:30 and/or later."),
        ("en", "He said: \"No\", then 'yes', and left.\""),
        ("en", "The players' union of a student's 'secret': he said, \"You see."),
        ("de", "„Ja“, sagte er (2–3 Mal), »nein« und 5 %."),
        ("sv", "Han sa ”nej” och gick."),
        ("fr", "Il dit\u{A0}: «\u{A0}oui\u{A0}»."),
        ("fr", "L’Union de l'Europe, d'aujourd'hui (2023)."),
        ("it", "Un po' di vino dell'Unione, c'è."),
        ("es", "¿Qué dijo el Sr. Prodi? ¡Nada!"),
        ("de", "Am 3. Oktober, z.B. in Nord- und Südkorea."),
        ("sw", "Rais wa Kenya, Bw. Ruto, alifika Nairobi."),
        ("hi", "प्रधानमंत्री दिल्ली गए।"),
        ("ar", "هل جاء محمد، أم لا؟"),
        ("zh", "今天天气很好，我在清华大学。"),
        ("ja", "東京都に住んでいます。"),
        ("th", "ผมใช้ครับ"),
        ("bam", "A bɛ se k'a dɔn."),
    ] {
        assert_eq!(detokenize(&words(text, lang), Some(lang)), text);
    }
    assert_eq!(detokenize(&["Vraiment", "?"], Some("fr")), "Vraiment\u{A0}?");
    assert_eq!(detokenize(&["a", "", "b"], None), "a b");
}

/// Text made of what the rules look at, in any order.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "a",
        "U",
        "S",
        "l",
        "don",
        "中国",
        "ไทย",
        "123",
        "हिन्दी",
        "é",
        "e\u{301}",
        "\u{301}",
        "👨\u{200D}👩",
        "'",
        "’",
        "ʼ",
        ".",
        "..",
        ":",
        "/",
        "-",
        "–",
        "&",
        "@",
        "#",
        "_",
        "(",
        ")",
        " ",
        "\n",
        "\u{200F}",
        "\u{200B}",
        "\u{A0}",
        "https://",
        "www.",
        "t",
        "s",
        "1",
        "،",
        "።",
        "፡",
    ]);
    prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat())
}

fn any_lang() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![
        None,
        Some("en"),
        Some("fr-CA"),
        Some("it"),
        Some("bbj"),
        Some("de"),
        Some("nl"),
        Some("hau"),
        Some("zh"),
        Some(""),
    ])
}

proptest! {
    #[test]
    fn tokens_cover_the_text_in_order(text in prop_oneof![hostile(), any::<String>()], lang in any_lang()) {
        let mut end = 0;
        for range in tokenize(&text, lang) {
            prop_assert!(range.start >= end && range.start < range.end);
            prop_assert!(text[end..range.start].chars().all(is_separator));
            let token = &text[range.clone()];
            prop_assert!(!token.contains(char::is_whitespace));
            prop_assert!(!token.starts_with(is_separator) && !token.ends_with(is_separator));
            end = range.end;
        }
        prop_assert!(text[end..].chars().all(is_separator));
    }

    #[test]
    fn detokenising_changes_white_space_only(text in prop_oneof![hostile(), any::<String>()], lang in any_lang()) {
        let tokens: Vec<&str> = tokenize(&text, lang).into_iter().map(|range| &text[range]).collect();
        let back: String = detokenize(&tokens, lang).split_whitespace().collect();
        prop_assert_eq!(back, tokens.concat());
    }
}
