use proptest::prelude::*;

use super::*;

/// `get_entities` of seqeval 1.2.2, which follows `conlleval`, said again as it stands there.
fn conlleval(tags: &[&str]) -> Vec<(String, usize, usize)> {
    let (mut chunks, mut begin) = (Vec::new(), 0);
    let (mut before, mut label_before) = ('O', "_");
    for (i, tag) in tags.iter().copied().chain(["O"]).enumerate() {
        let prefix = tag.chars().next().unwrap();
        let label = tag.split_once('-').map_or("_", |(_, label)| label);
        let end = matches!(
            (before, prefix),
            ('E' | 'S', _) | ('B', 'B') | ('B', 'S') | ('B', 'O') | ('I', 'B') | ('I', 'S') | ('I', 'O')
        ) || (before != 'O' && label_before != label);
        let start = matches!((before, prefix), (_, 'B' | 'S') | ('E' | 'S' | 'O', 'E' | 'I'))
            || (prefix != 'O' && label_before != label);
        if end {
            chunks.push((label_before.to_owned(), begin, i));
        }
        if start {
            begin = i;
        }
        (before, label_before) = (prefix, label);
    }
    chunks
}

fn found(tags: &[&str], scheme: Scheme) -> Vec<(String, usize, usize)> {
    let entities = decode(tags, scheme).unwrap().entities;
    entities.into_iter().map(|entity| (entity.label, entity.span.start, entity.span.end)).collect()
}

fn entities(spans: &[(usize, usize, &str)]) -> Vec<Entity> {
    spans.iter().map(|&(start, end, label)| Entity::new(start..end, label)).collect()
}

#[test]
fn the_table_of_the_module() {
    let named = entities(&[(0, 2, "LOC"), (2, 3, "LOC"), (4, 5, "LOC")]);
    for (scheme, prefixes) in [
        (Scheme::Iob1, "IIBOI"),
        (Scheme::Iob2, "BIBOB"),
        (Scheme::Ioe1, "IEIOI"),
        (Scheme::Ioe2, "IEEOE"),
        (Scheme::Iobes, "BESOS"),
        (Scheme::Bilou, "BLUOU"),
        (Scheme::Io, "IIIOI"),
    ] {
        let tags = encode(5, &named, scheme).unwrap();
        assert_eq!(tags.iter().map(|tag| &tag[..1]).collect::<String>(), prefixes, "{scheme}");
    }
}

#[test]
fn malformed_sequences_are_read_and_counted() {
    let repaired = |tags: &[&str], scheme| decode(tags, scheme).unwrap().repaired;
    assert_eq!(found(&["I-A", "I-B", "I-B"], Scheme::Iob2), [("A".into(), 0, 1), ("B".into(), 1, 3)]);
    assert_eq!(repaired(&["I-A", "I-B", "I-B"], Scheme::Iob2), 2);
    assert_eq!(repaired(&["I-A", "I-B", "I-B"], Scheme::Iob1), 0);
    assert_eq!(repaired(&["B-A", "O", "B-A", "I-A"], Scheme::Iob1), 2);
    assert_eq!(repaired(&["B-A", "I-A", "O"], Scheme::Iobes), 1);
    assert_eq!(found(&["E-A", "E-A", "I-A"], Scheme::Iobes).len(), 3);
}

#[test]
fn labels_hold_hyphens_and_may_be_missing() {
    assert_eq!(found(&["B-foo-bar", "I-foo-bar"], Scheme::Iob2), [("foo-bar".into(), 0, 2)]);
    assert_eq!(found(&["B", "I", "O", "B"], Scheme::Iob2), [("_".into(), 0, 2), ("_".into(), 3, 4)]);
    assert_eq!(found(&["art-film", "art-film", "PER"], Scheme::Io), [("art-film".into(), 0, 2), ("PER".into(), 2, 3)]);
}

#[test]
fn what_is_not_a_tag_is_refused() {
    for bad in ["", "PER", "X-PER", "b-PER", "BPER", "O-PER", "é", "-"] {
        let error = decode(&["O", bad], Scheme::Iob2).unwrap_err();
        assert_eq!(error, Error::BadTag { tag: bad.into() });
    }
    assert!(decode(&[""], Scheme::Io).is_err());
}

#[test]
fn entities_that_tags_cannot_say_are_refused() {
    let encode = |spans: &[(usize, usize, &str)]| encode(3, &entities(spans), Scheme::Iob2);
    assert!(matches!(encode(&[(1, 3, "A"), (0, 2, "B")]), Err(Error::Overlap(..))));
    assert!(matches!(encode(&[(2, 4, "A")]), Err(Error::SpanOutOfRange { .. })));
    assert!(matches!(encode(&[(1, 1, "A")]), Err(Error::SpanOutOfRange { .. })));
    assert!(matches!(encode(&[(1, 2, "")]), Err(Error::Invalid(_))));
}

#[test]
fn schemes_have_names() {
    for scheme in Scheme::ALL {
        assert_eq!(scheme.to_string().to_uppercase().parse::<Scheme>().unwrap(), scheme);
    }
    assert_eq!("BIO".parse::<Scheme>().unwrap(), Scheme::Iob2);
    assert!("iob3".parse::<Scheme>().is_err());
}

