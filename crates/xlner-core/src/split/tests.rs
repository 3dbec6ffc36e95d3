use proptest::prelude::*;

use super::sentences;

/// The text is the sentences with what stands between them once the marks `‖` are taken out.
fn check(lang: &str, marked: &str) {
    let text = marked.replace('‖', "");
    let lang_code = (!lang.is_empty()).then_some(lang);
    let found: Vec<&str> = sentences(&text, lang_code).into_iter().map(|range| &text[range]).collect();
    let expected: Vec<&str> = marked.split('‖').map(str::trim).filter(|part| !part.is_empty()).collect();
    assert_eq!(found, expected, "{lang}");
}

#[test]
fn lines_and_paragraphs() {
    check("en", "A title\n\n‖One line\nand the next. ‖Another.\r\n \r\n‖End");
    check("en", "He came.\n‖She went\rand\u{85}so on\u{2028}to here\u{2029}‖New");
    check("en", "We need: \n‖• bread and\nbutter\n‖• milk");
    check("", " \n \n ");
    check("", "");
}

#[test]
fn english() {
    check("en", "He came. ‖\" We will go . \" ‖She said \" No. \" ‖\"Yes.\" ‖Good.");
    check("en", "Dr. J. K. Smith of Apple Inc. met Mrs. Brown at 5 p.m. on Jan. 5. ‖He left. ‖20 people stayed.");
    check("en", "He lives in the U.S. The end.".replace("U.S. ", "U.S. ‖").as_str());
    check("en", "The U.S. President, e.g. Mr. Obama, spoke. ‖“Why?” she asked. ‖“Because.” ‖He left (at last!). ‖Good");
    check(
        "en",
        "See No. 5 and p. 12. ‖No. ‖He said no. ‖It was in 1990. ‖Then (!) he went… ‖She stayed... ‖They came ... late.",
    );
    check("en", "1. Introduction to it. ‖2. The method.\n\n‖a. Bread");
    check("en", "Visit www.example.com. ‖It costs 3.50. ‖Really?! ‖Yes!!! ‖Well ...");
    check("eng-GB", "He was born in Jan. 1990 on Main St. in London. ‖He moved to Main St. ‖The house is old.");
}

#[test]
fn german_and_dutch() {
    check(
        "de",
        "Am 3. Oktober 1990, z.B. in Berlin, sprach Dr. Kohl. ‖Er ist 30. ‖Sie auch. ‖Ludwig XIV. König von Frankreich.",
    );
    check("de", "Bücher, Hefte usw. ‖Das kostet ca. 5 Mio. Euro. ‖»Ja!« ‖»Wirklich?«, fragte er. ‖Vgl. Abs. 3 Nr. 5.");
    check("nl", "Dhr. Jansen e.a. kwamen. ‖'s Avonds gingen ze. ‖Bijv. Amsterdam, blz. 5.");
}

#[test]
fn romance() {
    check("fr", "M. Dupont est là. ‖« Bonjour. » ‖Il partit, cf. Mme Curie, art. 5, etc. ‖Le 3 janv. 1990.");
    check("es", "El Sr. García vive en EE.UU. desde 1990. ‖¿Qué tal? ‖¡Hola! ‖La Dra. Pérez, pág. 5.");
    check("it", "Il dott. Rossi e la sig.ra Bianchi. ‖L'art. 3, ecc. ‖La casa è bella.");
    check("pt", "O Sr. Silva, da Silva & Cia. Ltda. em Lisboa. ‖A Profa. Ana falou.");
    check("ro", "Dl. Popescu, str. Lungă nr. 5. ‖El a plecat.");
}

