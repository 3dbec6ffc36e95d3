//! What one usually does after a command: a line for people.

use std::path::PathBuf;

use clap::ArgMatches;

/// What usually follows on the command of this name; `None` where it wrote no file, or nothing usually follows.
pub fn line(name: &str, given: &ArgMatches) -> Option<String> {
    let one = |id: &str| given.try_get_one::<PathBuf>(id).ok().flatten().map(|path| path.display().to_string());
    let output = one("output").filter(|path| path != "-");
    let records = output.as_ref().is_some_and(|path| path.contains(".jsonl") || path.contains(".parquet"));
    if name == "eval" {
        let gold = one("gold")?;
        let preds = given.try_get_many::<PathBuf>("pred").ok().flatten()?;
        let preds: String = preds.map(|path| format!(" --pred {}", path.display())).collect();
        return Some(format!("xlner report --gold {gold}{preds} -o report.html"));
    }
    let output = output?;
    Some(match name {
        "project" | "label" | "ensemble" if records => {
            format!("xlner review {output}, or xlner report --pairs {output} -o report.html")
        }
        "project" | "label" | "ensemble" => {
            format!(
                "xlner train --train {output} -o my.tagger; where there is gold: xlner eval --gold GOLD --pred {output}"
            )
        }
        "transfer" => format!("xlner train --train {output} -o my.tagger"),
        "train" | "self-train" => format!("xlner tag --model {output} TEXT.txt -o tagged.conll"),
        "tag" if given.get_flag("probabilities") => format!("xlner project --pairs {output} -o projected.jsonl"),
        "tag" => format!("xlner report --pred {output} -o report.html"),
        "align" => format!("xlner project --source SOURCE --target TARGET --alignment {output} -o projected.conll"),
        "translate" if records => {
            format!("xlner project --pairs {output} -o projected.jsonl, where the source has entities")
        }
        "convert" if given.contains_id("source") && records => {
            format!("xlner project --pairs {output} -o projected.jsonl")
        }
        "report" => format!("open {output} in a browser"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use crate::Cli;

    fn line(words: &str) -> Option<String> {
        let matches = Cli::command().try_get_matches_from(words.split(' ')).unwrap();
        let (name, given) = matches.subcommand().unwrap();
        super::line(name, given)
    }

    #[test]
    fn the_next_command_names_the_file_that_was_written() {
        for (words, expected) in [
            ("xlner project --source a.conll --target b.conll -o c.conll", "xlner train --train c.conll -o my.tagger"),
            ("xlner project --pairs a.jsonl -o c.jsonl", "xlner review c.jsonl"),
            ("xlner train --train a.conll -o a.tagger", "xlner tag --model a.tagger TEXT.txt"),
            ("xlner align --bitext a.tsv -o a.pharaoh", "--alignment a.pharaoh"),
            ("xlner eval --gold g.conll --pred a.conll --pred b.conll", "--gold g.conll --pred a.conll --pred b.conll"),
            ("xlner transfer --to sw --translations sw.txt --source a.conll -o b.conll", "xlner train --train b.conll"),
            ("xlner report --pred a.conll -o r.html", "open r.html"),
        ] {
            assert!(line(words).unwrap().contains(expected), "{words}: {:?}", line(words));
        }
    }

    #[test]
    fn nothing_follows_on_standard_output() {
        assert_eq!(line("xlner tag a.txt"), None);
        assert_eq!(line("xlner models list"), None);
        assert_eq!(line("xlner convert a.conll -o b.conll"), None);
    }
}
