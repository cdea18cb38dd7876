//! The vectors are what their program writes: nobody edits them by hand.

#[test]
fn the_files_are_what_the_command_writes() {
    for (path, text) in licentia_tests::vectors::files() {
        let stored = std::fs::read_to_string(&path).unwrap();
        let path = path.display();
        assert!(
            stored == text,
            "{path} is out of date: run `cargo xtask vectors`"
        );
    }
}
