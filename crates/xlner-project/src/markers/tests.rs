use proptest::prelude::*;
use xlner_core::Entity;

use super::assign::best;
use super::*;

fn sentence() -> Sentence {
    let mut sentence = Sentence::from_tokens(["Obama", "met", "New", "York", "[", "sic", "]"]);
    sentence.entities = vec![Entity::new(2..4, "LOC"), Entity::new(0..1, "PER"), Entity::new(3..4, "LOC")];
    sentence
}

#[test]
fn markers_go_round_entities() {
    assert_eq!(mark(&sentence(), Markers::Brackets), "[Obama] met [New York] ( sic )");
    assert_eq!(marked(&sentence(), Markers::Brackets), [1, 0]);
    assert_eq!(mark(&Sentence::default(), Markers::Brackets), "");
    assert_eq!(mark_tokens(&sentence(), Markers::Brackets).join(" "), "[ Obama ] met [ New York ] ( sic )");
}

#[test]
fn tags_go_round_entities_and_into_each_other() {
    let xml = Markers::Xml;
    assert_eq!(mark(&sentence(), xml), "<a>Obama</a> met <b>New <c>York</c></b> [ sic ]");
    assert_eq!(mark_tokens(&sentence(), xml).join(" "), mark(&sentence(), xml));
    let mut other = Sentence::from_tokens(["a", "<", "b", ">", "c"]);
    // One that crosses another gets no marker; the same span twice does.
    let spans = [(0, 3), (2, 5), (0, 1), (0, 3), (4, 5)];
    other.entities = spans.map(|(start, end)| Entity::new(start..end, "X")).to_vec();
    assert_eq!(marked(&other, xml), [0, 3, 2, 4]);
    assert_eq!(mark(&other, xml), "<a><b><c>a</c> ‹ b</b></a> › <d>c</d>");
    assert_eq!(["a", "z", "aa", "az", "ba"], [0, 25, 26, 51, 52].map(letters).each_ref().map(String::as_str));
}

/// The marked texts, where there are `count`.
fn texts(translation: &str, count: usize, markers: Markers) -> Option<(String, Vec<String>)> {
    let marked = read(translation, count, markers)?;
    let texts = marked.ranges.iter().map(|range| marked.text[range.clone()].to_owned()).collect();
    Some((marked.text, texts))
}

#[test]
fn brackets_are_read_as_translators_leave_them() {
    let plain = ("In Нью-Йорк traf Obama.".to_owned(), vec!["Нью-Йорк".to_owned(), "Obama".to_owned()]);
    for altered in [
        "In [Нью-Йорк] traf [Obama].",
        "In [ Нью-Йорк ] traf [Obama].",
        "In 【Нью-Йорк】 traf 【Obama】.",
        "In 【 Нью-Йорк 】 traf [Obama].",
        "In 《Нью-Йорк》 traf 《Obama》.",
        "In ［Нью-Йорк］ traf ［ Obama ］.",
        "In [[Нью-Йорк]] traf [[Obama]].",
        "In [[ Нью-Йорк ]] traf [Obama].",
        "In [ [ Нью-Йорк ] ] traf [ [ Obama ] ].",
        "In [[[Нью-Йорк]]] traf [Obama].",
        "In 〔Нью-Йорк〕 traf 〖Obama〗.",
        "In 「Нью-Йорк」 traf 『Obama』.",
        "In 〈Нью-Йорк〉 traf ⟦Obama⟧.",
        "In 【【Нью-Йорк】】 traf [Obama】.",
    ] {
        let found = texts(altered, 2, Markers::Brackets);
        assert_eq!(found.as_ref(), Some(&plain), "{altered}");
    }
    // What stands in quotation marks is marked only where no bracket says more.
    assert_eq!(texts("《A》 von [B]", 1, Markers::Brackets).unwrap().1, ["B"]);
    assert_eq!(texts("[A][B]", 2, Markers::Brackets).unwrap().1, ["A", "B"]);
    assert_eq!(texts("x[ A ]y [ B ]!", 2, Markers::Brackets).unwrap().0, "x A y B!");
    assert_eq!(texts("nothing", 0, Markers::Brackets).unwrap().1.len(), 0);
    for lost in ["[a", "a]", "[a [b] c]", "a [] b", "[ ] x", "][", "[[a]", "[a]]", "[[a] b]", "【a", "《》", "a"] {
        assert_eq!(read(lost, 1, Markers::Brackets), None, "{lost}");
    }
}

