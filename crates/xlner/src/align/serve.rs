//! Pairs that come one by one are aligned at once.

use std::io::{BufRead, Read as _, Write};

use serde::Serialize;
use xlner_align::Scratch;
use xlner_core::{Alignment, Pair, Sentence};

use crate::aligner::{Aligner, LinkExtraction};
use crate::engine::source;
use crate::{Error, Result};

/// Bytes of the longest line that is read.
const LONGEST: u64 = 1 << 24;

/// Answers pairs line by line with a model that stays loaded.
#[derive(Debug, Clone, Default)]
pub struct ServeJob {
    /// Which links are taken.
    pub extraction: LinkExtraction,
    /// Text is tokenised instead of split at spaces.
    pub tokenize: bool,
    /// Languages (BCP 47) of the source and the target side, for tokenising.
    pub langs: [Option<String>; 2],
}

/// Figures of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ServeReport {
    /// Pairs aligned.
    pub sentences: u64,
    /// Lines that were no pairs, and were answered with an error.
    pub failed: u64,
}

/// The answer to a pair.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    alignment: &'a Alignment,
    confidence: f64,
}

/// The answer to a line that is no pair.
#[derive(Serialize)]
struct Refusal {
    error: String,
}

impl ServeJob {
    /// Reads a pair a line, `source<TAB>target`, `source ||| target` or a record, and answers each with one JSON line, which
    /// is written out before the next is read: `{"alignment":[[0,0,0.99],…],"confidence":0.9}`, with the `id` of a record
    /// that has one. A line that is no pair is answered with `{"error":…}`.
    ///
    /// # Errors
    /// Where reading or writing fails.
    pub fn run(&self, aligner: &Aligner, input: &mut dyn BufRead, output: &mut dyn Write) -> Result<ServeReport> {
        let (mut report, mut scratch, mut line) = (ServeReport::default(), Scratch::default(), Vec::new());
        let failed = |problem| Error::File { path: "-".into(), problem };
        for number in 1u64.. {
            line.clear();
            if input.take(LONGEST + 1).read_until(b'\n', &mut line).map_err(failed)? == 0 {
                break;
            }
            if line.len() as u64 > LONGEST {
                skip_line(input).map_err(failed)?;
            }
            let answer = self.pair(&line).and_then(|pair| self.align(aligner, pair, &mut scratch));
            let answer = match answer {
                Ok(answer) => {
                    report.sentences += 1;
                    answer
                }
                Err(problem) => {
                    report.failed += 1;
                    json(&Refusal { error: format!("line {number}: {problem}") })?
                }
            };
            output.write_all(&answer).and_then(|()| output.flush()).map_err(failed)?;
        }
        Ok(report)
    }

    fn align(&self, aligner: &Aligner, pair: Pair, scratch: &mut Scratch) -> std::result::Result<Vec<u8>, String> {
        let (alignment, confidence) =
            aligner.align_with(&pair, &self.extraction, scratch).map_err(|error| error.to_string())?;
        json(&Answer { id: &pair.id, alignment: &alignment, confidence: confidence.value() })
            .map_err(|error| error.to_string())
    }

    /// The pair of a line.
    fn pair(&self, line: &[u8]) -> std::result::Result<Pair, String> {
        if line.len() as u64 > LONGEST {
            return Err(format!("longer than {LONGEST} bytes; give a pair of sentences a line"));
        }
        let text = std::str::from_utf8(line).map_err(|_| "not UTF-8; convert it")?;
        let text = text.trim_end_matches(['\n', '\r']);
        let mut pair = if text.starts_with('{') {
            let mut pair: Pair = serde_json::from_str(text).map_err(|error| format!("no record: {error}"))?;
            pair.alignment = None;
            pair
        } else {
            let sides = text.split_once('\t').or_else(|| text.split_once("|||"));
            let (source, target) = sides.filter(|(_, target)| !target.contains('\t')).ok_or(
                "no pair; write source<TAB>target, source ||| target, or a record {\"source\":…,\"target\":…}",
            )?;
            let sentence = |text: &str| match self.tokenize {
                true => Sentence::from_text(text.trim()),
                false => Sentence::from_tokens(text.split_whitespace()),
            };
            Pair { source: sentence(source), target: sentence(target), ..Pair::default() }
        };
        let [source, target] = &self.langs;
        for (sentence, lang) in [(&mut pair.source, source), (&mut pair.target, target)] {
            if sentence.lang.is_none() {
                sentence.lang.clone_from(lang);
            }
        }
        source::tokenize(&mut pair).and_then(|()| pair.validate()).map_err(|error| error.to_string())?;
        Ok(pair)
    }
}

/// A value as a line of JSON.
fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)
        .map_err(|error| Error::File { path: "-".into(), problem: std::io::Error::from(error) })?;
    line.push(b'\n');
    Ok(line)
}

/// Reads on to the end of the line, keeping nothing.
fn skip_line(input: &mut dyn BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (used, end) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if end {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use xlner_align::{Bitext, Model, TrainOptions};

    use super::*;

    fn aligner() -> Aligner {
        let mut bitext = Bitext::default();
        bitext.push(["the", "house"], ["das", "Haus"]);
        bitext.push(["the", "book"], ["das", "Buch"]);
        Aligner::from(Model::train(&bitext, &TrainOptions::default(), None, &mut |_| ()))
    }

    fn answers(job: &ServeJob, input: &[u8]) -> (ServeReport, Vec<serde_json::Value>) {
        let mut output = Vec::new();
        let report = job.run(&aligner(), &mut &*input, &mut output).unwrap();
        let lines = String::from_utf8(output).unwrap();
        (report, lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    #[test]
    fn every_line_is_answered() {
        let record = r#"{"id":"a","source":{"text":"the book","tokens":["the","book"]},"target":{"text":"das Buch"}}"#;
        let input = format!(
            "the house\tdas Haus\r\nthe house ||| das Haus\n\n{record}\n{{\nthe book\tx\ty\n\t\nthe book\tdas Buch"
        );
        let (report, answers) = answers(&ServeJob::default(), input.as_bytes());
        assert_eq!(report, ServeReport { sentences: 5, failed: 3 });
        assert_eq!(answers[0], answers[1]);
        let links = answers[0]["alignment"].as_array().unwrap();
        assert!(links.iter().any(|link| link[0] == 1 && link[1] == 1), "{links:?}");
        assert!(answers[0]["confidence"].as_f64().unwrap() > 0.3);
        assert!(answers[2]["error"].as_str().unwrap().starts_with("line 3: no pair"));
        assert_eq!(answers[3]["id"], "a");
        assert!(answers[4]["error"].as_str().unwrap().contains("no record") && answers[5]["error"].is_string());
        assert_eq!(answers[6]["confidence"], 0.0);
        assert_eq!(answers[3]["alignment"], answers[7]["alignment"]);
    }

    #[test]
    fn bad_bytes_and_endless_lines_are_answered_too() {
        let mut input = b"the \xff\tdas\n".to_vec();
        input.extend(std::iter::repeat_n(b'x', LONGEST as usize + 9));
        input.extend(b"\nthe\tdas\n");
        let (report, answers) = answers(&ServeJob::default(), &input);
        assert_eq!(report, ServeReport { sentences: 1, failed: 2 });
        assert!(answers[0]["error"].as_str().unwrap().contains("UTF-8"));
        assert!(answers[1]["error"].as_str().unwrap().starts_with("line 2: longer than"));
    }
}