#[test]
fn slavic() {
    check(
        "sr",
        "Rođen je 3. Oktobra 1990. godine, npr. u Beogradu. ‖To je g. Petar. ‖Карађорђе, тј. Ђорђе Петровић, рођен је 3. Новембра. ‖Он је дошао.",
    );
    check("cs", "Dne 28. října 1918 např. Ing. Novák. ‖Je to tak. ‖Karel IV. Lucemburský atd. ‖To je vše.");
    check("pl", "Prof. dr hab. Jan Kowalski, ul. Długa 5, itd. ‖On mieszka m.in. Warszawie.");
    check(
        "ru",
        "А. С. Пушкин родился в 1799 г. в г. Москва. ‖Это т.е. всё. ‖Умер в 1837 г. ‖Он был поэтом, и т.д. ‖Мы знаем.",
    );
    check("bg", "Г-н Иванов живее на ул. Левски № 5. ‖Той е д-р Петров.");
}

#[test]
fn other_european() {
    check("hu", "Dr. Kovács 1848. Március után, pl. Budapesten.".replace("1848. ", "1848. ‖").as_str());
    check("hu", "IV. Béla király 3. Alkalommal jött. ‖Ez jó.");
    check("fi", "Hän syntyi 3. Toukokuuta esim. Turussa. ‖Se on totta.");
    check("sv", "Den är bl.a. Annas, d.v.s. min. ‖Hon kom, t.ex. Kalle m.fl. ‖De gick.");
    check("da", "Den 5. Maj kom hr. Hansen. ‖Det var godt.");
    check("el", "Ποιος είναι; ‖Ο κ. Παπαδόπουλος, π.χ. Γιώργος. ‖Ναι.");
    check("tr", "Prof. Dr. Ali Bey II. Mehmed ile konuştu. ‖Bu iyi.");
    check("eu", "Mikel jn. etorri zen. ‖3. Kapitulua da. ‖Hori da dena.");
    check("cy", "Aeth Dr. Jones i Gaerdydd. ‖Mae hi yma.");
    check("br", "Emañ an Ao. Ar Gall e Brest. ‖Mat eo.");
}

#[test]
fn african() {
    check("sw", "Chuo kitafunguliwa mwezi wa Mei. ‖Layla Haddad anafanya kazi.");
    check(
        "sw",
        "Mhe. Rais na Dkt. Bw. Juma walifika, k.m. Nairobi. ‖Hii ni kweli. ‖Prof. Asha alisema n.k. ‖Lakini hapana.",
    );
    check("ha", "Alh. Musa da Mal. Ibrahim sun zo. ‖Wannan gaskiya ne.");
    check("yo", "Dr. Adé ti dé. ‖Ó dára. ‖Ṣé ó wà ní ilé? ‖Rárá.");
    check("ig", "Dr. Obi bịara. ‖Ọ dị mma.");
    check("am", "አበበ በሶ በላ። ‖ጫላ ጩቤ ጨበጠ፧ ‖አዎ።");
}

#[test]
fn scripts_with_their_own_stops() {
    check("hi", "डॉ. राम दिल्ली गए। ‖क्या वह आए? ‖हाँ॥ ‖ठीक है।");
    check("bn", "ড. রহমান এলেন। ‖ভালো।");
    check("ur", "وہ آیا۔ ‖کیا وہ گیا؟ ‖ہاں۔");
    check("ar", "ذهب د. أحمد إلى القاهرة. ‖هل عاد؟ ‖نعم!");
    check("zh", "今天很好。‖你好吗？‖我很好！‖他说：“好。”");
    check("ja", "「はい。」と言った。‖それだけだ。");
    check("my", "သူ လာ၊ ငါ သွား။ ‖ကောင်း။");
    check("km", "គាត់មក។ ‖ល្អ៕ ‖បាទ");
    check("th", "วันที่ 5 พ.ค. เขามา และไป  ‖เธออยู่\nบ้าน\n\n‖จบ");
    check("hy", "Նա եկավ։ ‖Լավ է։");
    check("bo", "བཀྲ་ཤིས། ‖བདེ་ལེགས།");
}

