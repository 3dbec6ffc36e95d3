//! Who may do what: names, and tokens where the server is reached from elsewhere.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// Characters of a name, at most.
const NAME_LIMIT: usize = 64;
/// Bytes of a token, at least.
const TOKEN_LEAST: usize = 8;

/// Somebody who may use the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// Whether they may see and decide between the versions of others.
    pub adjudicates: bool,
}

/// Those who have a token.
#[derive(Debug, Clone, Default)]
pub struct AccessTokens(Vec<([u8; 32], Person)>);

impl AccessTokens {
    /// Reads a file of tokens, a line each: the name, the token, and `adjudicator` after them for those who may adjudicate. Empty
    /// lines and what follows `#` at the beginning of a line are passed over.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Options`] for a line that is none of these, with its number.
    pub fn read(path: &Path) -> Result<AccessTokens> {
        let text =
            xlner_formats::read_small_text(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        AccessTokens::parse(&text)
            .map_err(|(line, problem)| Error::Options(format!("{}, line {line}: {problem}", path.display())))
    }

    fn parse(text: &str) -> std::result::Result<AccessTokens, (usize, String)> {
        let mut tokens = AccessTokens::default();
        for (number, line) in
            (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        {
            let fail = |problem: &str| (number, problem.to_owned());
            let words: Vec<&str> = line.split_whitespace().collect();
            let (name, token, adjudicates) = match words[..] {
                [name, token] => (name, token, false),
                [name, token, "adjudicator"] => (name, token, true),
                _ => return Err(fail("a line is `NAME TOKEN`, or `NAME TOKEN adjudicator`")),
            };
            check_name(name).map_err(|error| fail(&error.to_string()))?;
            if token.len() < TOKEN_LEAST {
                return Err(fail("a token has at least 8 characters; make one with `openssl rand -hex 16`"));
            }
            let digest = digest(token);
            if tokens.0.iter().any(|(other, person)| *other == digest || person.name == name) {
                return Err(fail("the name or the token was there before"));
            }
            tokens.0.push((digest, Person { name: name.to_owned(), adjudicates }));
        }
        match tokens.0.is_empty() {
            true => Err((1, "there is no token in it; a line is `NAME TOKEN`".to_owned())),
            false => Ok(tokens),
        }
    }

    /// Whose token it is. Digests are compared, so the time it takes tells nothing of the tokens.
    pub fn find(&self, token: &str) -> Option<&Person> {
        let digest = digest(token);
        self.0.iter().find(|(other, _)| *other == digest).map(|(_, person)| person)
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(_, person)| person.name.clone()).collect()
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Checks the name of an annotator.
///
/// # Errors
/// [`Error::Options`].
pub fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-' | '@');
    if name.trim().is_empty() || name.trim() != name || name.chars().count() > NAME_LIMIT || !name.chars().all(fits) {
        return Err(Error::Options(format!(
            "“{}” is no name of an annotator: letters, digits and . _ - @, at most {NAME_LIMIT}",
            crate::shorten(name)
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_and_found() {
        let tokens = AccessTokens::parse("# people\nada s3cret-ada\n\nben s3cret-ben adjudicator\n").unwrap();
        assert_eq!(tokens.find("s3cret-ada").map(|person| person.adjudicates), Some(false));
        assert_eq!(tokens.find("s3cret-ben").map(|person| person.name.as_str()), Some("ben"));
        assert_eq!(tokens.find("s3cret"), None);
    }

    #[test]
    fn bad_lines_name_themselves() {
        for (text, line) in
            [("ada", 1), ("ada 12345678\nada 87654321", 2), ("a/b 12345678", 1), ("ada short", 1), ("", 1)]
        {
            assert_eq!(AccessTokens::parse(text).unwrap_err().0, line, "{text}");
        }
    }

    #[test]
    fn names_are_names() {
        for name in ["ada", "Ọlá", "a.b-c_d@e", "ada l"] {
            check_name(name).unwrap();
        }
        for name in ["", " ", "a/b", "<b>", " ada", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
