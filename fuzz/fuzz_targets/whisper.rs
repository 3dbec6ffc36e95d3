#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xlner_fuzz::drive(xlner_formats::Format::Whisper, bytes));
