//! Which of the installed modes translates between two languages.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::super::wrong;
use super::process::Launch;
use crate::{Error, Result, languages};

/// Name of the engine in messages.
pub(super) const ENGINE: &str = "apertium";

/// Language pairs of Debian's packages `apertium-…` (bookworm).
const PACKAGES: [&str; 45] = [
    "afr-nld", "arg-cat", "bel-rus", "br-fr", "cat-ita", "cat-srd", "dan-nor", "en-gl", "eng-cat", "eng-spa", "eo-ca",
    "eo-en", "eo-es", "eo-fr", "es-gl", "es-pt", "es-ro", "eu-en", "eu-es", "fr-es", "fra-cat", "fra-frp", "hbs-eng",
    "hbs-mkd", "hbs-slv", "ind-zlm", "isl-eng", "isl-swe", "mkd-bul", "mkd-eng", "nno-nob", "oc-ca", "oc-es",
    "oci-fra", "pol-szl", "por-cat", "pt-gl", "rus-ukr", "spa-arg", "spa-ast", "spa-cat", "spa-ita", "srd-ita",
    "swe-dan", "swe-nor",
];

/// The installed modes, by name.
pub(super) fn installed(launch: &Launch, data: Option<&Path>) -> Result<Vec<String>> {
    let folder = data.map(|data| data.display().to_string());
    let mut arguments = vec!["-l"];
    if let Some(folder) = &folder {
        arguments.splice(0..0, ["-d", folder.as_str()]);
    }
    let listed = launch.output(&arguments).map_err(|problem| {
        let program = launch.program.display();
        let cure = "is Apertium installed? On Debian: apt-get install apertium apertium-hbs-eng";
        Error::engine(ENGINE, format!("{program} -l: {problem}; {cure}"))
    })?;
    Ok(listed.split_whitespace().map(str::to_owned).collect())
}

/// The mode that translates from one language into another.
///
/// # Errors
/// Where none does: says which package to install, and which modes there are.
pub(super) fn find(installed: &[String], from: &str, to: &str) -> Result<String> {
    let (sources, targets) = (languages::apertium(from)?, languages::apertium(to)?);
    let named = |source: &String, target: &String| installed.iter().find(|mode| **mode == format!("{source}-{target}"));
    let mut pairs = targets.iter().flat_map(|target| sources.iter().map(move |source| (source, target)));
    if let Some(mode) = pairs.find_map(|(source, target)| named(source, target)) {
        if mode.contains("hbs") && [from, to].iter().any(|code| code.to_lowercase().contains("cyrl")) {
            return Err(wrong(format!(
                "apertium's {mode} knows the Latin script only; transliterate, and leave -Cyrl out"
            )));
        }
        return Ok(mode.clone());
    }
    let is = |code: &str, codes: &[String]| codes.iter().any(|known| known == code);
    let package = PACKAGES.iter().find(|package| {
        let (one, other) = package.split_once('-').unwrap_or_default();
        (is(one, &sources) && is(other, &targets)) || (is(one, &targets) && is(other, &sources))
    });
    let back = targets.iter().flat_map(|target| sources.iter().map(move |source| (target, source)));
    let backwards = back.into_iter().find_map(|(target, source)| named(target, source));
    let cure = match (package, backwards) {
        (_, Some(mode)) => format!("only the way back ({mode})"),
        (Some(package), None) => format!("install it: apt-get install apertium-{package}"),
        (None, None) => "and Debian has no package for it".to_owned(),
    };
    let there = if installed.is_empty() { "none".to_owned() } else { installed.join(", ") };
    Err(Error::engine(ENGINE, format!("no mode translates from {from} to {to}, {cure}; installed are: {there}")))
}

/// What the translations of a mode depend on: a checksum of its file and of the data files that it names; empty where it
/// cannot be found.
pub(super) fn checksum(data: Option<&Path>, mode: &str) -> Result<String> {
    let usual = || std::env::var_os("APERTIUM_DATADIR").map_or_else(|| "/usr/share/apertium".into(), PathBuf::from);
    let path = data.map_or_else(usual, Path::to_owned).join("modes").join(format!("{mode}.mode"));
    let Ok(commands) = fs::read_to_string(&path) else { return Ok(String::new()) };
    let mut hash = Sha256::new();
    hash.update(&commands);
    for file in commands.split('\'').skip(1).step_by(2).map(Path::new) {
        hash.update(fs::read(file).map_err(|problem| Error::file(file, problem))?);
    }
    Ok(hash.finalize()[..8].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(names: &str) -> Vec<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_mode_is_found_whatever_its_codes() {
        let installed = modes("eng-hbs eng-hbs_HR eng-hbs_SR eu-en hbs-eng spa-eng spa-eng_US");
        for (from, to, mode) in [
            ("sr", "en", "hbs-eng"),
            ("sr-Latn", "en-GB", "hbs-eng"),
            ("sh", "en", "hbs-eng"),
            ("hrv", "eng", "hbs-eng"),
            ("en", "sr", "eng-hbs_SR"),
            ("en", "bs", "eng-hbs"),
            ("es", "en", "spa-eng"),
            ("es", "en-US", "spa-eng_US"),
            ("eu", "en", "eu-en"),
        ] {
            assert_eq!(find(&installed, from, to).unwrap(), mode, "{from} {to}");
        }
    }

    #[test]
    fn a_missing_mode_names_the_package() {
        let message = |installed: &str, from, to| find(&modes(installed), from, to).unwrap_err().to_string();
        let missing = message("spa-eng", "sr", "en");
        assert!(missing.contains("apt-get install apertium-hbs-eng") && missing.contains("installed are: spa-eng"));
        assert!(message("", "is", "en").contains("apertium-isl-eng; installed are: none"));
        assert!(message("", "en", "is").contains("apertium-isl-eng"));
        assert!(message("", "nn", "nb").contains("apertium-nno-nob"));
        assert!(message("", "da", "nb").contains("apertium-dan-nor"));
        assert!(message("eu-en", "en", "eu").contains("only the way back (eu-en)"));
        assert!(message("", "yo", "en").contains("Debian has no package"));
        assert!(message("hbs-eng", "sr-Cyrl", "en").contains("Latin script only"));
        assert!(message("", "xx", "en").contains("no language"));
    }
}
