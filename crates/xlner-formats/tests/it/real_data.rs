//! Every kind of file in the shared data, read whole.

use std::path::{Path, PathBuf};

use xlner_formats::{Format, ReadOptions, Side, Tagged, read_alignments, read_pairs, read_sentences, read_tags};

/// The shared data, or `None` with a remark where it is absent.
fn data() -> Option<PathBuf> {
    xlner_testing::shared("")
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no .{extension}", folder.display());
    files
}

/// Sentences, tokens and `B-` tags of an IOB2 file.
fn counts(path: &Path, options: &ReadOptions) -> (usize, usize, usize) {
    let mut reader = read_sentences(path, options).unwrap();
    let (mut sentences, mut tokens, mut entities) = (0, 0, 0);
    for sentence in reader.by_ref() {
        let sentence = sentence.unwrap();
        sentences += 1;
        tokens += sentence.len();
        entities += sentence.entities.len();
    }
    // An `I-` that begins an entity is a repair.
    (sentences, tokens, entities - reader.repaired() as usize)
}

#[test]
fn europarl_ner_has_the_counts_of_its_readme() {
    let Some(data) = data() else { return };
    for (lang, tokens, entities) in [("en", 22320, 702), ("de", 20187, 693), ("es", 23279, 697), ("it", 21918, 693)] {
        let path = data.join(format!("europarl-ner/{lang}-europarl.test.conll02"));
        assert_eq!(counts(&path, &ReadOptions::default()), (799, tokens, entities), "{lang}");
    }
    for path in files(&data.join("europarl-ner/links"), "pharaoh") {
        assert_eq!(read_alignments(&path, &ReadOptions::default()).unwrap().map(Result::unwrap).count(), 799);
    }
}

#[test]
fn column_files_have_the_counts_of_the_readme() {
    let Some(data) = data() else { return };
    for (path, sentences, entities) in [
        ("uner-en-ewt/train.iob2", 12543, 7005),
        ("uner-en-ewt/dev.iob2", 2001, 966),
        ("uner-en-ewt/test.iob2", 2077, 1088),
        ("uner-sr-set/sr.dev.conll", 536, 742),
        ("uner-sr-set/sr.test.conll", 520, 847),
        ("wnut17/train.conll", 3394, 1975),
        ("wnut17/dev.conll", 1009, 836),
        ("wnut17/test.conll", 1287, 1079),
        // 145 of the 1841 blocks are `-DOCSTART-` alone, 17 of the 3558 entities begin with `I-`.
        ("wikigold/en.conll", 1841 - 145, 3558 - 17),
        ("wikiann/es.dev.conll", 1000, 1215),
    ] {
        let (found, _, found_entities) = counts(&data.join(path), &ReadOptions::default());
        assert_eq!((found, found_entities), (sentences, entities), "{path}");
    }
    let btc: usize = files(&data.join("btc"), "conll").iter().map(|path| counts(path, &ReadOptions::default()).2).sum();
    assert_eq!(btc, 14885);
    for (file, sentences) in [("en.train", 11590), ("en.test", 11597), ("fr.train", 12600), ("fr.test", 12678)] {
        let path = data.join(format!("wikineural/{file}.conll"));
        let mut reader = read_tags(&path, &ReadOptions::default()).unwrap();
        let (mut tagged, mut found) = (Tagged::new(), 0);
        while reader.next_into(&mut tagged).unwrap() {
            found += 1;
        }
        assert_eq!(found, sentences, "{file}");
    }
    // `.txt` means lines, so the format is given.
    let options = ReadOptions { format: Some(Format::Conll), ..ReadOptions::default() };
    assert_eq!(counts(&data.join("crossner/politics/test.txt"), &options).0, 651);
}

#[test]
fn pairs_of_all_kinds() {
    let Some(data) = data() else { return };
    let options = ReadOptions::default();
    let bam = data.join("masakhaner2-mafand/bam.dev.jsonl");
    let mut reader = read_pairs(&bam, &options).unwrap();
    let entities: usize = reader.by_ref().map(|pair| pair.unwrap().target.entities.len()).sum();
    assert_eq!(entities - reader.repaired() as usize, 2362);
    let target = ReadOptions { side: Some(Side::Target), ..ReadOptions::default() };
    assert_eq!(counts(&bam, &target).2, 2362);
    for path in files(&data.join("masakhaner2-mafand"), "jsonl") {
        let items = read_pairs(&path, &options).unwrap().map(Result::unwrap).count();
        let lang = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap().to_owned();
        let records = data.join(format!("masakhaner2-mafand-pairs/{lang}.dev.pairs.jsonl"));
        let with_gold = read_pairs(&records, &options).unwrap().map(Result::unwrap);
        assert_eq!(with_gold.filter(|pair| pair.extra.get("gold").is_some()).count(), items, "{lang}");
    }
    let yor = read_pairs(&data.join("mafand-parallel/en-yor.tsv"), &options).unwrap().map(Result::unwrap).count();
    assert_eq!(yor, 7105);
    let multi30k = data.join("parallel/multi30k.en-de.tsv");
    assert_eq!(read_pairs(&multi30k, &options).unwrap().map(Result::unwrap).count(), 30007);
}

#[test]
fn gold_alignments_go_with_their_bitext() {
    let Some(data) = data() else { return };
    let tokenized = ReadOptions { tokenized: true, ..ReadOptions::default() };
    let mut out_of_range = 0;
    for path in files(&data.join("word-alignment"), "gold") {
        let pairs = read_pairs(&path.with_extension("bitext"), &tokenized).unwrap().map(Result::unwrap);
        let pairs: Vec<_> = pairs.collect();
        let gold: Vec<_> = read_alignments(&path, &tokenized).unwrap().map(Result::unwrap).collect();
        assert_eq!(pairs.len(), gold.len(), "{}", path.display());
        for (pair, alignment) in pairs.iter().zip(&gold) {
            out_of_range += usize::from(alignment.possible.validate(pair.source.len(), pair.target.len()).is_err());
        }
    }
    assert_eq!(out_of_range, 0);
    let hansards = data.join("word-alignment/hansards.en-fr.gold");
    let (sure, possible) = read_alignments(&hansards, &tokenized)
        .unwrap()
        .map(Result::unwrap)
        .fold((0, 0), |(sure, possible), alignment| (sure + alignment.sure.len(), possible + alignment.possible.len()));
    assert_eq!((sure, possible - sure), (4038, 13400));
}
