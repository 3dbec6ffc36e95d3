//! Records that a file wraps in one object.
//!
//! - NER Annotator: `{"classes":[…],"annotations":[["text",{"entities":[[0,5,"PER"]]}],null,…]}`;
//! - `datasets.load_dataset("json", field="data")`: `{"version":"1","data":[{…},…]}`;
//! - the rows of the Hugging Face Hub's dataset viewer: `{"features":[…],"rows":[{"row_idx":0,"row":{…}},…]}`.

use std::ops::Range;

use serde_json::{Map, Value};

use super::spacy;

/// The fields that hold the records.
const LISTS: [&str; 4] = ["annotations", "data", "rows", "examples"];
/// Fields of an object that is a record itself.
const OWN: [&str; 7] = ["text", "tokens", "words", "tokenized_text", "source", "target", "paragraphs"];
/// The field of a row of the dataset viewer that holds the record.
const ROW: &str = "row";

/// The byte ranges of the records that a value wraps, in its text; `None` where it is no such object.
pub(super) fn records_in(text: &str) -> Option<Vec<Range<usize>>> {
    // The text is looked at first: most values are records, and parsing them twice would cost.
    if !text.starts_with('{') || !LISTS.iter().any(|name| text.contains(name)) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let list = list_of(value.as_object()?)?;
    let list = field(text, list)?;
    let records = parts(&text[list.clone()]).map(|part| {
        let part = part.start + list.start..part.end + list.start;
        match field(&text[part.clone()], ROW) {
            Some(row) => row.start + part.start..row.end + part.start,
            None => part,
        }
    });
    Some(records.collect())
}

/// The name of the field that holds a list of records.
fn list_of(fields: &Map<String, Value>) -> Option<&'static str> {
    // A task of Label Studio has its text in `data`.
    if OWN.iter().any(|name| fields.contains_key(*name)) || fields.get("data").is_some_and(Value::is_object) {
        return None;
    }
    let holds_records = |name: &str| {
        let list = fields.get(name).and_then(Value::as_array)?;
        list.iter().find(|value| !value.is_null()).map(|first| first.is_object() || spacy::is_simple(first))
    };
    LISTS.into_iter().find(|name| holds_records(name) == Some(true))
}

/// The value of a field of the object whose text this is, which is well-formed.
fn field(text: &str, name: &str) -> Option<Range<usize>> {
    if !text.starts_with('{') {
        return None;
    }
    parts(text).find_map(|part| {
        let key = text[part.clone()].strip_prefix('"')?.strip_prefix(name)?.strip_prefix('"')?.trim_start();
        let value = key.strip_prefix(':')?.trim_start();
        Some(part.end - value.len()..part.end)
    })
}

/// What the commas of a list or an object divide, without the spaces around it. The text is a well-formed list or object.
fn parts(text: &str) -> impl Iterator<Item = Range<usize>> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut start = 1;
    let mut ends = text.bytes().enumerate();
    std::iter::from_fn(move || {
        for (at, byte) in ends.by_ref() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            let ends_here = !in_string && ((depth == 1 && byte == b',') || (depth == 0 && matches!(byte, b'}' | b']')));
            if ends_here {
                let part = start..at;
                start = at + 1;
                return Some(part);
            }
        }
        None
    })
    .map(|part| {
        let inside = &text[part.clone()];
        let start = part.start + inside.len() - inside.trim_start().len();
        start..start + inside.trim().len()
    })
    .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Option<Vec<&str>> {
        Some(records_in(text)?.into_iter().map(|range| &text[range]).collect())
    }

    #[test]
    fn records_are_cut_out_of_their_object() {
        let text =
            r#"{"classes":["A","data"], "annotations" : [ ["x, \"]}",{"entities":[[0,1,"A"]]}] , null,["y",{}]]}"#;
        assert_eq!(records(text).unwrap(), [r#"["x, \"]}",{"entities":[[0,1,"A"]]}]"#, "null", r#"["y",{}]"#]);
        assert_eq!(records(r#"{"version":1,"data":[{"tokens":["a"]},{}]}"#).unwrap(), [r#"{"tokens":["a"]}"#, "{}"]);
        let viewer = r#"{"features":[],"rows":[{"row_idx":0,"row":{"tokens":["row"]},"truncated_cells":[]}]}"#;
        assert_eq!(records(viewer).unwrap(), [r#"{"tokens":["row"]}"#]);
    }

    #[test]
    fn records_are_left_whole() {
        for text in [
            r#"{"text":"Oslo","annotations":[{"start_offset":0}]}"#,
            r#"{"id":1,"data":{"text":"Oslo"},"annotations":[{"result":[]}]}"#,
            r#"{"data":"Oslo","label":[[0,4,"LOC"]]}"#,
            r#"{"data":[1,2]}"#,
            r#"{"data":[]}"#,
            r#"["data"]"#,
            r#"{"data":["#,
        ] {
            assert_eq!(records(text), None, "{text}");
        }
    }
}