/// Texts of the pieces that the rules look at.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(". "),
        Just("."),
        Just("\n"),
        Just("\n\n"),
        Just("\r\n"),
        Just(" "),
        Just("  "),
        Just("! "),
        Just("?»"),
        Just(" »"),
        Just("“"),
        Just("\""),
        Just("'"),
        Just("… "),
        Just("..."),
        Just("; "),
        Just("।"),
        Just("。"),
        Just("」"),
        Just("(!)"),
        Just("• "),
        Just("\u{85}"),
        Just("\u{2028}"),
        Just("\u{2029}"),
        Just("\u{b}"),
        Just("Dr"),
        Just("U.S"),
        Just("e.g"),
        Just("The"),
        Just("a"),
        Just("J"),
        Just("3"),
        Just("1990"),
        Just("XIV"),
        Just("ไป"),
        Just("と"),
        Just("g\u{301}"),
    ];
    proptest::collection::vec(
        prop_oneof![4 => piece.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)],
        0..40,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn sentences_cover_all_but_white_space(
        text in texts(),
        lang in prop::sample::select(vec!["", "en", "de", "sr", "el", "nl", "ja", "th", "hi"]),
    ) {
        let found = sentences(&text, (!lang.is_empty()).then_some(lang));
        let mut last = 0;
        for range in found {
            prop_assert!(text[last..range.start].trim().is_empty());
            prop_assert!(range.start < range.end);
            prop_assert_eq!(text[range.clone()].trim(), &text[range.clone()]);
            last = range.end;
        }
        prop_assert!(text[last..].trim().is_empty());
    }

    #[test]
    fn a_blank_line_always_ends_a_sentence(first in texts(), second in texts()) {
        let (a, b) = (sentences(&first, Some("en")), sentences(&second, Some("en")));
        let both = sentences(&format!("{first}\n\n{second}"), Some("en"));
        prop_assert_eq!(both.len(), a.len() + b.len());
    }
}

#[test]
fn abbreviations_before_names_and_numbers() {
    check("es", "Vive en Mt. Kisco. ‖Lean los párrf. 5 y 6. ‖Vino el Lun. 15 de mayo a los EE. UU. con Ana.");
    check("da", "De holdt Skt. Hans i byen. ‖Det var godt.");
    check("it", "Egregio Dir. Amm., ci vediamo. ‖Ringrazio lo psicol. Serenti.");
    check("ru", "Едем в пгт. Брагиновка. ‖Это далеко.");
    check("de", "Zeitungen, Hefte u. Ä. für uns. ‖Gut.");
    check("en", "I am paid Rs. 3520 at N°. 12. ‖We went, you and I. ‖Did you see Albert I. Jones?");
    check("kk", "(«Айқын», 2010 жыл. № 70). ‖Бұл жақсы.");
}

#[test]
fn titles_quotations_and_ellipses_in_one_piece() {
    check("zh", "我们去看《摔跤吧！爸爸》好吗？‖好！‖看了《你好！世界。再见》吗？");
    check("en", "\"Bohr used the analogy of stairways [...]\" (Smith 55). ‖(He was right.) ‖Good.");
    check("en", "I was ... well . . . I didn't mean it. ‖What do you see? ‖- Posted like sentinels.");
    check("nl", "Het was raak. ‖...en toen kwam hij.");
}

#[test]
fn armenian_stops_however_they_are_typed() {
    check("hy", "Բարև Ձեզ: ‖Այսօր երկուշաբթի է: ‖Մութ է։ ‖Սիրելիս...սպասում եմ 10:30-ին: ‖Գնամ:");
    check("hy", "Լավ է:‖Գնանք: ‖Դա տեղի է ունեցել 1990 թ. Երևանում: ‖5 դր. արժե:");
    check("hy", "Նա ասաց՝ «Լավ է:» ‖Գնացինք:");
    check("en", "Two things: bread and milk.");
}

