//! Tokenisers of folders that hold a SentencePiece model and no `tokenizer.json`, built as `transformers` converts them.

use std::path::Path;

use serde_json::Value;
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Precompiled, Replace, Sequence as Normalizers, Strip};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::punctuation::Punctuation;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Tokenizer as Library};

use crate::sentencepiece::ModelFile;
use crate::tokenizer::{Tokenizer, is_whole_map};
use crate::{Error, Result};

/// XLM-R's: pieces are numbered as fairseq does.
pub(super) fn xlm_roberta(path: &Path) -> Result<Tokenizer> {
    let file = unigram(path)?;
    let scores = [0.0; 4].into_iter().chain(file.pieces.iter().skip(3).map(|piece| f64::from(piece.score)));
    let mut pieces: Vec<(String, f64)> = file.pieces_of_fairseq().into_iter().zip(scores).collect();
    pieces.push(("<mask>".to_owned(), 0.0));
    let mut tokenizer = Library::new(Unigram::from(pieces, Some(3), false).map_err(|problem| wrong(path, problem))?);
    tokenizer.with_normalizer(charsmap(path, &file)?);
    let spaces = Metaspace::new('▁', PrependScheme::Always, true);
    tokenizer.with_pre_tokenizer(Some(Sequence::new(vec![WhitespaceSplit.into(), spaces.into()])));
    tokenizer.with_post_processor(Some(framed(path, ("<s>", 0), ("</s>", 2))?));
    let special = ["<s>", "<pad>", "</s>", "<unk>"].map(|token| AddedToken::from(token, true));
    tokenizer.add_special_tokens(&special);
    tokenizer.add_special_tokens(&[AddedToken::from("<mask>", true).lstrip(true)]);
    Tokenizer::built(path, || Ok(tokenizer))
}

/// DeBERTa-v2's and v3's: pieces are numbered as they stand, and the model's own normalisation holds (`DebertaV2Converter`).
///
/// `transformers` 5 leaves the normalisation of the model file out, with which the published models were trained; versions before
/// it keep it, as SentencePiece does.
pub(super) fn deberta(path: &Path) -> Result<Tokenizer> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let options = json(&folder.join("tokenizer_config.json"))?;
    let names = json(&folder.join("special_tokens_map.json"))?;
    let file = unigram(path)?;
    let unknown = file.pieces.iter().position(|piece| piece.kind == 2);
    let unknown = unknown.ok_or_else(|| Error::model(path, "no piece stands for what is unknown"))?;
    let pieces = file.pieces.iter().map(|piece| (piece.text.clone(), f64::from(piece.score))).collect();
    let model = Unigram::from(pieces, Some(unknown), false).map_err(|problem| wrong(path, problem))?;
    let mut tokenizer = Library::new(model);

    let is_set = |option: &str| options[option].as_bool().unwrap_or(false);
    let mut normalizers: Vec<NormalizerWrapper> = Vec::new();
    if is_set("do_lower_case") {
        normalizers.push(Lowercase.into());
    }
    normalizers.push(Strip::new(true, true).into());
    normalizers.extend(charsmap(path, &file)?.map(NormalizerWrapper::from));
    let spaces = Replace::new(ReplacePattern::Regex(" {2,}".into()), " ").map_err(|problem| wrong(path, problem))?;
    normalizers.push(spaces.into());
    tokenizer.with_normalizer(Some(Normalizers::new(normalizers)));
    let mut cuts: Vec<PreTokenizerWrapper> = Vec::new();
    if is_set("split_by_punct") {
        cuts.push(Punctuation::default().into());
    }
    cuts.push(Metaspace::new('▁', PrependScheme::Always, true).into());
    tokenizer.with_pre_tokenizer(Some(Sequence::new(cuts)));

    // Control pieces are special; those that a user defined are not, but are never cut.
    for piece in file.pieces.iter().filter(|piece| [3, 4].contains(&piece.kind)) {
        tokenizer.add_tokens(&[AddedToken::from(&*piece.text, piece.kind == 3).normalized(false)]);
    }
    let named = |role: &str, usual: &str| {
        let given = [&options[role], &names[role]]
            .into_iter()
            .find_map(|value| value.as_str().or_else(|| value["content"].as_str()));
        given.unwrap_or(usual).to_owned()
    };
    let (cls, sep) = (named("cls_token", "[CLS]"), named("sep_token", "[SEP]"));
    for token in [&*cls, &sep, &named("pad_token", "[PAD]"), &named("unk_token", "[UNK]")] {
        if tokenizer.token_to_id(token).is_none() {
            return Err(Error::model(path, format!("{token} is not among its pieces: it is not that of a DeBERTa")));
        }
        tokenizer.add_special_tokens(&[AddedToken::from(token, true)]);
    }
    tokenizer.add_special_tokens(&[AddedToken::from(named("mask_token", "[MASK]"), true)]);
    add_tokens(&mut tokenizer, &folder.join("added_tokens.json"))?;
    let id = |token: &str| tokenizer.token_to_id(token).expect("it was looked for");
    let framed = framed(path, (&cls, id(&cls)), (&sep, id(&sep)))?;
    tokenizer.with_post_processor(Some(framed));
    Tokenizer::built(path, || Ok(tokenizer))
}

