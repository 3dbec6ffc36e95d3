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
    Tensors::open(folder(files).path()).unwrap_err().to_string()
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
    let weights = Tensors::open(folder.path()).unwrap();
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
    let weights = Tensors::open(whole.path()).unwrap();
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

#[test]
fn every_byte_belongs_to_one_tensor() {
    let file = |tensors: &[(&str, [usize; 2])], bytes: usize| {
        let header: serde_json::Map<_, _> = tensors
            .iter()
            .map(|(name, [start, end])| {
                let entry =
                    serde_json::json!({"dtype": "F32", "shape": [(end - start) / 4], "data_offsets": [start, end]});
                ((*name).to_owned(), entry)
            })
            .collect();
        let header = serde_json::to_vec(&header).unwrap();
        [&(header.len() as u64).to_le_bytes()[..], &header, &vec![0; bytes]].concat()
    };
    let sound = file(&[("b", [0, 8]), ("a", [8, 16]), ("none", [8, 8])], 16);
    assert!(Tensors::open(folder(&[("model.safetensors", sound)]).path()).is_ok());
    for (tensors, bytes, expected) in [
        (
            &[("a", [0, 8]), ("b", [4, 12])][..],
            12,
            "tensor b begins at byte 4 of the values, and the one before it ends at 8",
        ),
        (&[("a", [0, 8]), ("b", [0, 8])], 8, "tensor b begins at byte 0"),
        (&[("a", [0, 4]), ("b", [8, 12])], 12, "tensor b begins at byte 8"),
        (&[("a", [4, 8])], 8, "tensor a begins at byte 4"),
        (&[("a", [0, 8])], 12, "4 bytes after its tensors belong to none"),
    ] {
        let found = problem(&[("model.safetensors", file(tensors, bytes))]);
        assert!(found.contains(expected) && found.contains("model.safetensors"), "{found}");
    }
}

#[test]
fn what_is_no_number_is_refused_with_file_and_tensor() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let half = half::f16::from_f32(value).to_le_bytes().to_vec();
        let brain = half::bf16::from_f32(value).to_le_bytes().to_vec();
        let file = safetensors(&[
            ("f32", "F32", &[3], floats(&[1.0, value, 2.0])),
            ("f16", "F16", &[1], half),
            ("bf16", "BF16", &[1], brain),
            ("sound", "F32", &[1], floats(&[1.0])),
        ]);
        let folder = folder(&[("model.safetensors", file)]);
        let weights = Tensors::open(folder.path()).unwrap();
        assert!(weights.tensor("sound", &[1]).is_ok());
        for (name, length, at) in [("f32", 3, 1), ("f16", 1, 0), ("bf16", 1, 0)] {
            let found = weights.tensor(name, &[length]).unwrap_err().to_string();
            assert!(found.contains(&format!("value {at} of tensor {name} is {value}")), "{found}");
            assert!(found.contains("model.safetensors"), "{found}");
        }
    }
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
    let weights = Tensors::open(folder.path()).unwrap();
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

/// A pickle of one tensor `w` of the given shape and strides.
fn strided(shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let tuple =
        |sizes: &[u8]| [b"(".to_vec(), sizes.iter().flat_map(|size| [b'K', *size]).collect(), b"t".to_vec()].concat();
    let (start, end) = (b"K\x02K\x02K\x02\x86q\x08K\x02K\x01\x86q\x09", pickled("torch._utils\n_rebuild_tensor_v2"));
    let at = end.windows(start.len()).position(|window| window == start).unwrap();
    [&end[..at], b"K\x00", &tuple(shape), &tuple(strides), &end[at + start.len()..]].concat()
}

#[test]
fn values_that_are_not_row_by_row_are_refused() {
    let found = |shape: &[u8], strides: &[u8]| {
        let file = archive(&strided(shape, strides), &floats(&[1.0; 24]));
        Tensors::open(folder(&[("pytorch_model.bin", file)]).path()).map(|weights| weights.shape("w").unwrap().to_vec())
    };
    for (shape, strides) in [
        (&[2, 3][..], &[3, 1][..]),
        (&[1, 3], &[7, 1]),
        (&[3, 1], &[1, 9]),
        (&[2, 1, 3], &[3, 5, 1]),
        (&[1, 1], &[0, 0]),
        (&[], &[]),
    ] {
        let expected: Vec<usize> = shape.iter().map(|size| usize::from(*size)).collect();
        assert_eq!(found(shape, strides).unwrap(), expected, "{strides:?}");
    }
    for (shape, strides) in
        [(&[2, 3][..], &[1, 2][..]), (&[2, 1, 3], &[1, 1, 2]), (&[1, 3], &[3, 2]), (&[3, 1], &[2, 1]), (&[4], &[0])]
    {
        let error = found(shape, strides).unwrap_err().to_string();
        assert!(error.contains("tensor w is not kept row by row"), "{error}");
    }
}

#[test]
fn other_byte_orders_are_refused() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let list = pickled("torch._utils\n_rebuild_tensor_v2");
    let values = floats(&[0.0; 6]);
    for (name, bytes) in [("archive/data.pkl", &list[..]), ("archive/byteorder", b"big"), ("archive/data/0", &values)] {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    let file = writer.finish().unwrap().into_inner();
    assert!(problem(&[("pytorch_model.bin", file)]).contains("big-endian"));
}

#[test]
fn pickles_that_are_nested_or_kept_often_stay_small() {
    // 200,000 tuples in each other, lists and dictionaries as well.
    for part in [&b"\x85"[..], b"t("] {
        let nested =
            [b"\x80\x02".to_vec(), b"(".repeat(200_001), b"N".to_vec(), part.repeat(200_000), b".".to_vec()].concat();
        assert!(pickle::tensors(&nested).is_err());
    }
    let dictionaries =
        [b"\x80\x02".to_vec(), b"}N".repeat(200_000), b"}".to_vec(), b"s".repeat(200_000), b".".to_vec()].concat();
    let _ = pickle::tensors(&dictionaries);
    // A dictionary that is kept again and again while it grows.
    let growing = [b"\x80\x02}".to_vec(), b"\x94NNs".repeat(40_000), b".".to_vec()].concat();
    assert!(pickle::tensors(&growing).unwrap().is_empty());
    // A shape of many dimensions, and a name of many letters, for many tensors.
    let shape = [b"(".to_vec(), b"K\x01".repeat(1000), b"t".to_vec()].concat();
    let whole = pickled("torch._utils\n_rebuild_tensor_v2");
    let at = whole.windows(4).position(|window| window == b"K\x02K\x02").unwrap();
    let many = [&whole[..at], b"K\x00", &shape, &shape, b"\x89ccollections\nOrderedDict\n)Rt", b"R."].concat();
    assert!(pickle::tensors(&many).unwrap_err().contains("1000 dimensions"));
    let name = [b"\x80\x02c".to_vec(), b"a".repeat(1 << 16), b"\nb\n.".to_vec()].concat();
    assert!(pickle::tensors(&name).unwrap_err().contains("too long"));
}
