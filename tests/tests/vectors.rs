//! The decision vectors are what their program writes: nobody edits them by hand.

#[test]
fn the_file_is_what_the_command_writes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/decisions.json");
    let stored = std::fs::read_to_string(path).unwrap();
    assert!(
        stored == licentia_tests::vectors::file(),
        "tests/vectors/decisions.json is out of date: run `cargo xtask vectors`"
    );
}
