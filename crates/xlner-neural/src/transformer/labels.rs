//! The tags of a model that classifies tokens.

use std::path::Path;

use xlner_core::tags::{Scheme, Tag};

use crate::{Error, Result};

/// The tags by class, and the scheme they are read in.
///
/// `B-`, `I-` and whatever other prefixes there are: read by the rule that fits every scheme, so that a model that knows
/// `I-PER` only, or uses `B-` between neighbours only (IOB1), is understood. Labels without prefix are tags of scheme IO.
pub(super) fn tags(folder: &Path, classes: &[String], given: Option<&[String]>) -> Result<(Vec<String>, Scheme)> {
    let tags = given.unwrap_or(classes);
    if tags.len() != classes.len() {
        let (given, classes) = (tags.len(), classes.len());
        return Err(Error::Options(format!("{given} labels are given, and the model has {classes} classes")));
    }
    let named = |tag: &String| tag.strip_prefix("LABEL_").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    if let Some(tag) = tags.iter().find(|tag| named(tag)) {
        let problem =
            format!("its config.json calls a class {tag}, which says nothing; give the labels of its classes in order");
        return Err(Error::model(folder, problem));
    }
    if !tags.iter().any(|tag| tag == "O") {
        return Err(Error::model(folder, format!("none of its classes is O; they are {}", tags.join(", "))));
    }
    let prefixed = tags.iter().all(|tag| Tag::parse(tag, Scheme::Iob2).is_ok());
    Ok((tags.to_vec(), if prefixed { Scheme::Iob2 } else { Scheme::Io }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(classes: &[&str], given: Option<&[&str]>) -> std::result::Result<(Vec<String>, Scheme), String> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let given = given.map(own);
        tags(Path::new("model"), &own(classes), given.as_deref()).map_err(|error| error.to_string())
    }

    #[test]
    fn schemes() {
        assert_eq!(read(&["O", "B-PER", "I-PER"], None).unwrap().1, Scheme::Iob2);
        assert_eq!(read(&["I-LOC", "O", "I-PER"], None).unwrap().1, Scheme::Iob2);
        assert_eq!(read(&["O", "PER", "LOC"], None).unwrap().1, Scheme::Io);
    }

    #[test]
    fn names_that_say_nothing() {
        assert!(read(&["LABEL_0", "LABEL_1"], None).unwrap_err().contains("LABEL_0"));
        assert_eq!(read(&["LABEL_0", "LABEL_1"], Some(&["O", "I-PER"])).unwrap().0, ["O", "I-PER"]);
        assert!(read(&["LABEL_0", "LABEL_1"], Some(&["O"])).unwrap_err().contains("1 labels"));
        assert!(read(&["POS", "NEG"], None).unwrap_err().contains("none of its classes is O"));
    }
}
