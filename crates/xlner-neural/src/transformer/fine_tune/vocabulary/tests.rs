use super::*;

fn word_pieces(pieces: &[&str]) -> Value {
    let vocabulary: serde_json::Map<String, Value> =
        pieces.iter().enumerate().map(|(id, piece)| ((*piece).to_owned(), id.into())).collect();
    json!({"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": null, "decoder": null, "truncation": null, "padding": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary}})
}

fn unigram() -> Value {
    let pieces: Vec<Value> = ["<unk>", "▁", "b", "e", "o", "be", "▁be", "<mask>"]
        .iter()
        .enumerate()
        .map(|(at, piece)| json!([piece, -1.0 - at as f64]))
        .collect();
    let spaces = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true});
    let mut description = word_pieces(&[]);
    description["pre_tokenizer"] = spaces;
    description["model"] = json!({"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": false});
    // As DeBERTa has it: after the pieces.
    description["added_tokens"] = json!([{"id": 8, "content": "[MASK]", "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true}]);
    description
}

fn byte_pairs() -> Value {
    let mut description = word_pieces(&["a", "b", "c", "ab"]);
    description["model"] = json!({"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
        "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false,
        "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3}, "merges": ["a b"]});
    description
}

fn run(description: &Value, words: &[(&str, u64)], count: usize) -> (Augmented, Tokenizer) {
    let path = Path::new("tokenizer.json");
    let tokenizer = Tokenizer::described(path, description.clone()).unwrap();
    let mut parts = BTreeMap::new();
    for (word, times) in words {
        for part in tokenizer.parts(word).unwrap() {
            *parts.entry(part).or_default() += times;
        }
    }
    let augmented = augment(path, &tokenizer, description.clone(), &parts, count).unwrap();
    let tokenizer = Tokenizer::described(path, augmented.description.clone()).unwrap();
    (augmented, tokenizer)
}

fn texts(augmented: &Augmented) -> Vec<&str> {
    augmented.pieces.iter().map(|piece| &*piece.text).collect()
}

#[test]
fn the_pieces_that_save_most() {
    let old = word_pieces(&["[UNK]", "be", "##o", "##g", "##r", "##a", "##d", "n"]);
    let (augmented, tokenizer) = run(&old, &[("beograd", 5), ("beogra", 2), ("nograd", 3)], 2);
    // (5 + 3) × 4, where beograd alone saves 5 × 5; then 2 × 4, where it saves one more piece 5 times.
    assert_eq!((augmented.first, texts(&augmented)), (8, vec!["##ograd", "beogra"]));
    assert_eq!(augmented.pieces[0].parts, [2, 3, 4, 5, 6]);
    assert_eq!(augmented.pieces[1].parts, [1, 2, 3, 4, 5]);
    // The longest match, as ever.
    assert_eq!(tokenizer.encode("beograd nograd", false).unwrap().get_ids(), [9, 6, 7, 8]);
}

#[test]
fn letters_that_are_not_known() {
    let old = word_pieces(&["[UNK]", "a", "##a"]);
    let (augmented, tokenizer) = run(&old, &[("ћа", 4), ("aћ", 4), ("x", 1)], 9);
    assert_eq!(texts(&augmented), ["ћа", "aћ"], "what occurs once is left");
    assert_eq!(augmented.pieces[0].parts, [] as [u32; 0]);
    assert_eq!(tokenizer.encode("ћа aћ x", false).unwrap().get_ids(), [3, 4, 0]);
}

#[test]
fn unigram_models() {
    let (augmented, tokenizer) = run(&unigram(), &[("beo", 9), ("obe", 4)], 2);
    assert_eq!((augmented.first, texts(&augmented)), (9, vec!["▁beo", "▁obe"]));
    assert_eq!(tokenizer.encode(&["beo", "obe", "[MASK]"][..], false).unwrap().get_ids(), [9, 10, 8]);
}

#[test]
fn byte_pairs_are_merged() {
    let (augmented, tokenizer) = run(&byte_pairs(), &[("abc", 9), ("abcabc", 4)], 2);
    assert_eq!(texts(&augmented), ["abc", "abcabc"]);
    assert_eq!(augmented.pieces[1].parts, [3, 2, 3, 2]);
    assert_eq!(augmented.description["model"]["merges"], json!(["a b", "ab c", "abc abc"]));
    assert_eq!(tokenizer.encode("abcabc abca", false).unwrap().get_ids(), [5, 4, 0]);
}

#[test]
fn other_tokenisers_are_refused() {
    let mut description = word_pieces(&["[UNK]"]);
    description["model"] = json!({"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"});
    let path = Path::new("tokenizer.json");
    let tokenizer = Tokenizer::described(path, description.clone()).unwrap();
    let problem = augment(path, &tokenizer, description, &BTreeMap::new(), 3).err().unwrap().to_string();
    assert!(problem.contains("WordLevel"), "{problem}");
}