/// Adds the tokens of `added_tokens.json`, which gives their numbers; where it is not there, none.
fn add_tokens(tokenizer: &mut Library, path: &Path) -> Result<()> {
    let added = json(path)?;
    let mut added: Vec<(&String, Option<u64>)> =
        added.as_object().into_iter().flatten().map(|(token, id)| (token, id.as_u64())).collect();
    added.sort_by_key(|(_, id)| *id);
    for (token, id) in added {
        tokenizer.add_tokens(&[AddedToken::from(&**token, false)]);
        let found = tokenizer.token_to_id(token).map(u64::from);
        if found.is_none() || found != id {
            let found = found.unwrap_or_default();
            return Err(Error::model(
                path,
                format!("{token} would be number {found}; the file does not go with the pieces"),
            ));
        }
    }
    Ok(())
}

fn wrong(path: &Path, problem: tokenizers::Error) -> Error {
    Error::model(path, problem.to_string())
}

/// Reads a SentencePiece model, which must be a unigram one.
fn unigram(path: &Path) -> Result<ModelFile> {
    let file = ModelFile::open(path)?;
    if file.unigram {
        Ok(file)
    } else {
        Err(Error::model(
            path,
            "this is a BPE model; XLM-R and DeBERTa have a unigram model, and others a tokenizer.json",
        ))
    }
}

/// Its replacements of characters, where it has any.
fn charsmap(path: &Path, file: &ModelFile) -> Result<Option<Precompiled>> {
    if file.charsmap.is_empty() {
        return Ok(None);
    }
    if !is_whole_map(&file.charsmap, file.charsmap.len()) {
        return Err(Error::model(path, "its map of characters breaks off; the file is damaged, fetch it again"));
    }
    let map = Some(Precompiled::from(&file.charsmap));
    map.transpose().map_err(|problem| wrong(path, Box::new(problem)))
}

/// A sentence stands between two special tokens.
fn framed(path: &Path, first: (&str, u32), last: (&str, u32)) -> Result<TemplateProcessing> {
    TemplateProcessing::builder()
        .try_single(format!("{} $A {}", first.0, last.0))
        .and_then(|builder| builder.special_tokens(vec![first, last]).build().map_err(|problem| problem.to_string()))
        .map_err(|problem| Error::model(path, problem))
}

/// A file of JSON; null where it is not there.
pub(super) fn json(path: &Path) -> Result<Value> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|problem| Error::model(path, problem.to_string())),
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => Ok(Value::Null),
        Err(problem) => Err(Error::file(path, problem)),
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::Sentence;

    use super::super::SubWordTokenizer;

    /// A field of a protobuf message.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }

    /// A model file of pieces and their kinds.
    fn model(pieces: &[(&str, u8)]) -> Vec<u8> {
        let piece = |(text, kind): &(&str, u8)| field(1, &[field(1, text.as_bytes()), vec![3 << 3, *kind]].concat());
        pieces.iter().flat_map(piece).collect()
    }

    const SPECIAL: [(&str, u8); 4] = [("[PAD]", 3), ("[CLS]", 3), ("[SEP]", 3), ("[UNK]", 2)];

    #[test]
    fn deberta_by_its_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
        let load = || SubWordTokenizer::load(folder.path());
        let pieces = [&SPECIAL[..], &[("▁oba", 1), ("ma", 1), ("▁", 1), ("<extra>", 4)]].concat();
        write("spm.model", &model(&pieces));
        write("added_tokens.json", br#"{"[MASK]": 8}"#);
        let sentence = Sentence::from_tokens(["Obama", "obama", "[MASK]", "<extra>", "\u{3000}"]);
        let tokens = load().unwrap().encode(&sentence).unwrap();
        // What begins with a letter that is not known is an unknown piece after a space.
        assert_eq!(tokens.ids, [1, 6, 3, 5, 4, 5, 8, 7, 2], "{tokens:?}");
        write("tokenizer_config.json", br#"{"do_lower_case": true, "cls_token": {"content": "[SEP]"}}"#);
        let tokens = load().unwrap().encode(&sentence).unwrap();
        assert_eq!(tokens.ids[..5], [2, 4, 5, 4, 5]);
        assert_eq!(tokens.words[..5], [None, Some(0), Some(0), Some(1), Some(1)]);

        write("added_tokens.json", br#"{"[MASK]": 9}"#);
        assert!(load().unwrap_err().to_string().contains("[MASK] would be number 8"));
        write("spm.model", &model(&pieces[1..]));
        assert!(load().unwrap_err().to_string().contains("[PAD] is not among its pieces"));
        write("spm.model", &model(&pieces[4..]));
        assert!(load().unwrap_err().to_string().contains("what is unknown"));
        write("spm.model", &[model(&pieces), field(2, &[3 << 3, 2])].concat());
        assert!(load().unwrap_err().to_string().contains("BPE"));
    }
}