#[test]
fn titles_before_names_in_many_languages() {
    check("es", "El Pdte. Sánchez y el Gral. San Martín en Sta. Cruz. ‖La Pdta. Kirchner, Rvdo. Juan. ‖Fin.");
    check("da", "Han bor på Gl. Strand i Kbh. K. ved Ndr. Frihavnsgade. ‖Det er min. ‖Det er godt.");
    check("it", "Il Pres. Mattarella, il Card. Bagnasco e il Cav. Rossi. ‖F.lli Bianchi, Ist. Leopardi. ‖Bene.");
    check("ru", "Он из пос. Лесной, хут. Вольный, респ. Коми. ‖Чл.-корр. Петров на наб. Фонтанки. ‖Да.");
    check("uk", "Смт. Буча, просп. Перемоги, акад. Патон. ‖Так.");
    check("fr", "Le Cdt. Cousteau, le Gal. Leclerc, Univ. Lyon. ‖Voilà.");
    check("de", "Kt. Zürich, Kgl. Hof, Präs. Obama und Univ.-Prof. Huber. ‖Gut.");
    check("pt", "O Pe. António, o Gov. Dória, o Dep. Silva e o Des. Costa. ‖Fim.");
    check("nl", "Burg. Halsema, wed. Bakker en gen. Spoor. ‖Goed.");
    check("pl", "Dyr. Kowalski, gm. Raba, o. Rydzyk i im. Jana Pawła. ‖To koniec.");
    check("cs", "Arch. Gočár, prez. Zeman, kpt. Nemo. ‖Pes je vlk. ‖Dobře.");
    check("tr", "Op. Dr. Ali, Uzm. Dr. Veli. ‖İyi.");
    check("ro", "Jud. Cluj, mun. Iași, Preș. Iohannis. ‖Bine.");
    check("sv", "Kgl. Hovet, kapt. Nemo. ‖Bra.");
    check("hu", "Szt. István, alez. Kovács, vm. Pest. ‖Jó.");
    check("el", "Ο Δημ. Παπαδόπουλος, Πρ. Γιώργος. ‖Ναι.");
    check("sw", "Brig. Musa, Kpt. John, Kard. Pengo. ‖Hapana.");
    check("en", "Pvt. Ryan, Atty. Gen. Barr, Pt. Reyes. ‖He drives a BMW. ‖Mary knows.");
    check("fa", "م. رضایی آمد. ‖آیا رفت؟ ‖بله!");
}

#[test]
fn brackets_and_quotations_in_chinese_and_japanese() {
    check("zh", "他看了《你好，李焕英！》和〈谁？〉两部电影。‖好看。‖（他走了。）‖我也走。");
    check("zh", "小明（他多大？）来了。‖【快！】‖他说：“今天很好！我们走吧。”‖然后离开了。");
    check("zh", "他說。‖『好的。』‖她說。‖(真的?)‖是");
    check("ja", "「行く。帰る。」と言った。‖『君の名は。』を見た。‖「はい。」‖彼女は答えた。");
    check("zh", "《没有结束！‖真的。‖好。");
}

#[test]
fn stops_typed_with_what_the_keyboard_has() {
    check("hi", "राम घर गया| ‖सीता आई || ‖ठीक है।‖क्या?‖हाँ!");
    check("mr", "ते आले|‖ती गेली|");
    check("ur", "وہ آیا۔‖کیا وہ گیا؟‖ہاں! ‖وہ آیا. ‖ہاں.");
    check("am", "አበበ በሶ በላ፡፡ ‖ጫላ ጨበጠ::‖ዶ.ር አቢይ በ1990 ዓ.ም. መጡ። ‖አዎ፧");
    check("en", "a | b || c");
}

#[test]
fn a_space_is_missing_after_a_full_stop() {
    check("en", "He came home.‖Then he left. ‖See Node.js, System.Out, www.Example.com and file.Txt too.");
    check("kk", "Ресейдiң жағдайы.‖XVIII ғасырда.");
    check("es", "La lista: 1.Helado, 2.Carne. ‖1 + 1 es 2. ‖2 + 2 es 4.");
}

#[test]
fn ellipses_with_spaces_lists_and_marks_alone() {
    check(
        "en",
        "It ends with a period . . . . ‖Next one. ‖Some compounds. ‖. . . The practice was not abandoned. . . .",
    );
    check("en", "It is . . . I think. ‖1.) The first 2.) The second. ‖• 9. The third");
    check("es", "«Con el cantar se consuela. / [...] ». ‖Fin.");
    check("da", "Find it at 1026.253.553. ‖That is it. ‖Den 3. Maj kom han.");
}
