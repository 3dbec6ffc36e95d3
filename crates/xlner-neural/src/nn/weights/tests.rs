use std::io::Write;

use super::*;

/// A safetensors file of the given tensors: name, type, shape, bytes.
fn safetensors(tensors: &[(&str, &str, &[usize], Vec<u8>)]) -> Vec<u8> {
    let (mut header, mut values) = (serde_json::Map::new(), Vec::new());
    for (name, dtype, shape, bytes) in tensors {
        let offsets = [values.len(), values.len() + bytes.len()];
        header.insert((*name).to_owned(), serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": offsets}));
        values.extend_from_slice(bytes);
    }
    header.insert("__metadata__".to_owned(), serde_json::json!({"format": "pt"}));
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes()[..], &header, &values].concat()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn problem(files: &[(&str, Vec<u8>)]) -> String {
    Weights::open(folder(files).path()).unwrap_err().to_string()
}

#[test]
fn safetensors_of_every_precision() {
    let f16: Vec<u8> = [1.0, -2.5].iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect();
    let bf16: Vec<u8> = [3.0, -0.5].iter().flat_map(|x| bf16::from_f32(*x).to_le_bytes()).collect();
    let file = safetensors(&[
        ("a.LayerNorm.gamma", "F32", &[2, 1], floats(&[1.5, 2.0])),
        ("a.half", "F16", &[2], f16),
        ("a.brain", "BF16", &[2], bf16),
        ("a.ids", "I64", &[1], vec![0; 8]),
    ]);
    let folder = folder(&[("model.safetensors", file)]);
    let weights = Weights::open(folder.path()).unwrap();
    let part = weights.root().at("a");
    assert_eq!(part.tensor("LayerNorm.weight", &[2, 1]).unwrap(), [1.5, 2.0]);
    assert_eq!(part.at("").tensor("half", &[2]).unwrap(), [1.0, -2.5]);
    assert_eq!(weights.tensor("a.brain", &[2]).unwrap(), [3.0, -0.5]);
    assert_eq!(weights.names().collect::<Vec<_>>(), ["a.LayerNorm.weight", "a.brain", "a.half", "a.ids"]);
    assert!(part.contains("ids") && !part.contains("other") && weights.shape("a.half") == Some(&[2]));
    for (name, shape, expected) in [
        ("a.none", &[1][..], "no tensor a.none"),
        ("a.half", &[3], "[2], and [3]"),
        ("a.ids", &[1], "no floating-point values"),
    ] {
        assert!(weights.tensor(name, shape).unwrap_err().to_string().contains(expected));
    }
}

#[test]
fn several_files() {
    let index = |map: serde_json::Value| serde_json::to_vec(&serde_json::json!({"weight_map": map})).unwrap();
    let one = safetensors(&[("x", "F32", &[1], floats(&[1.0]))]);
    let two = safetensors(&[("y", "F32", &[1], floats(&[2.0]))]);
    let map = serde_json::json!({"x": "1.safetensors", "y": "2.safetensors"});
    let files =
        [("1.safetensors", one.clone()), ("2.safetensors", two), ("model.safetensors.index.json", index(map.clone()))];
    let whole = folder(&files);
    let weights = Weights::open(whole.path()).unwrap();
    assert_eq!((weights.tensor("x", &[1]).unwrap(), weights.tensor("y", &[1]).unwrap()), (vec![1.0], vec![2.0]));
    let first = weights.checksum().unwrap();
    std::fs::write(whole.path().join("1.safetensors"), safetensors(&[("x", "F32", &[1], floats(&[1.5]))])).unwrap();
    assert_ne!(first, weights.checksum().unwrap());
    let missing =
        [("1.safetensors", one.clone()), ("2.safetensors", one.clone()), ("model.safetensors.index.json", index(map))];
    assert!(problem(&missing).contains("tensor y of the index is in none of the files"));
    let outside = serde_json::json!({"x": "../1.safetensors"});
    assert!(problem(&[("model.safetensors.index.json", index(outside))]).contains("no file beside it"));
}

#[test]
fn damaged_files_are_refused() {
    assert!(problem(&[]).contains("no weights"));
    let whole = safetensors(&[("x", "F32", &[4], floats(&[1.0; 4]))]);
    for cut in [0, 5, 8, 20, whole.len() - 1] {
        assert!(problem(&[("model.safetensors", whole[..cut].to_vec())]).contains("damaged"), "{cut}");
    }
    let huge = safetensors(&[("x", "F32", &[usize::MAX, 2], Vec::new())]);
    assert!(problem(&[("model.safetensors", huge)]).contains("damaged"));
    assert!(problem(&[("pytorch_model.bin", b"\x80\x02l".to_vec())]).contains("fill whole buffer"));
    assert!(problem(&[("pytorch_model.bin", b"\x80\x02l\n..".to_vec())]).contains("PyTorch 1.6"));
}

/// What `torch.save({"w": tensor of 2 × 2, "n": 7})` pickles, protocol 2, written by hand.
fn pickled(function: &str) -> Vec<u8> {
    let mut bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00wq\x01c".to_vec();
    bytes.extend_from_slice(function.as_bytes());
    bytes
        .extend_from_slice(b"\nq\x02((X\x07\x00\x00\x00storageq\x03ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x000q\x05");
    bytes.extend_from_slice(b"X\x03\x00\x00\x00cpuq\x06K\x06tq\x07QK\x02K\x02K\x02\x86q\x08K\x02K\x01\x86q\x09\x89");
    bytes.extend_from_slice(b"ccollections\nOrderedDict\nq\x0a)Rq\x0btq\x0cRq\x0dX\x01\x00\x00\x00nK\x07u.");
    bytes
}

fn archive(list: &[u8], values: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("archive/data.pkl", list), ("archive/data/0", values)] {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn weights_of_torch() {
    let list = pickled("torch._utils\n_rebuild_tensor_v2");
    let file = archive(&list, &floats(&[9.0, 9.0, 1.0, 2.0, 3.0, 4.0]));
    let folder = folder(&[("pytorch_model.bin", file)]);
    let weights = Weights::open(folder.path()).unwrap();
    assert_eq!(weights.tensor("w", &[2, 2]).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(weights.names().count(), 1);
    assert!(problem(&[("pytorch_model.bin", archive(&list, &floats(&[0.0; 5])))]).contains("longer than"));
}

#[test]
fn a_pickle_calls_nothing() {
    let evil = pickled("os\nsystem");
    assert!(problem(&[("pytorch_model.bin", archive(&evil, &[]))]).contains("would call os.system"));
    let list = pickled("torch._utils\n_rebuild_tensor_v2");
    for cut in 0..list.len() {
        assert!(pickle::tensors(&list[..cut]).is_err(), "{cut}");
    }
    for at in 0..list.len() {
        for byte in [0, 0x28, 0x52, 0x7f, 0x86, 0xff] {
            let mut broken = list.clone();
            broken[at] = byte;
            let _ = pickle::tensors(&broken);
        }
    }
}
