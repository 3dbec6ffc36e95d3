//! Images of scanned pages, from one folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xlner_core::{Region, Sentence};

use crate::error::{Error, Result};
use crate::item::Item;

/// Kinds of files that browsers show, by the ending of their name, with their media types.
const KINDS: [(&str, &str); 7] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
];

/// The images of a folder, without the folders in it. Only what was found there can be asked for, so no name leads out of it.
#[derive(Debug, Clone, Default)]
pub struct Images {
    folder: PathBuf,
    /// Names of files with their media types.
    files: BTreeMap<String, &'static str>,
}

impl Images {
    /// Looks into a folder.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be read, [`Error::Options`] where it has no image that a browser shows.
    pub fn open(folder: &Path) -> Result<Images> {
        let failed = |source| Error::File { path: folder.to_owned(), source };
        let mut images = Images { folder: folder.canonicalize().map_err(failed)?, files: BTreeMap::new() };
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let kind = Path::new(&name).extension().and_then(|ending| kind(ending.to_str()?));
            if let (Some(name), Some(kind)) = (name.to_str(), kind)
                && images.place(name).is_some()
            {
                images.files.insert(name.to_owned(), kind);
            }
        }
        if images.files.is_empty() {
            let endings: Vec<&str> = KINDS.iter().map(|(ending, _)| *ending).collect();
            return Err(Error::Options(format!(
                "{} has no image that a browser shows ({}); convert TIFF files first",
                folder.display(),
                endings.join(", ")
            )));
        }
        Ok(images)
    }

    /// Where a file is; `None` where it is not in the folder itself, as a link to another place is not.
    fn place(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder.join(name).canonicalize().ok()?;
        (path.parent() == Some(&self.folder) && path.is_file()).then_some(path)
    }

    /// The bytes of an image and their media type; `None` where there is no image of that name.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<(Vec<u8>, &'static str)>> {
        let Some((kind, path)) = self.files.get(name).copied().zip(self.place(name)) else { return Ok(None) };
        let bytes = std::fs::read(&path).map_err(|source| Error::File { path, source })?;
        Ok(Some((bytes, kind)))
    }

    /// The image of a region: the file that its `image` names, whatever folder or ending it has there; else the one whose name is its
    /// `page`, or `page` and that number, with zeros before it or not (`7.png`, `page-007.jpg`).
    pub fn of(&self, region: &Region) -> Option<&str> {
        if let Some(image) = region.get("image").and_then(Value::as_str) {
            let name = image.rsplit(['/', '\\']).next().unwrap_or(image);
            if let Some((name, _)) = self.files.get_key_value(name) {
                return Some(name);
            }
            let wanted = stem(name).to_lowercase();
            return self.files.keys().map(String::as_str).find(|file| stem(file).to_lowercase() == wanted);
        }
        let page = page_of(region)?;
        let number = |text: &str| text.parse::<u64>().ok();
        let is_page = |file: &&str| {
            let stem = stem(file).to_lowercase();
            let bare = stem.strip_prefix("page").map_or(stem.as_str(), |rest| rest.trim_start_matches(['-', '_', ' ']));
            stem == page.to_lowercase() || number(bare).is_some() && number(bare) == number(&page)
        };
        self.files.keys().map(String::as_str).find(is_page)
    }

    /// The images of a sentence, by page.
    pub(crate) fn of_sentence(&self, sentence: &Sentence) -> BTreeMap<String, &str> {
        let regions = sentence.regions.iter().flatten().filter(|region| region.get("bbox").is_some());
        let found = regions.filter_map(|region| Some((page_of(region).unwrap_or_default(), self.of(region)?)));
        found.collect()
    }

    /// Pages of items, and those that have an image.
    pub fn pages(&self, items: &[Item]) -> (usize, usize) {
        let mut pages: BTreeMap<(String, String), bool> = BTreeMap::new();
        for item in items {
            for region in
                [&item.pair.source, &item.pair.target].into_iter().flat_map(|side| side.regions.iter().flatten())
            {
                if region.get("bbox").is_some() {
                    let image = region.get("image").and_then(Value::as_str).unwrap_or_default().to_owned();
                    let key = (page_of(region).unwrap_or_default(), image);
                    pages.entry(key).or_insert_with(|| self.of(region).is_some());
                }
            }
        }
        (pages.len(), pages.values().filter(|found| **found).count())
    }
}

/// The name or number of a region's page, as the page of the review writes it.
fn page_of(region: &Region) -> Option<String> {
    match region.get("page")? {
        Value::String(page) => Some(page.clone()),
        Value::Number(page) => Some(page.to_string()),
        _ => None,
    }
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn kind(ending: &str) -> Option<&'static str> {
    KINDS.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn images(names: &[&str]) -> (tempfile::TempDir, Images) {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), "image").unwrap();
        }
        let images = Images::open(folder.path()).unwrap();
        (folder, images)
    }

    #[test]
    fn an_image_is_found_by_its_name_or_its_page() {
        let (_folder, images) = images(&["habari.png", "page-007.JPG", "2.webp", "cover.gif", "notes.txt"]);
        let of = |region: Value| images.of(&region).map(str::to_owned);
        for (region, file) in [
            (json!({"image": "habari.png"}), Some("habari.png")),
            (json!({"image": "C:\\scans\\Habari.tif", "page": 2}), Some("habari.png")),
            (json!({"image": "/scans/other.png", "page": 2}), None),
            (json!({"page": 7}), Some("page-007.JPG")),
            (json!({"page": "2"}), Some("2.webp")),
            (json!({"page": "Cover"}), Some("cover.gif")),
            (json!({"page": 3}), None),
            (json!({"page": "notes"}), None),
            (json!({"start": 1.0}), None),
            (Value::Null, None),
        ] {
            assert_eq!(of(region.clone()).as_deref(), file, "{region}");
        }
    }

    #[test]
    fn nothing_outside_of_the_folder_is_read() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.png"), "secret").unwrap();
        let (folder, _) = images(&["a.png"]);
        std::fs::create_dir(folder.path().join("inner.png")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.path().join("secret.png"), folder.path().join("link.png")).unwrap();
        let images = Images::open(folder.path()).unwrap();
        assert!(images.read("a.png").unwrap().is_some());
        let absolute = outside.path().join("secret.png").display().to_string();
        for name in ["link.png", "inner.png", "../secret.png", "./a.png", "", ".", "..", "a.png/", "a.png\0", &absolute]
        {
            assert!(images.read(name).unwrap().is_none(), "{name}");
        }
        // What became a link later is not followed either.
        #[cfg(unix)]
        {
            std::fs::remove_file(folder.path().join("a.png")).unwrap();
            std::os::unix::fs::symlink(outside.path().join("secret.png"), folder.path().join("a.png")).unwrap();
            assert!(images.read("a.png").unwrap().is_none());
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(Images::open(empty.path()).unwrap_err().to_string().contains("no image that a browser shows"));
        assert!(Images::open(&empty.path().join("none")).unwrap_err().to_string().contains("none"));
    }
}
