//! The golden rules of pySBD (<https://github.com/nipunsadvilkar/pySBD>, MIT), where they are: `XLNER_PYSBD` names a checkout of its
//! repository, `XLNER_PYTHON` a Python that has `pysbd` and `pytest` installed. Prints how many of them hold, language by language, for
//! pySBD and for us. `cargo test -p xlner-core --test it golden_rules -- --nocapture`; with `XLNER_SHOW=1` the sentences that differ, too.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use xlner_core::split::sentences;

/// Rules that hold today. Of the 22 others 12 are numbered lists and 3 are for colons and commas, which are not ours; the rest ask
/// for what another text would want otherwise: quotations in one piece, `г.` and `P.M.` before a capital letter, a small letter
/// after a full stop, a line break that ends a sentence.
const HOLD: usize = 302;

#[derive(Deserialize)]
struct Case {
    lang: String,
    text: String,
    expected: Vec<String>,
    theirs: Vec<String>,
}

#[test]
fn golden_rules_of_pysbd() {
    let Some(checkout) = std::env::var_os("XLNER_PYSBD") else {
        println!("skipped: XLNER_PYSBD does not name a checkout of pySBD");
        return;
    };
    let python = std::env::var("XLNER_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden_rules.py");
    assert!(script.is_file(), "{} is gone", script.display());
    let output = match Command::new(&python).arg(script).arg(checkout).output() {
        Ok(output) if output.status.success() => output,
        _ => {
            println!("skipped: {python} ($XLNER_PYTHON) has no pysbd and pytest, or $XLNER_PYSBD no tests/lang");
            return;
        }
    };
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let ours: Vec<&str> =
            sentences(&case.text, Some(&case.lang)).into_iter().map(|range| &case.text[range]).collect();
        // pySBD may take white space out; we tell ranges of the text.
        let fold = |text: &str| text.split_whitespace().collect::<String>();
        let same = |found: Vec<String>| found == case.expected.iter().map(|text| fold(text)).collect::<Vec<_>>();
        let hold = same(ours.iter().map(|text| fold(text)).collect());
        let theirs = same(case.theirs.iter().map(|text| fold(text)).collect());
        if !hold && std::env::var_os("XLNER_SHOW").is_some() {
            println!("{} ours {ours:?}\n   rule {:?}", case.lang, case.expected);
        }
        let count = counts.entry(case.lang).or_default();
        *count = [count[0] + 1, count[1] + usize::from(theirs), count[2] + usize::from(hold)];
    }
    let sum = |column: usize| counts.values().map(|count| count[column]).sum::<usize>();
    println!("language  rules  pySBD  xlner");
    for (lang, [rules, theirs, ours]) in &counts {
        println!("{lang:8} {rules:6} {theirs:6} {ours:6}");
    }
    println!("all      {:6} {:6} {:6}", sum(0), sum(1), sum(2));
    assert!(sum(2) >= HOLD, "{} of the rules hold, {HOLD} did", sum(2));
}
