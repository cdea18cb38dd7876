//! What a fuzzer once found interesting is run through the properties again, without a fuzzer.

use std::path::{Path, PathBuf};

/// Runs a target's corpus and returns how many inputs it has.
fn run(target: &str, property: fn(&[u8])) -> usize {
    let inputs: Vec<PathBuf> = std::fs::read_dir(corpus(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for input in &inputs {
        property(&std::fs::read(input).unwrap());
    }
    inputs.len()
}

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target)
}

#[test]
fn every_input_of_the_corpus_keeps_its_property() {
    assert!(run("token", licentia_fuzz::token) > 200);
    assert!(run("stored", licentia_fuzz::stored) > 200);
    assert!(run("answer", licentia_fuzz::answer) > 200);
}

/// Texts that were signed cannot be found by trying: the corpus must hold them as they are signed now.
#[test]
fn the_corpus_holds_what_is_signed_now() {
    for (target, name, bytes) in licentia_fuzz::seeds() {
        let path = corpus(target).join(&name);
        let stored = std::fs::read(&path).unwrap_or_default();
        assert!(
            stored == bytes,
            "{target}/{name}: run `cargo run -p licentia-fuzz --example seeds`"
        );
    }
}
