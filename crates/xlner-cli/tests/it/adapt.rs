//! `xlner adapt`.

use crate::common::{fails, folder};

#[cfg(not(feature = "fine-tune"))]
#[test]
fn without_the_feature() {
    fails(&folder(&[]), "adapt --init init --raw a.txt -o out", 2, "without the feature `fine-tune`");
}

#[cfg(feature = "fine-tune")]
mod built {
    use crate::common::stdout;
    use serde_json::Value;
    use tempfile::TempDir;

    use super::*;

    fn files() -> TempDir {
        let mut text = String::new();
        for person in ["Anna", "Peter", "Maria"] {
            for place in ["Berlin", "Oslo", "Rome"] {
                text += &format!("{person} lives in {place}.\n{person} sings.\n");
            }
        }
        let folder = folder(&[
            ("text.txt", text.repeat(4).as_bytes()),
            ("more.txt", "Маria лives in Rome .\n".as_bytes()),
            ("bitext.tsv", b"Anna sings\tPeter lives\nAnna\t\n"),
            ("train.conll", b"Maria\tB-PER\nsings\tO\n\n"),
        ]);
        crate::tiny_bert::write(&folder.path().join("init"));
        folder
    }

    #[test]
    fn an_encoder_is_adapted_and_used() {
        let folder = files();
        let settings = "--epochs 8 --batch-size 4 --learning-rate 5e-3 --device cpu --json";
        let arguments = format!(
            "adapt --init init --raw text.txt more.txt --bitext bitext.tsv --vocabulary 2 --transliterate latin {settings} -o out"
        );
        let report: Value = serde_json::from_str(&stdout(&folder, &arguments)).unwrap();
        assert_eq!((&report["sentences"], &report["held_out"], &report["pairs"]), (&70.into(), &3.into(), &1.into()));
        assert_eq!(report["pairs_left_out"], 1);
        assert_eq!(report["added_pieces"], serde_json::json!(["maria", "rome"]));
        let number = |value: &Value| value.as_f64().unwrap();
        assert!(number(&report["after"]["pieces_per_word"]) <= number(&report["before"]["pieces_per_word"]));
        assert!(number(&report["perplexity_after"]) < number(&report["perplexity_before"]));
        assert_eq!(report["epochs"].as_array().unwrap().len(), 8);
        let train = "train --model-type transformer --init out --train train.conll --device cpu --epochs 1 -o tagger";
        stdout(&folder, train);
        assert!(folder.path().join("tagger/transliteration.json").is_file());
    }

    #[test]
    fn a_second_start_goes_on() {
        let folder = files();
        let settings = "--init init --raw text.txt --epochs 1 --device cpu --checkpoint kept --json";
        let first = stdout(&folder, &format!("adapt {settings} -o one"));
        let second = stdout(&folder, &format!("adapt {settings} -o two"));
        let resumed = |text: &str| serde_json::from_str::<Value>(text).unwrap()["resumed_at"].clone();
        assert_eq!((resumed(&first), resumed(&second)), (Value::Null, 5.into()));
        let bytes = |name: &str| std::fs::read(folder.path().join(name).join("model.safetensors")).unwrap();
        assert!(bytes("one") == bytes("two"));
        fails(&folder, &format!("adapt {settings} --mask 0.2 -o three"), 1, "another training");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let folder = files();
        for (arguments, code, expected) in [
            ("--raw text.txt -o out", 2, "--init"),
            ("--init init -o out", 2, "--raw"),
            ("--init init --raw missing.txt -o out", 1, "missing.txt"),
            ("--init init --raw text.txt --transliterate greek -o out", 2, "greek"),
            ("--init init --raw text.txt --mask 1 -o out", 2, "below 1"),
            ("--init init --raw text.txt -o text.txt", 2, "write to another file"),
            ("--init init --raw text.txt -o more.txt", 2, "folder"),
            ("--init text.txt --raw text.txt -o out", 2, "is a file"),
            ("--init init --raw - --dev - -o out", 2, "once only"),
        ] {
            fails(&folder, &format!("adapt {arguments}"), code, expected);
        }
        assert!(!folder.path().join("out").exists());
    }
}
