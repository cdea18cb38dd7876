//! Writes the files of tests/vectors.

fn main() -> std::io::Result<()> {
    for (path, text) in licentia_tests::vectors::files() {
        std::fs::write(&path, text)?;
        println!("{}", path.display());
    }
    Ok(())
}