#[test]
fn the_scheme_is_detected() {
    let detect = |tags: &str| {
        let tags: Vec<&str> = tags.split(' ').collect();
        super::detect([tags.as_slice()])
    };
    assert_eq!(detect("O O"), Scheme::Iob2);
    assert_eq!(detect("B-A I-A O B-A"), Scheme::Iob2);
    assert_eq!(detect("B-A I-A O B-A O I-A O B-A"), Scheme::Iob2);
    assert_eq!(detect("I-A I-A B-A O I-B"), Scheme::Iob1);
    assert_eq!(detect("I-A I-A O I-B"), Scheme::Iob1);
    assert_eq!(detect("I-A E-A O E-B"), Scheme::Ioe2);
    assert_eq!(detect("I-A E-A I-A O I-B"), Scheme::Ioe1);
    assert_eq!(detect("B-A E-A O S-B"), Scheme::Iobes);
    assert_eq!(detect("B-A L-A O U-B"), Scheme::Bilou);
    assert_eq!(detect("A A O B-side"), Scheme::Io);
    assert_eq!(detect("B-A X-A O B-A"), Scheme::Iob2); // and reading it names `X-A`
    assert_eq!(super::detect(std::iter::empty::<&[&str]>()), Scheme::Iob2);
}

/// Entities that do not overlap, in a sentence of the given length.
fn annotation() -> impl Strategy<Value = (usize, Vec<Entity>)> {
    let label = prop_oneof![Just("PER"), Just("LOC"), Just("foo-bar"), Just("_")];
    prop::collection::vec((0_usize..3, 1_usize..4, label), 0..8).prop_map(|parts| {
        let (mut at, mut entities) = (0, Vec::new());
        for (gap, len, label) in parts {
            entities.push(Entity::new(at + gap..at + gap + len, label));
            at += gap + len;
        }
        (at + 1, entities)
    })
}

fn malformed() -> impl Strategy<Value = Vec<&'static str>> {
    let tags = ["O", "B-A", "I-A", "E-A", "S-A", "B-x-y", "I-x-y", "E-x-y", "S-x-y", "B", "I"];
    prop::collection::vec(prop::sample::select(tags.to_vec()), 0..24)
}

proptest! {
    #[test]
    fn every_scheme_but_io_comes_back((len, named) in annotation()) {
        for scheme in Scheme::ALL {
            let tags = encode(len, &named, scheme).unwrap();
            let decoded = decode(&tags, scheme).unwrap();
            prop_assert_eq!(decoded.repaired, 0);
            if scheme == Scheme::Io {
                prop_assert_eq!(encode(len, &decoded.entities, scheme).unwrap(), tags);
            } else {
                prop_assert_eq!(&decoded.entities, &named);
            }
        }
    }

    #[test]
    fn conversion_is_undone((len, named) in annotation()) {
        let tags = encode(len, &named, Scheme::Iob2).unwrap();
        for scheme in Scheme::ALL.into_iter().filter(|&scheme| scheme != Scheme::Io) {
            let there = convert(&tags, Scheme::Iob2, scheme).unwrap();
            prop_assert_eq!(&convert(&there, scheme, Scheme::Iob2).unwrap(), &tags);
        }
    }

    #[test]
    fn malformed_sequences_are_read_as_conlleval_reads_them(tags in malformed()) {
        for scheme in Scheme::ALL {
            prop_assert_eq!(found(&tags, scheme), conlleval(&tags));
        }
    }

    #[test]
    fn a_detected_scheme_needs_no_more_repairs_than_any((len, named) in annotation(), tags in malformed()) {
        for written in Scheme::ALL {
            let own = encode(len, &named, written).unwrap();
            prop_assert_eq!(decode(&own, detect([own.as_slice()])).unwrap().repaired, 0);
        }
        let best = decode(&tags, detect([tags.as_slice()])).unwrap().repaired;
        for scheme in Scheme::ALL {
            prop_assert!(best <= decode(&tags, scheme).unwrap().repaired);
        }
    }

    #[test]
    fn any_text_is_a_tag_or_an_error(text in "\\PC{0,6}") {
        for scheme in Scheme::ALL {
            if let Ok(tag) = Tag::parse(&text, scheme) {
                prop_assert!(tag.prefix == Prefix::O || !tag.label.is_empty());
            }
        }
    }
}

#[test]
fn bmes_and_bmeow_are_iobes_with_other_letters() {
    for tags in [["B-PER", "M-PER", "E-PER", "O", "S-LOC"], ["B-PER", "M-PER", "E-PER", "O", "W-LOC"]] {
        assert_eq!(detect([&tags[..]]), Scheme::Iobes);
        let decoded = decode(&tags, Scheme::Iobes).unwrap();
        assert_eq!((decoded.entities.len(), decoded.repaired), (2, 0));
    }
    assert_eq!("bmeow".parse::<Scheme>().unwrap(), Scheme::Iobes);
}
