//! `xlner train --model-type transformer` and `xlner tune encoder`.

use crate::common::{fails, folder};
use tempfile::TempDir;

fn conll() -> String {
    let mut text = String::new();
    for person in ["Anna", "Peter", "Maria"] {
        for place in ["Berlin", "Oslo", "Rome"] {
            text += &format!("{person}\tB-PER\nlives\tO\nin\tO\n{place}\tB-LOC\n.\tO\n\n");
        }
    }
    text
}

fn files() -> TempDir {
    let folder =
        folder(&[("train.conll", conll().as_bytes()), ("bitext.tsv", b"Anna sings\tPeter lives\nin Oslo\tin Rome\n")]);
    #[cfg(feature = "fine-tune")]
    crate::tiny_bert::write(&folder.path().join("init"));
    folder
}

const TRAIN: &str = "train --train train.conll";
const TRANSFORMER: &str = "train --train train.conll --model-type transformer --init init";

#[test]
fn flags_that_do_not_go_together() {
    let folder = files();
    for (arguments, expected) in [
        (format!("{TRAIN} --epochs 3 -o out"), "--epochs goes with --model-type transformer"),
        (format!("{TRAIN} --model-type transformer --iobes -o out"), "go with --model-type crf"),
    ] {
        fails(&folder, &arguments, 2, expected);
    }
}

#[cfg(not(feature = "fine-tune"))]
#[test]
fn without_the_feature() {
    let folder = files();
    fails(&folder, &format!("{TRANSFORMER} -o out"), 2, "without the feature `fine-tune`");
}

#[cfg(feature = "fine-tune")]
mod built {
    use super::*;
    use crate::common::{stdout, xlner};

    #[test]
    fn a_transformer_is_trained_measured_and_used() {
        let folder = files();
        let settings = "--epochs 20 --batch-size 4 --learning-rate 5e-3 --device cpu --seed 1 --json";
        let output = stdout(&folder, &format!("{TRANSFORMER} --dev train.conll {settings} -o out"));
        let report: serde_json::Value = serde_json::from_str(&output).unwrap();
        assert_eq!(report["classes"].as_array().unwrap().len(), 5);
        assert_eq!((&report["steps"], &report["train"]["sentences"]), (&60.into(), &9.into()));
        assert_eq!(report["epochs"].as_array().unwrap().len(), 20);
        assert_eq!(report["dev"]["micro"]["f1"], 1.0);
        assert!(report["seconds_per_step"].as_f64().unwrap() > 0.0);
        assert_eq!(stdout(&folder, "tag --model out train.conll"), conll());
    }

    #[test]
    fn an_experiment_prepares_a_model_that_is_a_folder() {
        let folder = files();
        let plan = "[[prepare]]\nname = 'model'\nfile = 'model'\n\
            steps = ['train --train train.conll --model-type transformer --init init --epochs 1 --device cpu -o {out}']\n\
            [[dataset]]\nname = 'd'\ngold = 'train.conll'\n\
            [[method]]\nname = 'm'\nsteps = ['tag --model {model} train.conll -o {out}']\n";
        std::fs::write(folder.path().join("plan.toml"), plan).unwrap();
        let reused = || {
            let output = stdout(&folder, "experiment plan.toml --run work --json");
            let report: serde_json::Value = serde_json::from_str(&output).unwrap();
            report["datasets"][0]["cells"][0]["reused"].clone()
        };
        assert_eq!((reused(), reused()), (false.into(), true.into()));
        // A model that was changed since is made again, and the same model makes the same cell.
        let made = std::fs::read_dir(folder.path().join("work/prepare")).unwrap();
        let model = made.flatten().map(|entry| entry.path().join("model")).find(|model| model.is_dir()).unwrap();
        std::fs::write(model.join("config.json"), "{}").unwrap();
        assert_eq!(reused(), true);
        assert_ne!(std::fs::read_to_string(model.join("config.json")).unwrap(), "{}");
    }

    #[test]
    fn a_second_start_goes_on() {
        let folder = files();
        let settings = "--epochs 2 --batch-size 4 --device cpu --checkpoint kept --json";
        let first = stdout(&folder, &format!("{TRANSFORMER} {settings} -o one"));
        let second = stdout(&folder, &format!("{TRANSFORMER} {settings} -o two"));
        let resumed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["resumed_at"].clone();
        assert_eq!((resumed(&first), resumed(&second)), (serde_json::Value::Null, 6.into()));
        let bytes = |name: &str| std::fs::read(folder.path().join(name).join("model.safetensors")).unwrap();
        assert!(bytes("one") == bytes("two"));
        fails(&folder, &format!("{TRANSFORMER} {settings} --seed 5 -o three"), 1, "another training");
    }

