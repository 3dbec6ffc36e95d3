//! What training found, and its file: a header with version and checksum, then the parts, numbers as small as they are.

use super::chain::lanes;
use super::clusters::{Clusters, LEVELS, Seen};
use super::names::Names;
use super::states::States;
use super::weights::Weights;

const MAGIC: &[u8; 8] = b"xlner-c\n";
/// Raised whenever the layout, the features or the meaning of a number changes.
const VERSION: u32 = 2;
/// A version that is read too: it does not say its language.
const WITHOUT_LANGUAGE: u32 = 1;
/// Magic, version, checksum (CRC-32 of the rest), all little-endian.
const HEADER: usize = 16;

/// The parts of a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    pub(crate) states: States,
    /// Weights of `before` × `after`, in rows of [`lanes`].
    pub(crate) transitions: Vec<f32>,
    pub(crate) weights: Weights,
    pub(crate) names: Names,
    pub(crate) clusters: Clusters,
    /// What it was trained on and how, for people.
    pub(crate) training: String,
    /// The language it was trained on (BCP 47); empty where that is not known.
    pub(crate) lang: String,
}

impl Model {
    /// The bytes of its file. The same model gives the same bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut body = Writer(Vec::new());
        body.text(&self.training);
        body.text(&self.lang);
        body.0.push(self.states.iobes().into());
        body.texts(self.states.labels());
        self.transitions.iter().for_each(|weight| body.0.extend(weight.to_le_bytes()));
        body.0.extend(self.weights.unit().to_le_bytes());
        body.ascending(self.weights.keys());
        body.0.extend(self.weights.counts());
        body.number(self.weights.states().len() as u64);
        body.0.extend(self.weights.states());
        self.weights.values().for_each(|value| body.signed(value));
        body.texts(self.names.lists());
        body.ascending(self.names.keys());
        body.0.extend(self.names.bits());
        body.ascending(self.clusters.keys());
        for seen in self.clusters.seen() {
            seen.clusters.iter().for_each(|cluster| body.number((*cluster).into()));
            body.0.push(seen.case);
        }
        let checksum = crc32fast::hash(&body.0);
        [&MAGIC[..], &VERSION.to_le_bytes(), &checksum.to_le_bytes(), &body.0].concat()
    }

    /// The bytes of a file; of one that begins otherwise only those of the beginning, as it may have no end.
    pub(crate) fn read_bytes(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
        use std::io::Read as _;
        let mut file = std::fs::File::open(path)?;
        let mut bytes = Vec::new();
        file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut bytes)?;
        if bytes == MAGIC {
            file.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// From the bytes of a file, with their checksum.
    ///
    /// # Errors
    /// What is wrong with them, and the cure.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<(Model, u32), String> {
        if bytes.len() < HEADER || &bytes[..8] != MAGIC {
            return Err("this is no CRF model of xlner; train one with `xlner train`".into());
        }
        let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if ![VERSION, WITHOUT_LANGUAGE].contains(&number(8)) {
            return Err(format!(
                "this model has version {}, and this xlner reads version {VERSION}; train it again",
                number(8)
            ));
        }
        let body = &bytes[HEADER..];
        if crc32fast::hash(body) != number(12) {
            return Err("the model is damaged (its checksum does not fit); copy or train it again".into());
        }
        let model = read(&mut Reader(body), number(8) != WITHOUT_LANGUAGE)
            .ok_or("the model is inconsistent; train it again")?;
        Ok((model, number(12)))
    }
}

fn read(reader: &mut Reader<'_>, with_language: bool) -> Option<Model> {
    let training = reader.text()?;
    let lang = if with_language { reader.text()? } else { String::new() };
    let iobes = match reader.byte()? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let labels = reader.texts()?;
    if !labels.windows(2).all(|two| two[0] < two[1]) {
        return None;
    }
    let states = States::new(labels, iobes).ok()?;
    let mut transitions = Vec::new();
    for _ in 0..states.len() * lanes(states.len()) {
        let weight = f32::from_le_bytes(reader.bytes(4)?.try_into().ok()?);
        transitions.push(Some(weight).filter(|weight| weight.is_finite())?);
    }
    let unit = f32::from_le_bytes(reader.bytes(4)?.try_into().ok()?);
    let keys = reader.ascending()?;
    let counts = reader.bytes(keys.len())?;
    let len = reader.len()?;
    let of_weights = reader.bytes(len)?;
    let values = (0..len).map(|_| reader.signed()).collect::<Option<Vec<i16>>>()?;
    let weights = Weights::from_parts(keys, counts, of_weights, &values, unit, states.len())?;
    let lists = reader.texts()?;
    let keys = reader.ascending()?;
    let names = Names::from_parts(lists, keys.clone(), reader.bytes(keys.len())?.to_vec())?;
    let keys = reader.ascending()?;
    let mut seen = Vec::new();
    for _ in &keys {
        let mut clusters = [0; LEVELS];
        for cluster in &mut clusters {
            *cluster = u16::try_from(reader.number()?).ok()?;
        }
        seen.push(Seen { clusters, case: reader.byte()? });
    }
    let clusters = Clusters::from_parts(keys, seen)?;
    reader.0.is_empty().then_some(Model { states, transitions, weights, names, clusters, training, lang })
}

struct Writer(Vec<u8>);

impl Writer {
    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn signed(&mut self, number: i16) {
        self.number((((number as i32) << 1) ^ ((number as i32) >> 31)) as u32 as u64);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    fn texts(&mut self, texts: &[String]) {
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }

    /// Ascending numbers, as differences.
    fn ascending(&mut self, numbers: &[u32]) {
        self.number(numbers.len() as u64);
        let mut last = 0;
        for &number in numbers {
            self.number((number - last).into());
            last = number;
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number of items that take a byte or more each.
    fn len(&mut self) -> Option<usize> {
        let len = usize::try_from(self.number()?).ok()?;
        (len <= self.0.len()).then_some(len)
    }

    fn signed(&mut self) -> Option<i16> {
        let number = i64::try_from(self.number()?).ok()?;
        i16::try_from((number >> 1) ^ -(number & 1)).ok()
    }

    fn text(&mut self) -> Option<String> {
        let len = self.len()?;
        Some(std::str::from_utf8(self.bytes(len)?).ok()?.to_owned())
    }

    fn texts(&mut self) -> Option<Vec<String>> {
        (0..self.len()?).map(|_| self.text()).collect()
    }

    fn ascending(&mut self) -> Option<Vec<u32>> {
        let len = self.len()?;
        let mut numbers = Vec::with_capacity(len);
        let mut last = 0_u32;
        for _ in 0..len {
            last = last.checked_add(u32::try_from(self.number()?).ok()?)?;
            numbers.push(last);
        }
        Some(numbers)
    }
}
