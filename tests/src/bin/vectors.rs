//! Writes tests/vectors/decisions.json.

fn main() -> std::io::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/decisions.json");
    std::fs::write(path, licentia_tests::vectors::file())?;
    println!("{path}");
    Ok(())
}
