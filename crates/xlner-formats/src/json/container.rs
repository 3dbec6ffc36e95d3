//! Records that a file wraps in one object.
//!
//! - NER Annotator: `{"classes":[…],"annotations":[["text",{"entities":[[0,5,"PER"]]}],null,…]}`;
//! - `datasets.load_dataset("json", field="data")`: `{"version":"1","data":[{…},…]}`;
//! - the rows of the Hugging Face Hub's dataset viewer: `{"features":[…],"rows":[{"row_idx":0,"row":{…}},…]}`.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::value::RawValue;

use super::spacy;

/// The fields that hold the records.
const LISTS: [&str; 4] = ["annotations", "data", "rows", "examples"];
/// Fields of an object that is a record itself.
const OWN: [&str; 7] = ["text", "tokens", "words", "tokenized_text", "source", "target", "paragraphs"];
/// The field of a row of the dataset viewer that holds the record.
const ROW: &str = "row";

/// The fields of an object, as they are written.
type Fields<'t> = HashMap<String, &'t RawValue>;

/// The byte ranges of the records that a value wraps, in its text; `None` where it is no such object.
pub(super) fn records_in(text: &str) -> Option<Vec<Range<usize>>> {
    // The text is looked at first: most values are records, and parsing them twice would cost.
    if !text.starts_with('{') || !LISTS.iter().any(|name| text.contains(name)) {
        return None;
    }
    let records = records(&serde_json::from_str(text).ok()?)?;
    let places = records.into_iter().map(|record| {
        let row = serde_json::from_str::<Fields<'_>>(record.get()).ok().and_then(|fields| fields.get(ROW).copied());
        let record = row.unwrap_or(record).get();
        let start = record.as_ptr().addr() - text.as_ptr().addr();
        start..start + record.len()
    });
    Some(places.collect())
}

/// The records in the fields of an object.
fn records<'t>(fields: &Fields<'t>) -> Option<Vec<&'t RawValue>> {
    let is_object = |value: &RawValue| value.get().starts_with('{');
    // A task of Label Studio has its text in `data`.
    if OWN.iter().any(|name| fields.contains_key(*name)) || fields.get("data").is_some_and(|data| is_object(data)) {
        return None;
    }
    LISTS.iter().find_map(|name| {
        let list: Vec<&RawValue> = serde_json::from_str(fields.get(*name)?.get()).ok()?;
        let first = list.iter().find(|value| value.get() != "null")?;
        let holds_records =
            is_object(first) || serde_json::from_str(first.get()).is_ok_and(|value| spacy::is_simple(&value));
        holds_records.then_some(list)
    })
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
