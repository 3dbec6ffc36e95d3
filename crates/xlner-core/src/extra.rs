//! Fields of a record that xlner does not know, kept and written back untouched.
//!
//! Integers above 64 bits keep their digits, although `serde_json` holds them as floating-point numbers: before a record is parsed,
//! [`protect_integers`] makes them texts after a mark, and what is written through [`Numbers`] (all of [`Extra`]) has them as numbers
//! again.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::unique::Unique;

/// Begins a text that stands for an integer: a code point that stands for no character.
const INTEGER: char = '\u{10FFFF}';
/// Integers of fewer digits fit into 64 bits.
const DIGITS: usize = 20;

/// JSON in which integers of 20 digits and more are texts after a mark. Other texts stay as they are.
pub fn protect_integers(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    // Every run of that many digits covers one of these places.
    if !bytes.iter().skip(DIGITS - 1).step_by(DIGITS).any(u8::is_ascii_digit) || !has_long_run(bytes) {
        return Cow::Borrowed(json);
    }
    let mut result = String::with_capacity(json.len() + 16);
    let (mut taken, mut at, mut in_string) = (0, 0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'-' | b'0'..=b'9' if !in_string => {
                let number = bytes[at..].iter().take_while(|byte| b"+-.eE0123456789".contains(byte)).count();
                let text = &json[at..at + number];
                let digits = text.strip_prefix('-').unwrap_or(text);
                if digits.len() >= DIGITS
                    && digits.bytes().all(|byte| byte.is_ascii_digit())
                    && text.parse::<u64>().is_err()
                {
                    result.push_str(&json[taken..at]);
                    result.extend(['"', INTEGER]);
                    result.push_str(text);
                    result.push('"');
                    taken = at + number;
                }
                at += number - 1;
            }
            _ => {}
        }
        at += 1;
    }
    if taken == 0 {
        return Cow::Borrowed(json);
    }
    result.push_str(&json[taken..]);
    Cow::Owned(result)
}

fn has_long_run(bytes: &[u8]) -> bool {
    bytes.split(|byte| !byte.is_ascii_digit()).any(|run| run.len() >= DIGITS)
}

/// The digits of a protected integer.
fn protected(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(INTEGER)?;
    let bare = digits.strip_prefix('-').unwrap_or(digits);
    (!bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// An id as text: a text or an integer; `None` for anything else.
pub fn id_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(protected(text).unwrap_or(text))),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// Serialises a value with its protected integers as numbers; those of more than 128 bits, for which serde has no number, as texts.
#[derive(Debug)]
pub struct Numbers<'a>(pub &'a Value);

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) => match protected(text) {
                None => serializer.serialize_str(text),
                Some(digits) => match (digits.parse::<u128>(), digits.parse::<i128>()) {
                    (Ok(number), _) => serializer.serialize_u128(number),
                    (_, Ok(number)) => serializer.serialize_i128(number),
                    _ => serializer.serialize_str(digits),
                },
            },
            Value::Array(list) => {
                let mut sequence = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|value| sequence.serialize_element(&Numbers(value)))?;
                sequence.end()
            }
            Value::Object(fields) => serialize_fields(fields, serializer),
            plain => plain.serialize(serializer),
        }
    }
}

fn serialize_fields<S: Serializer>(fields: &Map<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    fields.iter().try_for_each(|(name, value)| map.serialize_entry(name, &Numbers(value)))?;
    map.end()
}

/// Something as a JSON value; integers above 64 bits are protected in it.
///
/// # Errors
/// Where it cannot be serialised.
pub fn to_value(value: &impl Serialize) -> serde_json::Result<Value> {
    serde_json::from_str(&protect_integers(&serde_json::to_string(value)?))
}

/// Unknown JSON fields in their order; takes one pointer while there are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Extra {
    /// Value of a field.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// Sets a field.
    pub fn insert(&mut self, key: impl Into<String>, value: Value) {
        self.0.get_or_insert_default().insert(key.into(), value);
    }

    /// Takes a field out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let map = self.0.as_mut()?;
        let value = map.shift_remove(key);
        if map.is_empty() {
            self.0 = None;
        }
        value
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|map| map.iter())
    }
}

impl From<Map<String, Value>> for Extra {
    fn from(map: Map<String, Value>) -> Self {
        Extra((!map.is_empty()).then(|| Box::new(map)))
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(map) => serialize_fields(map, serializer),
            None => Map::new().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Unique::deserialize(deserializer)?.0 {
            Value::Object(fields) => Ok(Extra::from(fields)),
            other => Err(D::Error::custom(format!("further fields are an object, not {other}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_integers_keep_their_digits() {
        for json in [
            r#"{"a":18446744073709551616,"b":[-9223372036854775809,1],"c":"18446744073709551616","d":{"e":340282366920938463463374607431768211455}}"#,
            r#"{"a":18446744073709551615,"b":1.0000000000000000000001e30,"c":"\"18446744073709551616","d":[]}"#,
        ] {
            let extra: Extra = serde_json::from_str(&protect_integers(json)).unwrap();
            let written = serde_json::to_string(&extra).unwrap();
            let again: Extra = serde_json::from_str(&protect_integers(&written)).unwrap();
            assert_eq!(again, extra);
            assert!(written.contains("\"a\":1844674407370955161"), "{written}");
            assert_eq!(to_value(&extra).unwrap()["a"], *extra.get("a").unwrap());
        }
        let plain = r#"{"a":12345678901234567890,"t":"aaaaaaaaaaaaaaaaaaaa1"}"#;
        assert!(matches!(protect_integers(plain), Cow::Borrowed(_)));
        let huge = format!("[{}]", "9".repeat(60));
        let value: Value = serde_json::from_str(&protect_integers(&huge)).unwrap();
        assert_eq!(serde_json::to_string(&Numbers(&value)).unwrap(), format!("[\"{}\"]", "9".repeat(60)));
    }

    #[test]
    fn ids_are_texts_or_integers() {
        let value: Value = serde_json::from_str(&protect_integers("[7,\"7\",18446744073709551616,true]")).unwrap();
        let ids: Vec<_> = value.as_array().unwrap().iter().map(id_text).collect();
        assert_eq!(ids, [Some("7".into()), Some("7".into()), Some("18446744073709551616".into()), None]);
    }
}
