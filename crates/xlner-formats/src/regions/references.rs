//! References to characters: `&amp;`, `&#8217;`, `&eacute;`.

use std::borrow::Cow;

use quick_xml::escape::resolve_html5_entity;

/// Bytes that a reference may have between `&` and `;`.
const LONGEST: usize = 40;

/// What the name between `&` and `;` stands for; `None` where it is no character.
pub(super) fn resolve(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else { return resolve_html5_entity(name).map(str::to_owned) };
    let number = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    number.ok().filter(|&number| number != 0).and_then(char::from_u32).map(String::from)
}

/// The text with its references resolved. One that stands for no character stays as it is written, and so does a bare `&`.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = rest.as_bytes().iter().take(LONGEST).position(|&byte| byte == b';').map(|end| &rest[1..end]);
        match name.and_then(|name| Some((name, resolve(name)?))) {
            Some((name, character)) => {
                plain.push_str(&character);
                rest = &rest[name.len() + 2..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_one_by_one() {
        for (text, plain) in [
            ("leo &amp; jana", "leo & jana"),
            ("&lt;a&gt; &unknown; &amp;", "<a> &unknown; &"),
            ("A & B &amp; C&", "A & B & C&"),
            ("&#233;&#xe9;&eacute;&#XE9;", "éééé"),
            ("&#0; &#xD800; &#x; &;&amp;", "&#0; &#xD800; &#x; &;&"),
            ("&&amp;amp;", "&&amp;"),
            ("&ééééééééééééééééééééééééé;", "&ééééééééééééééééééééééééé;"),
        ] {
            assert_eq!(unescape(text), plain);
        }
    }
}
