//! Checkpoints as `torch.save` writes them, made from those of safetensors.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

/// The list of tensors and the values of `model.safetensors`, which must hold numbers of 32 bits.
pub fn parts(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let bytes = fs::read(folder.join("model.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let values = bytes[8 + length..].to_vec();
    let mut list = b"\x80\x02}(".to_vec();
    for (name, tensor) in header.as_object().unwrap().iter().filter(|(name, _)| *name != "__metadata__") {
        assert_eq!(tensor["dtype"], "F32");
        let shape: Vec<i32> =
            tensor["shape"].as_array().unwrap().iter().map(|size| size.as_i64().unwrap() as i32).collect();
        let strides: Vec<i32> = (0..shape.len()).map(|at| shape[at + 1..].iter().product()).collect();
        text(&mut list, name);
        list.extend_from_slice(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut list, "storage");
        list.extend_from_slice(b"ctorch\nFloatStorage\n");
        text(&mut list, "0");
        text(&mut list, "cpu");
        int(&mut list, (values.len() / 4) as i32);
        list.extend_from_slice(b"tQ");
        int(&mut list, (tensor["data_offsets"][0].as_u64().unwrap() / 4) as i32);
        for sizes in [shape, strides] {
            list.push(b'(');
            sizes.into_iter().for_each(|size| int(&mut list, size));
            list.push(b't');
        }
        list.extend_from_slice(b"\x89ccollections\nOrderedDict\n)RtR");
    }
    list.extend_from_slice(b"u.");
    (list, values)
}

fn text(list: &mut Vec<u8>, text: &str) {
    list.push(b'X');
    list.extend_from_slice(&(text.len() as u32).to_le_bytes());
    list.extend_from_slice(text.as_bytes());
}

fn int(list: &mut Vec<u8>, number: i32) {
    list.push(b'J');
    list.extend_from_slice(&number.to_le_bytes());
}

/// The archive of a list and its values.
pub fn archive(list: &[u8], values: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("archive/data.pkl", list), ("archive/data/0", values)] {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
