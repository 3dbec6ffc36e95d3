//! Files of links under the names and with the counts that people give them.

use crate::common::file;
use xlner_core::Alignment;
use xlner_formats::{ReadOptions, WriteOptions, read_alignments, write_alignments};

fn read(name: &str, content: &str, options: &ReadOptions) -> Vec<Alignment> {
    let file = file(name, content);
    let alignments = read_alignments(&file.path, options).unwrap();
    alignments.map(|alignment| alignment.unwrap().into()).collect()
}

#[test]
fn any_name_will_do() {
    for name in
        ["a.talp", "a.out", "a.gdfa", "a.pharaoh", "a", "a.txt", "a.grow-diag-final-and", "a.conll", "links.2024"]
    {
        let alignments = read(name, "\n0-0 1?1\n", &ReadOptions::default());
        assert_eq!(alignments.len(), 2, "{name}");
        assert!(alignments[1].is_possible(1, 1), "{name}");
    }
    let alignments = read("a.out", "1 1 1\n1 2 2 P\n2 1 1\n", &ReadOptions::default());
    assert_eq!((alignments.len(), alignments[0].is_possible(1, 1)), (2, true));
    let other = file("a.out", "Oslo won\n");
    assert!(
        read_alignments(&other.path, &ReadOptions::default())
            .err()
            .unwrap()
            .to_string()
            .contains("option `from_format`")
    );
}

#[test]
fn links_that_may_count_from_one_are_noted() {
    for (text, one_based, noted) in [
        ("1-1 2-2 3-3\n", false, true),
        ("1-1 2-2 3-3\n", true, false),
        ("1-1 2-2 3-3\n0-0\n", false, false),
        ("0-1 2-2 3-3\n", false, false),
        ("1-1\n", false, false),
        ("\n1-1 2-1\n\n1-1\n", false, true),
    ] {
        let options = ReadOptions { one_based, ..ReadOptions::default() };
        read("a.pharaoh", text, &options);
        assert_eq!(options.notes.list().iter().any(|note| note.kind.name == "links-from-one"), noted, "{text}");
    }
}

#[test]
fn possible_links_stay_possible_in_every_format() {
    let alignment: Alignment = serde_json::from_str(r#"[[0,0],[1,1,0.5,"p"],[2,1,1.0,"p"]]"#).unwrap();
    for name in ["a.pharaoh", "a.naacl"] {
        let file = file(name, "");
        let options = WriteOptions { probabilities: true, ..WriteOptions::default() };
        let mut writer = write_alignments(&file.path, &options).unwrap();
        writer.write(&alignment).unwrap();
        writer.finish().unwrap();
        let read: Vec<Alignment> =
            read_alignments(&file.path, &ReadOptions::default()).unwrap().map(|read| read.unwrap().into()).collect();
        assert_eq!(read, std::slice::from_ref(&alignment), "{name}");
    }
}
