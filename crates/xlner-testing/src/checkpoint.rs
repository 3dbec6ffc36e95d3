//! Small made-up tensors as Hugging Face keeps them.

use std::path::Path;

use serde_json::{Map, Value, json};

/// Tensors of 32-bit numbers, in the order in which they were added.
#[derive(Debug, Default, Clone)]
pub struct Checkpoint {
    header: Map<String, Value>,
    data: Vec<u8>,
}

impl Checkpoint {
    /// Adds a tensor, whose value at a row and a column `value` gives. A vector is one row.
    pub fn add(&mut self, name: &str, shape: &[usize], mut value: impl FnMut(usize, usize) -> f32) {
        let start = self.data.len();
        let columns = shape.last().copied().unwrap_or(1);
        for at in 0..shape.iter().product() {
            self.data.extend(value(at / columns, at % columns).to_le_bytes());
        }
        let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, self.data.len()]});
        self.header.insert(name.to_owned(), entry);
    }

    /// The file, in the format safetensors.
    pub fn bytes(&self) -> Vec<u8> {
        let header = serde_json::to_vec(&self.header).expect("JSON can be written");
        [&(header.len() as u64).to_le_bytes()[..], &header, &self.data].concat()
    }

    /// Writes `model.safetensors` and `config.json` into a folder, which is made.
    pub fn save(&self, folder: &Path, config: &Value) {
        std::fs::create_dir_all(folder).expect("a folder can be made");
        std::fs::write(folder.join("model.safetensors"), self.bytes()).expect("a file can be written");
        std::fs::write(folder.join("config.json"), config.to_string()).expect("a file can be written");
    }
}