#[test]
fn tags_are_read_as_translators_leave_them() {
    let plain =
        ("In New York traf Obama.".to_owned(), vec!["Obama".to_owned(), "New York".to_owned(), "York".to_owned()]);
    for altered in [
        "In <b>New <c>York</c></b> traf <a>Obama</a>.",
        "In <b> New <c> York </c> </b> traf <a> Obama </a>.",
        "In < b >New < C >York</ c >< / b > traf <A>Obama</A>.",
        "In ＜b＞New ＜c＞York＜／c＞＜/b＞ traf &lt;a&gt;Obama&lt;/a&gt;.",
    ] {
        assert_eq!(texts(altered, 3, Markers::Xml).as_ref(), Some(&plain), "{altered}");
    }
    assert_eq!(texts("a < b <a>x</a>", 1, Markers::Xml).unwrap(), ("a < b x".into(), vec!["x".into()]));
    for lost in
        ["<a>x", "x</a>", "<a></a>", "<a>x</b>", "<a>x</a> <a>y</a>", "<b>x</b>", "x", "<a>x</a> <b>y</b>", "<a>x<a>"]
    {
        assert_eq!(read(lost, 1, Markers::Xml), None, "{lost}");
    }
    assert_eq!(read("<a>x <b>y</a> z</b>", 2, Markers::Xml), None);
}

proptest! {
    #[test]
    fn what_is_marked_is_read_however_it_is_altered(
        words in proptest::collection::vec("[a-zа-я一-龠]{1,4}", 1..12),
        spans in proptest::collection::vec((0_usize..12, 1_usize..4), 0..5),
        alter in 0_usize..8,
    ) {
        let mut sentence = Sentence::from_tokens(&words);
        for (start, length) in spans {
            let (start, end) = (start.min(words.len() - 1), (start + length).min(words.len()));
            if start < end {
                sentence.entities.push(Entity::new(start..end, "X"));
            }
        }
        for markers in [Markers::Brackets, Markers::Xml] {
            let entities = marked(&sentence, markers);
            let text = mark(&sentence, markers);
            let pairs = [("[", "]"), ("【", "】"), ("《", "》"), ("[[", "]]"), ("[ [ ", " ] ]"), ("［ ", " ］"), ("[ ", " ]"), ("「", "」")];
            let text = match markers {
                Markers::Brackets => text.replace('[', pairs[alter].0).replace(']', pairs[alter].1),
                Markers::Xml if alter % 2 == 1 => text.replace('<', "< ").replace('>', " >").to_uppercase(),
                Markers::Xml => text,
            };
            let found = texts(&text, entities.len(), markers);
            let wanted: Vec<String> = entities.iter().map(|&e| sentence.span_text(sentence.entities[e].span).to_owned()).collect();
            let found = found.map(|(_, texts)| texts.iter().map(|text| text.to_lowercase()).collect::<Vec<_>>());
            prop_assert_eq!(found, Some(wanted), "{}", text);
        }
    }
}

#[test]
fn marked_texts_find_their_entities() {
    let found = |marked: &[&str], entities: &[&str]| -> Vec<usize> {
        assign(marked, entities).into_iter().map(|(entity, _)| entity).collect()
    };
    assert_eq!(found(&["Нью-Йорк", "Obama"], &["Obama", "New York"]), [1, 0]);
    assert_eq!(found(&["x", "y"], &["a", "b"]), [0, 1]);
    assert!(found(&[], &[]).is_empty());
    let names: Vec<String> = (0..15).map(|n| format!("name{n}x{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let turned: Vec<&str> = names.iter().rev().copied().collect();
    assert_eq!(found(&turned, &names), (0..15).rev().collect::<Vec<_>>());
}

#[test]
fn the_sum_is_the_largest() {
    // Greedy would take .9 and .0.
    let alike = vec![vec![0.9, 0.8], vec![0.7, 0.0]];
    assert_eq!(best(&alike), [1, 0]);
}