    #[test]
    fn an_adapter_is_trained_used_and_merged() {
        let folder = files();
        let settings = "--epochs 60 --batch-size 4 --learning-rate 1e-2 --device cpu --lora 4";
        stdout(&folder, &format!("{TRANSFORMER} --dev train.conll {settings} -o adapter"));
        stdout(&folder, &format!("{TRANSFORMER} --dev train.conll {settings} --merge -o merged"));
        assert!(folder.path().join("adapter/adapter_config.json").is_file());
        assert!(!folder.path().join("adapter/model.safetensors").exists());
        assert!(folder.path().join("merged/model.safetensors").is_file());
        let tagged = stdout(&folder, "tag --model adapter train.conll");
        assert_eq!(tagged, conll());
        assert_eq!(stdout(&folder, "tag --model merged train.conll"), tagged);
        fails(&folder, &format!("{TRANSFORMER} --merge -o out"), 2, "--lora");
    }

    #[test]
    fn a_transformer_remembers_its_language() {
        let folder = files();
        std::fs::write(folder.path().join("init/README.md"), "---\nlanguage: en\n---\n").unwrap();
        std::fs::write(folder.path().join("in.txt"), "Anna lives in Oslo.\n").unwrap();
        let settings = "--epochs 1 --device cpu";
        for (flags, model) in [("--lang sw", "sw"), ("--lang sw --lora 2", "adapter"), ("", "none")] {
            stdout(&folder, &format!("{TRANSFORMER} {settings} {flags} -o {model}"));
        }
        let tag = |model: &str, lang: &str| {
            let output = xlner(&folder, &format!("tag --model {model} --lang {lang} in.txt")).output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stderr).unwrap()
        };
        for model in ["sw", "adapter"] {
            assert!(tag(model, "en").contains("sentence 1: en; the tagger: sw"), "{model}");
            assert!(!tag(model, "sw").contains("note:"), "{model}");
        }
        // What it was trained from says nothing of what it was trained on.
        for lang in ["en", "sw"] {
            assert!(!tag("none", lang).contains("note:"), "{lang}");
        }
    }

    #[test]
    fn a_model_reads_sentences_beside_their_tagged_translations() {
        let folder = files();
        crate::tiny_bert::write_longer(&folder.path().join("longer"), 24);
        // Nothing in the sentence says what its names are: the translation does.
        let mut pairs = String::new();
        for name in ["Anna", "Peter", "Maria", "Berlin", "Oslo", "Rome"] {
            for label in ["IN", "SINGS"] {
                let side = |tokens: [&str; 2], at: usize| {
                    let entity = serde_json::json!({"start": at, "end": at + 1, "label": label});
                    serde_json::json!({"tokens": tokens, "entities": [entity]})
                };
                let pair = serde_json::json!({"source": side(["lives", name], 1), "target": side([name, "lives"], 0)});
                pairs += &format!("{pair}\n");
            }
        }
        std::fs::write(folder.path().join("pairs.jsonl"), &pairs).unwrap();
        let train = "train --train pairs.jsonl --model-type transformer --init longer --fusion --dev pairs.jsonl";
        let settings = "--epochs 120 --batch-size 4 --learning-rate 1e-2 --device cpu --seed 1 --json";
        let report = stdout(&folder, &format!("{train} {settings} -o fused"));
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["dev"]["micro"]["f1"], 1.0, "{report}");
        let tagged = stdout(&folder, "tag --model fused pairs.jsonl --to-format jsonl");
        let labels = |text: &str| -> Vec<serde_json::Value> {
            let records = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            records.map(|record| record["target"]["entities"][0]["label"].clone()).collect()
        };
        assert_eq!(labels(&tagged), labels(&pairs));
        fails(&folder, "tag --model fused train.conll", 2, "beside their tagged translations");
        fails(&folder, "tag --model fused --side source pairs.jsonl", 2, "beside their tagged translations");
        fails(&folder, &format!("{train} --side target -o out"), 2, "--side");
        fails(
            &folder,
            &train.replace("pairs.jsonl", "train.conll").replace(" --dev", " -o out --dev"),
            1,
            "train.conll",
        );

        // By way of a translation: the tagger says what its names are.
        std::fs::write(folder.path().join("in.txt"), "Anna lives\nRome lives\n").unwrap();
        std::fs::write(folder.path().join("en.txt"), "lives Anna\nlives Rome\n").unwrap();
        let label = "label --from sw --via en --translations en.txt in.txt --tokenized";
        for kind in ["IN", "SINGS"] {
            let found = stdout(&folder, &format!("{label} --tagger capitals:{kind} --fusion fused"));
            assert_eq!(found, format!("Anna\tB-{kind}\nlives\tO\n\nRome\tB-{kind}\nlives\tO\n\n"));
        }
        let more = format!("{label} --tagger capitals:IN --fusion fused");
        fails(&folder, &format!("{more} --scores align=1"), 2, "nothing is projected");
        fails(&folder, &more.replace("--fusion fused", "--fusion default"), 2, "--fusion");
    }

    #[test]
    fn few_sentences_are_seen_often_and_some_held_out() {
        let folder = files();
        std::fs::write(folder.path().join("more.conll"), conll().repeat(7)).unwrap();
        let train = "train --train more.conll --model-type transformer --init init --device cpu";
        let report: serde_json::Value =
            serde_json::from_str(&stdout(&folder, &format!("{train} --json -o out"))).unwrap();
        assert_eq!((&report["held_out"], &report["schedule"]["epochs"]), (&6.into(), &30.into()));
        assert_eq!(report["schedule"]["batch_size"], 8);
        assert!(report["dev"]["micro"]["f1"].as_f64().unwrap() > 0.0);
        assert_eq!(report["epochs"].as_array().unwrap().len(), 30);
        // Where nothing else counts than what is no entity, the tagger finds nothing, and that is said; too few sentences to hold some
        // out are looked at themselves.
        for file in ["more.conll", "train.conll"] {
            let train = train.replace("more.conll", file);
            let heavy = "--epochs 5 --learning-rate 5e-3 --class-weight O=1000 -o none";
            let told = xlner(&folder, &format!("{train} {heavy}")).assert().success().get_output().stderr.clone();
            assert!(String::from_utf8_lossy(&told).contains("finds nothing at all"), "{file}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let folder = files();
        for (arguments, code, expected) in [
            (format!("{TRAIN} --model-type transformer -o out"), 2, "give --init"),
            (format!("{TRANSFORMER} --learning-rate 0 -o out"), 2, "learning rate"),
            (format!("{TRANSFORMER} --patience 2 -o out"), 2, "--dev"),
            (format!("{TRANSFORMER} --device tpu -o out"), 2, "tpu"),
            (format!("{TRANSFORMER} --precision bf16 --device cpu -o out"), 2, "trains in f32"),
            (format!("{TRANSFORMER} --class-weight PER -o out"), 2, "LABEL=X"),
            (format!("{TRANSFORMER} --lora 0 -o out"), 2, "rank"),
            (format!("{TRANSFORMER} --lora 99 -o out"), 2, "larger than the matrix"),
            (format!("{TRANSFORMER} --lora 2 --freeze-layers 1 -o out"), 2, "all layers stay"),
            (format!("{TRANSFORMER} -o bitext.tsv"), 2, "folder"),
            (format!("{TRANSFORMER} -o missing/out"), 1, "missing"),
            (format!("{TRAIN} --model-type transformer --init train.conll -o out"), 2, "is a file"),
        ] {
            fails(&folder, &arguments, code, expected);
        }
        assert!(!folder.path().join("out").exists());
    }

    #[test]
    fn an_encoder_is_tuned_and_aligns() {
        let folder = files();
        let align = "align --similarity softmax --encoder init --layer 1 --bitext bitext.tsv --device cpu";
        let tune = "tune encoder --encoder init --layer 1 --bitext bitext.tsv --device cpu --epochs 2 -o tuned";
        assert_eq!(stdout(&folder, tune), "");
        let all = "self-training,consistency,masked,translation,identification";
        let every = tune.replace("-o tuned", &format!("--objectives {all} -o every"));
        stdout(&folder, &every);
        assert!(folder.path().join("every/model.safetensors").is_file());
        fails(&folder, &every.replace("masked", "guesses"), 2, "guesses");
        let again = stdout(&folder, &format!("{align} --save-encoder again --epochs 2 -o -"));
        let by_tuned = "align --similarity softmax --encoder tuned --layer 1 --bitext bitext.tsv";
        assert_eq!((again.lines().count(), stdout(&folder, by_tuned)), (2, again));
        let argmax = "align --similarity argmax --encoder init --layer 1 --bitext bitext.tsv --save-encoder no";
        fails(&folder, argmax, 2, "softmax");
    }
}
